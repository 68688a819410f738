"""After an update the sidecar prepares the search behind the pages, and says so."""

from pathlib import Path

import pytest

from tests.helpers.first_schema import ROWS, write_first_schema
from tests.helpers.sidecar import Sidecar
from tests.helpers.window import until

pytestmark = pytest.mark.sidecar


def test_what_an_earlier_version_wrote_is_found_in_the_end(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_first_schema(data / "hearth.db")

    def has(sidecar: Sidecar, word: str) -> bool:
        page = sidecar.get(f"/search?q={word}").text
        # Until it is there, nobody is told that there is none.
        assert "<mark>" in page or "being rebuilt" in page
        return "<mark>" in page

    with Sidecar.start(data) as sidecar:
        assert sidecar.wait_for_database(30) == "connected"
        until(lambda: has(sidecar, f"w{ROWS - 1}w"), "the latest")
        until(lambda: has(sidecar, "w1w"), "the oldest")
        sidecar.wait_for_log("rows put into the index", 30)
        assert "being rebuilt" not in sidecar.get("/search?q=nothing").text
    with Sidecar.start(data) as sidecar:
        assert sidecar.wait_for_database(30) == "connected"
        assert has(sidecar, "w1w")
