"""Packs the program for Debian, whose libraries it depends on."""

import gzip
import hashlib
import re
import shutil
from pathlib import Path
from typing import Final

import contents
import notices
import program_files
from tools import Build, pack, run

from backend.installation import installed_version
from qtshell.desktop.linux import LinuxDesktop
from qtshell.options import build_parser

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
LIB: Final = Path("usr", "lib", "hearth")
# The Debian releases it installs on have these under one name.
CHOSEN: Final = ("ca-certificates", "fonts-dejavu-core | fonts-freefont-ttf")
LOADED_LATE: Final = ("libdbus-1-3", "libegl1", "libgl1")
"""By name while Hearth runs, where `dpkg-shlibdeps` cannot see it."""
CONTROL: Final = """\
Package: hearth
Version: {version}
Architecture: amd64
Maintainer: The Hearth authors <hearth@localhost.localdomain>
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: gnome-keyring | kwalletmanager, libhunspell-1.7-0, xdg-desktop-portal
Section: utils
Priority: optional
Description: private assistant that lives on your desktop
 Conversations, notes and quick actions with a language model that runs on
 this computer, or with a server of your choice. Nothing leaves the computer
 unless it is asked for.
"""


def build_deb(program: Path, build: Build) -> Path:
    """Pack the program for Debian, whose libraries it depends on."""
    root = _installed(program, build)
    version = f"{installed_version()}-1"
    control = build.work / "control"
    shutil.rmtree(control, ignore_errors=True)
    control.mkdir(mode=0o755)
    installed = program_files.files(root)
    text = CONTROL.format(
        version=version,
        kilobytes=sum(p.stat().st_size for p in installed) // 1024,
        depends=", ".join(_depends(root, build.work)),
    )
    (control / "control").write_text(text, "utf-8")
    sums = (
        f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(root)}\n"  # noqa: S324 as dpkg has it
        for p in installed
    )
    (control / "md5sums").write_text("".join(sums), "utf-8")
    parts = ("debian-binary", "control.tar.xz", "data.tar.xz")
    (build.work / parts[0]).write_text("2.0\n", "ascii")
    pack(control, ".", build.work / parts[1], build)
    pack(root, ".", build.work / parts[2], build)
    target = build.dist / f"hearth_{version}_amd64.deb"
    target.unlink(missing_ok=True)
    # D: without times and owners. dpkg-deb knows no filter for machine code, which
    # makes 5 MB less.
    run("ar", "qcSD", target, *parts, cwd=build.work)
    return target


def _installed(program: Path, build: Build) -> Path:
    """Return a folder that looks as a Debian will, as far as Hearth goes."""
    root = build.work / "root"
    shutil.rmtree(root, ignore_errors=True)
    lib = root / LIB
    shutil.copytree(program, lib, symlinks=True)
    for path in (lib / contents.PRIVATE).iterdir():
        if contents.is_of_the_system(path.name) and not path.is_symlink():
            path.unlink()
    program_files.tidy(lib)
    program_files.refuse_strangers(lib / contents.PRIVATE)
    # Chromium makes it where it may, for root; what the package owns goes with it.
    (lib / contents.PRIVATE / "PySide6/Qt/resources/locales").mkdir()
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "bin" / "hearth").symlink_to("../lib/hearth/hearth")
    _share(root / "usr" / "share", build.epoch)
    run("chmod", "-R", "u=rwX,go=rX", root)
    for path in program_files.binaries(lib / contents.PRIVATE):
        path.chmod(0o755 if path.name == "QtWebEngineProcess" else 0o644)
    return root


def _share(share: Path, epoch: int) -> None:
    """Write what a menu, a shell and a reader look for."""
    LinuxDesktop(["/usr/bin/hearth"], share, share).install()
    [metainfo] = share.glob("metainfo/*.xml")
    day = run("date", "--utc", f"--date=@{epoch}", "+%F").strip()
    text = re.sub(r'date="[^"]*"', f'date="{day}"', metainfo.read_text("utf-8"))
    metainfo.write_text(text, "utf-8")
    # Debian's zsh looks elsewhere than that of others.
    (share / "zsh" / "site-functions").rename(share / "zsh" / "vendor-completions")
    doc = share / "doc" / "hearth"
    doc.mkdir(parents=True)
    terms = notices.without_common(notices.copyright_text())
    (doc / "copyright").write_text(terms, "utf-8")
    when = run("date", "--utc", "-R", f"--date=@{epoch}").strip()
    changelog = (
        f"hearth ({installed_version()}-1) unstable; urgency=medium\n\n"
        f"  * What is new stands in changelog.gz.\n\n"
        f" -- The Hearth authors <hearth@localhost.localdomain>  {when}\n"
    )
    _gzip(doc / "changelog.Debian.gz", changelog)
    _gzip(doc / "changelog.gz", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    _gzip(share / "man" / "man1" / "hearth.1.gz", _manual(day))
    overrides = share / "lintian" / "overrides"
    overrides.mkdir(parents=True)
    shutil.copyfile(HERE / "lintian-overrides", overrides / "hearth")


def _manual(day: str) -> str:
    parser = build_parser()
    parser.prog = "hearth"
    text = parser.format_help().replace("\\", "\\e").replace("-", "\\-")
    return (
        f".TH HEARTH 1 {day}\n"
        ".SH NAME\nhearth \\- private assistant on the desktop\n"
        ".SH SYNOPSIS\n.B hearth\n[options] [command]\n"
        f".SH DESCRIPTION\n.nf\n{text}.fi\n"
    )


def _gzip(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _depends(root: Path, work: Path) -> list[str]:
    """Return the packages whose libraries are linked to, and those loaded by name."""
    source = work / "shlibdeps"
    (source / "debian").mkdir(parents=True, exist_ok=True)
    (source / "debian" / "control").write_text(
        "Source: hearth\n\nPackage: hearth\nArchitecture: amd64\n", "ascii"
    )
    lib = root / LIB
    folders = sorted({path.parent for path in program_files.binaries(lib)})
    ours = [f"-l{folder}" for folder in folders]
    files = [f"-e{path}" for path in program_files.binaries(lib)]
    # By which it sees that this is how they will be installed.
    (root / "DEBIAN").mkdir()
    output = run(
        "dpkg-shlibdeps",
        "-O",
        "--warnings=0",
        "--ignore-missing-info",
        *ours,
        *files,
        cwd=source,
    )
    (root / "DEBIAN").rmdir()
    found = output.strip().removeprefix("shlibs:Depends=").split(", ")
    named = {package.split(" ")[0] for package in found}
    late = [package for package in LOADED_LATE if package not in named]
    return sorted([*found, *late, *CHOSEN])
