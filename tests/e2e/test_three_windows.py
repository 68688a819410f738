"""Three people type while their cables are pulled: all see all in the end."""

from pathlib import Path

import pytest

from tests.helpers.networks import can_make_networks
from tests.helpers.three_windows import ThreeWindows

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not can_make_networks(), reason="networks need root and veth"),
]


@pytest.mark.parametrize("over", ["server", "folder"])
def test_what_is_typed_while_cables_are_pulled_is_seen_everywhere(
    over: str, tmp_path: Path
) -> None:
    with ThreeWindows(tmp_path, over) as three:
        three.type_on(0)
        three.wait_until_all_see_all()
        three.pull(1)
        for number in range(3):
            three.type_on(number)
        before, alone, _ = three.typed[1:]
        three.wait_for(2, [before])
        assert not three.sees(0, alone)
        assert not three.sees(1, before)
        three.kill(1)
        three.plug()
        three.type_on(1)
        three.wait_until_all_see_all()
        three.kill(2)
        three.kill_server()
        three.type_on(0)
        three.wait_until_all_see_all()
        three.windows[1].go("/notes")
        three.windows[1].photograph(f"three-windows-{over}")
