"""What every step of a package uses: what is built, other programs, archives."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Build:
    """One build.

    Attributes:
        work: Where it is made; kept, so that the next one is quicker.
        dist: Where its results go.
        epoch: The time that is written into everything.
        preset: How hard xz tries; less than 9 is for trying the recipe.
    """

    work: Path
    dist: Path
    epoch: int
    preset: int = 9


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a program that has to succeed, and return what it said."""
    done = subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def pack(folder: Path, what: str, target: Path, build: Build) -> None:
    """Pack a folder the same way every time.

    Two threads on every machine: their number decides where xz cuts.
    """
    same = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu")
    tar = ["tar", "-C", str(folder), *same, f"--mtime=@{build.epoch}", "-cf", "-", what]
    xz = ["xz", "-T2", "--x86", f"--lzma2=preset={build.preset}"]
    with (
        target.open("wb") as stream,
        subprocess.Popen(tar, stdout=subprocess.PIPE) as packing,
    ):
        subprocess.run(xz, stdin=packing.stdout, stdout=stream, check=True)
    if packing.returncode:
        raise SystemExit("tar could not read everything")
