"""In the archive every binary finds its libraries by itself."""

import pytest
from linking import Binary, foreign_ways, missing, run_paths
from program_files import read_links

FILES = {
    "libnspr4.so",
    "libQt6Core.so.6",
    "Qt/lib/libQt6Core.so.6",
    "Qt/lib/libQt6Web.so.6",
    "Qt/libexec/Process",
    "nss/libsoftokn3.so",
}


def test_what_objdump_tells_is_read() -> None:
    output = (
        "Dynamic Section:\n  NEEDED               libnspr4.so\n"
        "  NEEDED               libc.so.6\n  RUNPATH   $ORIGIN:$ORIGIN/../x\n"
    )
    assert read_links(output) == Binary(
        needs=frozenset({"libnspr4.so", "libc.so.6"}),
        looks_in=("$ORIGIN", "$ORIGIN/../x"),
    )
    assert read_links("not a dynamic executable") == Binary(needs=frozenset())


@pytest.mark.parametrize(
    ("path", "looks_in", "needs", "lost"),
    [
        ("Qt/lib/libQt6Web.so.6", ("$ORIGIN",), "libQt6Core.so.6", False),
        ("Qt/libexec/Process", ("$ORIGIN/../lib",), "libQt6Web.so.6", False),
        # What it would get from whoever started it does not count.
        ("Qt/libexec/Process", ("$ORIGIN/../lib",), "libnspr4.so", True),
        ("libQt6Core.so.6", (), "libnspr4.so", True),
        ("libQt6Core.so.6", ("$ORIGIN",), "libnspr4.so", False),
        ("libQt6Core.so.6", ("$ORIGIN/./nss/..",), "libnspr4.so", False),
        ("nss/libsoftokn3.so", ("/usr/lib",), "libnspr4.so", True),
        # On every desktop, or nowhere.
        ("libnspr4.so", (), "libc.so.6", False),
        ("libnspr4.so", (), "libwayland-client.so.0", False),
        ("libnspr4.so", ("$ORIGIN",), "libgtk-3.so.0", True),
    ],
)
def test_a_library_is_looked_for_as_the_loader_does(
    path: str, looks_in: tuple[str, ...], needs: str, lost: bool
) -> None:
    binaries = {path: Binary({needs}, looks_in)}
    assert missing(binaries, FILES) == ({path: {needs}} if lost else {})


def test_binaries_are_told_where_to_look_and_then_find_everything() -> None:
    binaries = {
        "Qt/lib/libQt6Web.so.6": Binary(
            {"libQt6Core.so.6", "libnspr4.so", "libsoftokn3.so"}, ("$ORIGIN",)
        ),
        "Qt/libexec/Process": Binary({"libQt6Web.so.6"}, ("$ORIGIN/../lib",)),
        "libQt6Core.so.6": Binary({"libnspr4.so"}),
        "libnspr4.so": Binary({"libc.so.6"}),
    }
    ways = run_paths(binaries, FILES)
    assert ways == {
        "Qt/lib/libQt6Web.so.6": "$ORIGIN:$ORIGIN/../..:$ORIGIN/../../nss",
        "libQt6Core.so.6": "$ORIGIN",
    }
    joined = {
        path: Binary(binary.needs, tuple(ways[path].split(":")))
        if path in ways
        else binary
        for path, binary in binaries.items()
    }
    assert missing(joined, FILES) == {}


def test_what_is_nowhere_is_told_not_joined() -> None:
    binaries = {"libnspr4.so": Binary({"libgtk-3.so.0"})}
    assert run_paths(binaries, FILES) == {}
    assert missing(binaries, FILES) == {"libnspr4.so": {"libgtk-3.so.0"}}


def test_no_binary_looks_into_the_folders_of_who_built_it() -> None:
    binaries = {
        "libpython3.so": Binary(frozenset(), ("/home/someone/lib",)),
        "Qt/lib/libQt6Web.so.6": Binary(frozenset(), ("$ORIGIN", "/opt/qt/lib")),
        "Qt/libexec/Process": Binary(frozenset(), ("$ORIGIN/../lib",)),
        "libnspr4.so": Binary(frozenset()),
    }
    assert foreign_ways(binaries) == {
        "libpython3.so": "",
        "Qt/lib/libQt6Web.so.6": "$ORIGIN",
    }
