"""Tells open pages, through the event stream, what services have to say."""

from backend.routes.pages import Toast
from backend.web.events import EventHub
from backend.web.rendering import Renderer


class PageNotices:
    """The notices of services as events."""

    def __init__(self, hub: EventHub, renderer: Renderer) -> None:
        self._hub = hub
        self._renderer = renderer

    def changed(self, noun: str) -> None:
        """Let pages fetch what they show of a noun anew."""
        self._hub.publish(noun)

    def say(self, sentence: str, *, tone: str = "info", undo: str = "") -> None:
        """Show a sentence."""
        toast = Toast(sentence, tone=tone, undo=undo)
        self._hub.publish("toast", self._renderer.render(toast))
