"""The recipe on a program of a few files: what it packs, refuses and signs for."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from subprocess import DEVNULL

import contents
import package
import program_files
import pytest
from tools import Build, pack

from backend.installation import installed_version

FILES = (
    "hearth",
    "_internal/base_library.zip",
    "_internal/backend/templates/page.html",
    "_internal/PySide6/QtCore.abi3.so",
    "_internal/PySide6/QtCore.pyi",
    "_internal/PySide6/Qt/translations/qtwebengine_locales/de.pak",
    "_internal/PySide6/Qt/translations/qtwebengine_locales/ja.pak",
    "_internal/PySide6/Qt/qml/QtQuick/qmldir",
    "_internal/libnss3.so",
    "_internal/libz.so.1",
)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "frozen" / "hearth"
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, "utf-8")
    (folder / "hearth").chmod(0o700)
    (folder / "_internal" / "qml").symlink_to("PySide6/Qt/qml/QtQuick/qmldir")
    return folder


def names(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def test_what_nobody_needs_goes_with_the_links_and_folders_it_leaves(
    program: Path,
) -> None:
    program_files.trim(program)
    gone = {name for name in FILES if name.endswith((".pyi", "ja.pak", "qmldir"))}
    assert names(program) == set(FILES) - gone
    assert not (program / "_internal/PySide6/Qt/qml").exists()


def test_the_archive_leaves_to_the_machine_what_every_desktop_has(
    program: Path, tmp_path: Path
) -> None:
    program_files.trim(program)
    folder = package.unpacked(program, tmp_path / "unpacked")
    assert folder.name == f"hearth-{installed_version()}"
    assert names(folder) == names(program) - {"_internal/libz.so.1"}
    assert package.system_libraries(folder / "_internal") == ["libnss3.so"]
    assert (folder / "hearth").stat().st_mode & 0o777 == 0o755


def test_the_same_files_make_the_same_archive(program: Path, tmp_path: Path) -> None:
    archives = []
    for number in (1, 2):
        # Made in another order, at another time, in another place.
        folder = tmp_path / str(number) / "hearth"
        for name in sorted(FILES, reverse=number == 2):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(program / name, folder / name)
        target = tmp_path / f"{number}.tar.xz"
        build = Build(work=tmp_path, dist=tmp_path, epoch=1_700_000_000, preset=0)
        pack(folder.parent, folder.name, target, build)
        archives.append(target)
    one, other = (path.read_bytes() for path in archives)
    assert one == other
    with tarfile.open(archives[0]) as archive:
        members = archive.getmembers()
    assert {member.mtime for member in members} == {1_700_000_000}
    assert {(member.uid, member.uname) for member in members} == {(0, "")}


def test_a_file_that_nobody_accounts_for_stops_the_build(
    program: Path, tmp_path: Path
) -> None:
    (program / "_internal" / "torch.txt").write_text("large", "utf-8")
    with pytest.raises(SystemExit, match=r"torch\.txt"):
        package.unpacked(program, tmp_path / "unpacked")


@pytest.mark.parametrize("more", [0, 1])
def test_a_package_that_is_too_large_stops_the_build(more: int, tmp_path: Path) -> None:
    deb = tmp_path / "hearth.deb"
    with deb.open("wb") as stream:
        stream.truncate(contents.LIMIT_BYTES + more)
    if more:
        with pytest.raises(SystemExit, match="128,000,001"):
            package.refuse_large(deb)
    else:
        package.refuse_large(deb)


def test_sums_are_those_of_the_files_and_an_old_signature_goes(tmp_path: Path) -> None:
    built = [tmp_path / "a.deb", tmp_path / "b.tar.xz"]
    for path in built:
        path.write_text(path.name, "utf-8")
    sums = tmp_path / package.SUMS
    signature = tmp_path / f"{package.SUMS}.asc"
    signature.write_text("of an earlier build", "utf-8")
    package.write_sums(built, sums, None)
    expected = [hashlib.sha256(path.name.encode()).hexdigest() for path in built]
    lines = [line.split("  ") for line in sums.read_text("utf-8").splitlines()]
    assert lines == [[expected[0], "a.deb"], [expected[1], "b.tar.xz"]]
    assert not signature.exists()


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed")
def test_who_has_the_builders_key_sees_whose_the_sums_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Short: the name of its agent's socket has to fit.
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        monkeypatch.setenv("GNUPGHOME", home)
        whose = ("builder@example.org", "ed25519", "sign", "never")
        made = ("--passphrase", "", "--quick-generate-key", *whose)
        subprocess.run(["gpg", "--quiet", "--batch", *made], check=True)
        (tmp_path / "a.deb").write_text("a", "utf-8")
        sums = tmp_path / package.SUMS
        package.write_sums([tmp_path / "a.deb"], sums, whose[0])
        checked = ["gpg", "--quiet", "--verify", f"{sums}.asc", str(sums)]
        assert subprocess.run(checked, check=False, stderr=DEVNULL).returncode == 0
        sums.write_text(sums.read_text("utf-8").replace("a", "b"), "utf-8")
        assert subprocess.run(checked, check=False, stderr=DEVNULL).returncode != 0
        subprocess.run(["gpgconf", "--kill", "all"], check=True)
