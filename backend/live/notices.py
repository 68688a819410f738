"""Tells open pages, through the event stream, what services have to say."""

from typing import ClassVar

from backend.services.notices import Tone
from backend.web.events import EventHub
from backend.web.rendering import Renderer, Template


class Toast(Template, frozen=True):
    """A short message at the edge of the page.

    Attributes:
        undo: What to POST to take the act back; "" for none.
        undo_label: What that is called.
        show: What to POST to show what it speaks of; "" for none.
    """

    template: ClassVar[str] = "errors/_toast.html"
    sentence: str
    tone: Tone = Tone.INFO
    undo: str = ""
    undo_label: str = "Undo"
    show: str = ""


class PageNotices:
    """The notices of services as events."""

    def __init__(self, hub: EventHub, renderer: Renderer) -> None:
        self._hub = hub
        self._renderer = renderer

    def changed(self, noun: str) -> None:
        """Let pages fetch again what they show of a noun."""
        self._hub.publish(noun)

    def say(self, sentence: str, *, tone: Tone = Tone.INFO, undo: str = "") -> None:
        """Show a sentence."""
        self.show(Toast(sentence, tone=tone, undo=undo))

    def show(self, toast: Toast) -> None:
        """Show a toast."""
        self._hub.publish("toast", self._renderer.render(toast))
