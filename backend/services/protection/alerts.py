"""What the user must know about the store as long as it lasts."""

import asyncio
import logging
import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from backend.keys.database_key import DatabaseKey
from backend.recovery.restore import Rescue
from backend.services.notices import NoticeSink, Tone
from backend.services.protection.backup_record import WentBack
from backend.sqlite.schema import STEPS

if TYPE_CHECKING:
    from backend.services.protection.backups import BackupService
    from backend.store.database import Database

log = logging.getLogger("hearth.store")

NOUN: Final = "alerts"
CODE: Final = "recovery-code"
PLAIN: Final = "plain"
ROOM_BYTES: Final = 64 * 1024 * 1024
"""What is asked for when the disk is full; less may do, and is tried."""
TRY_EVERY_S: Final = 2.0
_MB: Final = 1024 * 1024


class Alert(Struct, frozen=True, kw_only=True):
    """One thing to know.

    Attributes:
        kind: Names it, once.
        path: Where to do something about it, and `label` what; "" for nowhere.
        dismiss: Makes it go; None when only a remedy does.
        is_news: It only says what has happened: a cross beside it dismisses it.
    """

    kind: str
    sentence: str
    tone: Tone = Tone.WARNING
    path: str = ""
    label: str = ""
    code: str = ""
    dismiss: Callable[[], object] | None = None
    is_news: bool = False


