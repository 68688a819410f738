"""What the system says of the connection comes to the sidecar, the last word last."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal

from qtshell.sidecar.connection import ConnectionWatch

if TYPE_CHECKING:
    from qtshell.sidecar.client import SidecarClient
    from qtshell.sidecar.supervisor import SidecarSupervisor


class Supervisor(QObject):
    """Knows the word, as the one that begins sidecars."""

    ready = Signal(object)
    is_metered = False


class Client:
    """Takes what is posted; a test says how each ends."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.ends: list[Mapping[str, Callable[[], object]]] = []

    def post(
        self,
        _path: str,
        form: Mapping[str, str],
        _kind: type,
        done: Callable[[], object],
        **ends: Callable[[], object],
    ) -> None:
        self.posted.append(form["metered"])
        self.ends.append({**ends, "done": done})


def watched() -> tuple[ConnectionWatch, Supervisor, Client]:
    supervisor, client = Supervisor(), Client()
    watch = ConnectionWatch(
        cast("SidecarClient", client),
        cast("SidecarSupervisor", supervisor),
        QObject(supervisor),
    )
    return watch, supervisor, client


def test_a_word_that_changes_meanwhile_is_told_after_the_one_before() -> None:
    watch, supervisor, client = watched()
    supervisor.is_metered = True
    watch._tell()
    supervisor.is_metered = False
    watch._tell()
    assert client.posted == ["yes"]
    client.ends[0]["done"]()
    assert client.posted == ["yes", ""]
    client.ends[1]["done"]()
    assert client.posted == ["yes", ""]


def test_after_a_sidecar_that_was_gone_the_next_one_is_told() -> None:
    watch, supervisor, client = watched()
    supervisor.is_metered = True
    watch._tell()
    client.ends[0]["unreachable"]()
    watch._tell()
    assert client.posted == ["yes", "yes"]
