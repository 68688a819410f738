"""Runs the whole program where only our name server answers, and says who was asked.

Run as `unshare --net --mount python -m tests.helpers.dns_monitor FOLDER [unguarded]`;
prints the names as JSON. Unguarded, Chromium is started without Hearth's switches.
"""

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from backend.interface.protocol import LOOPBACK
from tests.helpers.ticking_server import TickingServer
from tests.helpers.window import Window, until

CONTROL: Final = "control.example"
_ADDRESS: Final = "192.0.2.2"
_NO_SUCH_NAME: Final = 0x8183
_HINTS: Final = """
(() => {
  const names = "dns-prefetch preconnect prefetch preload prerender modulepreload";
  for (const name of names.split(" ")) {
    const link = document.createElement("link");
    Object.assign(link, {rel: name, as: "image", href: `http://${name}.example/x`});
    document.head.append(link);
  }
  const meta = document.createElement("meta");
  meta.httpEquiv = "x-dns-prefetch-control";
  meta.content = "on";
  document.head.prepend(meta);
  for (const tag of ["img", "iframe", "audio", "video"]) {
    const element = document.createElement(tag);
    element.setAttribute("src", "http://" + tag + ".example/x");
    document.body.append(element);
  }
  const link = document.createElement("a");
  link.href = "http://link.example/x";
  link.ping = "http://ping.example/x";
  link.textContent = "a link";
  document.body.append(link);
  link.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
  fetch("http://fetch.example/x").catch(() => 0);
  navigator.sendBeacon("http://beacon.example/x");
  try { new WebSocket("ws://socket.example/x") } catch {}
  try { new EventSource("http://stream.example/x") } catch {}
  new RTCPeerConnection({iceServers: [{urls: "stun:stun.example"}]})
    .createDataChannel("x");
})(); 0
"""
# Chromium breaks requests off when it finds that the network changed.
_SETTLED: Final = "fetch('/settings').then(answer => answer.ok).catch(() => false)"


class NameServer:
    """Says of every name that there is none, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((LOOPBACK, 53))
        self._tcp = socket.create_server((LOOPBACK, 53))
        for serve in (self._receive, self._accept):
            threading.Thread(target=serve, daemon=True).start()

    def _receive(self) -> None:
        while True:
            query, sender = self._udp.recvfrom(4096)
            self.asked.append(_name_in(query))
            head = query[:2] + struct.pack("!H", _NO_SUCH_NAME) + query[4:6]
            with contextlib.suppress(OSError):
                self._udp.sendto(head + bytes(6) + query[12:], sender)

    def _accept(self) -> None:
        while True:
            connection, _ = self._tcp.accept()
            self.asked.append("by TCP")
            connection.close()


def _name_in(query: bytes) -> str:
    labels, rest = [], query[12:]
    while rest and rest[0]:
        labels.append(rest[1 : 1 + rest[0]].decode("latin-1"))
        rest = rest[1 + rest[0] :]
    return ".".join(labels)


class UnguardedWindow(Window):
    """The program without the switches that keep Chromium from resolving."""

    @staticmethod
    def command(data_dir: Path, *arguments: str) -> list[str]:
        """Return the command line that opens Hearth on a data folder."""
        start = (
            "import sys; from qtshell.web import chromium; chromium._FLAGS = ();"
            "from qtshell.__main__ import main; sys.exit(main())"
        )
        program = [sys.executable, "-c", start, "--dev"]
        return [*program, "--data-dir", str(data_dir), *arguments]


def _make_network(folder: Path) -> None:
    # Chromium asks nobody while all it sees is the loopback.
    for words in (
        "link set lo up",
        "link add near type veth peer name far",
        f"addr add {_ADDRESS}/24 dev near",
        "link set near up",
        "link set far up",
        "route add default dev near",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    ours = folder / "resolv.conf"
    ours.write_text(f"nameserver {LOOPBACK}\n")
    subprocess.run(["mount", "--bind", ours, "/etc/resolv.conf"], check=True)


def main(folder: str, *words: str) -> None:
    """Open the page, give it every reason to resolve a name, and tell of all."""
    # Tests have switches of their own, and developer mode would take them over.
    os.environ.pop("QTWEBENGINE_CHROMIUM_FLAGS", None)
    _make_network(Path(folder))
    server = NameServer()
    with contextlib.suppress(socket.gaierror):
        socket.getaddrinfo(CONTROL, 80)
    unguarded = "unguarded" in words
    kind = UnguardedWindow if unguarded else Window
    with TickingServer(), kind.start(Path(folder, "data")) as window:
        window.evaluate(_HINTS)
        if unguarded:
            until(lambda: len(set(server.asked)) > 1, "a name")
        for _ in range(10):
            window.wait_for(_SETTLED)
            threading.Event().wait(0.2)
    sys.stdout.write(json.dumps(sorted(set(server.asked))))


if __name__ == "__main__":
    main(*sys.argv[1:])
