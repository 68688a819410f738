"""The driver that Windows has, in the place of the usual one; each reads its files."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.window import ROOT

USUAL = "from backend.sqlite import dbapi"
OTHER = f"import tests.helpers.windows_driver; {USUAL}"
WRITE = """
import sys
import libsql_experimental as driver
assert driver.__name__ == sys.argv[3], driver
connection = dbapi.connect(sys.argv[1], encryption_key=sys.argv[2] or None)
connection.execute("create table if not exists word(text text)")
connection.execute("insert into word values (?)", ("🔥 " + sys.argv[3],))
connection.commit()
assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
print(connection.execute("select count(*) from word").fetchone()[0])
connection.close()
"""
NOTE = """
import sys
from pathlib import Path
import libsql_experimental as driver
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore
assert driver.__name__ == sys.argv[3], driver
database = Database.open(Path(sys.argv[1]), sys.argv[2] or None)
NoteStore(database).create("Ferns", "Water the ferns, as " + sys.argv[3])
print(len(SearchStore(database).search("fern")))
database.close()
connection = dbapi.connect(sys.argv[1], encryption_key=sys.argv[2] or None)
assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
connection.close()
"""
NAMES = {USUAL: "libsql_experimental", OTHER: "libsql"}


def write(path: Path, key: str, start: str, adding: str) -> int:
    """Add a row by a driver, and return how many it finds."""
    program = [sys.executable, "-c", start + adding, str(path), key, NAMES[start]]
    done = subprocess.run(program, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.parametrize("adding", [WRITE, NOTE], ids=["table", "store"])
@pytest.mark.parametrize("key", ["", "0f" * 32], ids=["plain", "encrypted"])
def test_a_file_goes_from_one_driver_to_the_other_and_back(
    tmp_path: Path, key: str, adding: str
) -> None:
    starts = (USUAL, OTHER, USUAL, OTHER)
    path = tmp_path / "data" / "hearth.db"
    path.parent.mkdir()
    found = [write(path, key, start, adding) for start in starts]
    assert found == [1, 2, 3, 4]


def test_the_database_is_the_same_on_it() -> None:
    """What it reports and where it ends a statement; `CONTRIBUTING.md` has them all."""
    tests = [
        "tests/unit/backend/sqlite/test_dbapi.py",
        "tests/unit/backend/store/test_messages.py",
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-p", "tests.helpers.windows_driver", *tests],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