class AlertService:
    """Knows what is wrong, and notices when it is over.

    Attributes:
        damaged: Set when the open database turned out to be damaged.
    """

    def __init__(
        self,
        database: "Database",
        key: DatabaseKey,
        backups: "BackupService",
        notices: NoticeSink,
        has_content: Callable[[], bool],
    ) -> None:
        self._database = database
        self._folder = database.path.parent
        self._key = key
        self._backups = backups
        self._notices = notices
        self._has_content = has_content
        self._unwritten: StoreError | None = None
        self._news = asyncio.Event()
        self.damaged = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        database.on_error = self._on_database_error

    def all(self) -> list[Alert]:
        """Return what there is to know, the worst first."""
        found = (
            self._of_writing(),
            self._of_refusal(),
            self._of_rescue(),
            self._of_going_back(),
            self._of_backups(),
            self._of_recovery_code(),
            self._of_plain_files(),
        )
        return [alert for alert in found if alert]

    def dismiss(self, kind: str) -> None:
        """Forget something that has happened."""
        for alert in self.all():
            if alert.kind == kind and alert.dismiss:
                alert.dismiss()
                self._notices.changed(NOUN)

    async def watch(self) -> None:
        """While nothing can be written, try again and again; tell when it works."""
        self._loop = asyncio.get_running_loop()
        await self._show_first_code()
        while True:
            await self._news.wait()
            self._notices.changed(NOUN)
            while self._unwritten:
                await asyncio.sleep(TRY_EVERY_S)
                await asyncio.to_thread(self._try)
            self._news.clear()
            self._notices.changed(NOUN)
            self._notices.say("Hearth can save again.", tone=Tone.SUCCESS)

    async def _show_first_code(self) -> None:
        try:
            await asyncio.to_thread(self._key.make_first_code)
        except StoreError as exc:
            log.warning("there is no recovery code yet: %s", exc)
        if self._key.first_code:
            self._notices.changed(NOUN)

    def _try(self) -> None:
        try:
            self._database.try_to_write()
        except StoreError as exc:
            # On a full disk a try may fail as if the database were busy.
            is_shown = isinstance(exc, StoreFullError | StoreReadOnlyError)
            why = exc if is_shown else self._unwritten
            log.info("still nothing can be written: %s", why)
        else:
            self._unwritten = None

    def _on_database_error(self, alert: StoreError) -> None:
        if isinstance(alert, StoreDamagedError):
            news = self.damaged
        elif isinstance(alert, StoreFullError | StoreReadOnlyError):
            news, self._unwritten = self._news, alert
        else:
            return
        if self._loop:
            self._loop.call_soon_threadsafe(news.set)

    def _of_writing(self) -> Alert | None:
        if isinstance(self._unwritten, StoreFullError):
            free = shutil.disk_usage(self._folder).free
            missing = max(1, -(-(ROOM_BYTES - free) // _MB))
            return Alert(
                kind="full",
                tone=Tone.DANGER,
                sentence=(
                    f"The disk is full: nothing can be saved. Free about {missing} MB "
                    "and Hearth continues automatically. What you type stays in the "
                    "window."
                ),
            )
        if self._unwritten:
            return Alert(
                kind="read-only",
                tone=Tone.DANGER,
                sentence=(
                    "Hearth's data folder cannot be written: nothing can be saved. "
                    "Make it writable and Hearth continues automatically. What you "
                    "type "
                    "stays in the window."
                ),
            )
        return None

    def _of_refusal(self) -> Alert | None:
        refusal = self._database.refusal
        if refusal is None:
            return None
        way = ("/backups/back", "Go back…")
        path, label = way if isinstance(refusal, StoreTooNewError) else ("", "")
        return Alert(kind="refusal", sentence=str(refusal), path=path, label=label)

    def _of_going_back(self) -> Alert | None:
        went = WentBack.read(self._folder)
        if went is None or self._database.refusal or went.version > len(STEPS):
            return None
        return Alert(
            kind="went-back",
            tone=Tone.INFO,
            sentence=(
                f"On {_moment(went.at)} you went back to an earlier version of Hearth. "
                "What you had written with the newer one is kept."
            ),
            path=f"/backups/{went.name}/missing",
            label="Look…",
            dismiss=partial(WentBack.forget, self._folder),
            is_news=True,
        )

    def _of_rescue(self) -> Alert | None:
        rescue = Rescue.read(self._folder)
        if rescue is None:
            return None
        return Alert(
            kind="rescue",
            sentence=_account_of(rescue),
            path="/backups",
            label="Backups",
            dismiss=partial(Rescue.forget, self._folder),
            is_news=True,
        )

    def _of_backups(self) -> Alert | None:
        if not self._backups.is_away:
            return None
        return Alert(
            kind="backups",
            sentence=(
                "The folder you chose for backups is missing. Until it is back, "
                "backups are kept next to your data."
            ),
            path="/backups",
            label="Backups",
        )

    def _of_recovery_code(self) -> Alert | None:
        if not self._key.needs_noting:
            return None
        if self._key.first_code:
            return Alert(
                kind=CODE,
                tone=Tone.INFO,
                sentence=(
                    "Your conversations are encrypted. Write this recovery code down "
                    "and keep it away from this computer: it opens them if the "
                    "keyring is lost."
                ),
                code=self._key.first_code,
                dismiss=self._key.note_recovery_code,
            )
        return Alert(
            kind=CODE,
            tone=Tone.INFO,
            sentence=(
                "Your conversations are encrypted. Write down a recovery code: it "
                "opens them if this computer loses its keyring."
            ),
            path="/encryption",
            label="Get the code",
            dismiss=self._key.note_recovery_code,
        )

    def _of_plain_files(self) -> Alert | None:
        # Before there is anything to encrypt, a warning would be the first thing read.
        if not (self._key.is_left_plain and self._has_content()):
            return None
        return Alert(
            kind=PLAIN,
            sentence=("What you write is not encrypted: this computer has no keyring."),
            path="/encryption",
            label="Encrypt…",
            dismiss=self._key.leave_plain,
            is_news=True,
        )


def _account_of(rescue: Rescue) -> str:
    found = (
        f"Hearth's database was damaged; the damaged file is kept as {rescue.kept}. "
        if rescue.kept
        else "Hearth's database was missing. "
    )
    if rescue.restored_to is None:
        return f"{found}There was no backup, so Hearth started with an empty database."
    since = _moment(rescue.restored_to)
    return (
        f"{found}The backup of {since} was restored: what was written between then and "
        f"{_moment(rescue.at)} may be missing."
    )


def _moment(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000).astimezone()
    return f"{at.day} {at.strftime('%B %Y, %H:%M')}"
