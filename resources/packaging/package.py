"""Builds what is downloaded: a .deb, a tar.xz, their parts list and their sums.

Run by `make package` in an environment of its own, which holds Hearth's wheel.
Two builds of one commit on one machine give the same bytes: every time is the
commit's, every list is sorted, and nobody's name or folder goes in.
"""

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import appimage
import contents
import debian
import notices
import program_files
from tools import Build, pack, run

from backend.installation import installed_version

HERE: Final = Path(__file__).resolve().parent
SUMS: Final = "SHA256SUMS"


def main() -> None:
    """Build everything into the folder that is named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("dist", type=Path)
    parser.add_argument("--preset", type=int, default=9)
    parser.add_argument("--sign", metavar="KEYID", help="sign the sums by this key")
    parser.add_argument("--appimage-runtime", type=Path, help="make an AppImage too")
    options = parser.parse_args()
    build = Build(
        work=options.work.resolve(),
        dist=options.dist.resolve(),
        epoch=int(os.environ["SOURCE_DATE_EPOCH"]),
        preset=options.preset,
    )
    build.dist.mkdir(parents=True, exist_ok=True)
    program = _frozen(build.work)
    deb = debian.build_deb(program, build)
    tarball, bundled = _tarball(program, build)
    parts = build.dist / f"hearth-{installed_version()}.cdx.json"
    libraries = {path.name for path in program_files.files(program)}
    notices.write_parts_list(parts, bundled, libraries)
    built = [deb, tarball, parts]
    if runtime := options.appimage_runtime:
        folder = build.work / "unpacked" / f"hearth-{installed_version()}"
        built.append(appimage.build_appimage(folder, runtime, build))
    write_sums(built, build.dist / SUMS, options.sign)
    sys.stdout.write("".join(f"{p.stat().st_size:>12,}  {p}\n" for p in built))
    if build.preset == Build.preset:
        refuse_large(deb)


def _frozen(work: Path) -> Path:
    """Freeze the program and take out what nobody needs."""
    where = ("--distpath", work / "frozen", "--workpath", work / "build")
    quiet = ("--noconfirm", "--log-level", "ERROR")
    # Compressed one by one, modules take 6 MB more in the archive and longer to load.
    stored = ("env", "PYINSTALLER_ZLIB_COMPRESSION_LEVEL=0")
    pyinstaller = (*stored, sys.executable, "-m", "PyInstaller", *quiet, *where)
    # Not where this was called: there the source would be found instead of the wheel.
    run(*pyinstaller, HERE / "hearth.spec", cwd=work)
    program = work / "frozen" / "hearth"
    program_files.trim(program)
    run(program / "hearth", "--version")
    return program


def _tarball(program: Path, build: Build) -> tuple[Path, list[notices.Package]]:
    """Pack what runs wherever it is unpacked.

    Returns:
        The archive, and the packages of the system that have files in it.
    """
    folder = unpacked(program, build.work / "unpacked")
    private = folder / contents.PRIVATE
    bundled = notices.packages_of(system_libraries(private))
    (folder / "COPYING").write_text(notices.copyright_text(bundled), "utf-8")
    target = build.dist / f"{folder.name}-linux-x86_64.tar.xz"
    pack(folder.parent, folder.name, target, build)
    return target, bundled


def unpacked(program: Path, parent: Path) -> Path:
    """Make a folder that runs wherever it is, with its libraries."""
    shutil.rmtree(parent, ignore_errors=True)
    folder = parent / f"hearth-{installed_version()}"
    shutil.copytree(program, folder, symlinks=True)
    private = folder / contents.PRIVATE
    program_files.join(private)
    program_files.refuse_strangers(private, system_libraries(private))
    run("chmod", "-R", "u=rwX,go=rX", folder)
    return folder


def system_libraries(private: Path) -> list[str]:
    """Return the names of the libraries in a folder that the system has too."""
    files = (path for path in private.iterdir() if not path.is_symlink())
    return sorted(p.name for p in files if contents.is_of_the_system(p.name))


def write_sums(built: Sequence[Path], target: Path, key: str | None) -> None:
    """Write the sums of all files, and beside them the signature if there is a key."""
    sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in built]
    target.write_text("".join(sums), "utf-8")
    signature = target.with_name(f"{target.name}.asc")
    # One of an earlier build would not fit.
    signature.unlink(missing_ok=True)
    if key:
        signing = ("gpg", "--batch", "--local-user", key, "--armor", "--detach-sign")
        run(*signing, "--output", signature, target)


def refuse_large(deb: Path) -> None:
    """Raise SystemExit when a package is larger than what is promised."""
    if (size := deb.stat().st_size) > contents.LIMIT_BYTES:
        limit = contents.LIMIT_BYTES
        raise SystemExit(f"{deb.name} has {size:,} bytes; {limit:,} are the limit.")


if __name__ == "__main__":
    os.umask(0o022)
    main()
