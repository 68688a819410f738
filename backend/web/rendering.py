"""Renders typed contexts through Jinja2: one context, one template."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import ClassVar, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from backend.interface.protocol import command_path
from backend.web.formulas.mathml import undrawn
from backend.web.isolates import isolated
from backend.web.markdown.markdown_page import lined, placed


class Template(Struct, frozen=True):
    """The context of one template; subclasses name it and add the fields it reads."""

    template: ClassVar[str]


class Renderer:
    """Turns contexts into HTML. A context inside another renders by `part()`."""

    def __init__(
        self,
        templates: Path,
        icons: Path,
        asset_url: Callable[..., str],
        *,
        command_key: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._icons = icons
        self._clock = clock
        self._env = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._env.globals.update(
            asset=asset_url,
            icon=self._icon,
            page_link=_page_link,
            part=self.part,
            shell=partial(command_path, command_key),
        )
        self._env.filters.update(
            moment=self._moment,
            exact=_exact,
            day=self.day,
            isolated=_isolated,
            lined=lined,
            placed=placed,
            undrawn=undrawn,
        )

    def render(self, context: Template) -> str:
        """Return the HTML of a context."""
        values = {name: getattr(context, name) for name in context.__struct_fields__}
        return self._env.get_template(context.template).render(values)

    def part(self, context: Template) -> Markup:
        """Return the HTML of a context for use inside another template."""
        return Markup(self.render(context))  # noqa: S704 autoescaped by its template

    @lru_cache(maxsize=256)  # noqa: B019 one renderer lives as long as the process
    def _icon(self, name: str) -> Markup:
        """Return an outline icon; it is decoration, its button carries the name."""
        svg = (self._icons / f"{name}.svg").read_text(encoding="utf-8")
        body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.index("</svg>")]
        return Markup(  # noqa: S704 a file of the pinned icon package
            '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">'
            f"{body.strip()}</svg>"
        )

    def day(self, ms: int) -> str:
        """Say on which day a moment was."""
        return day_name(_local(ms).date(), self._clock().date())

    def _moment(self, ms: int) -> str:
        at, now = _local(ms), self._clock()
        clock = at.strftime("%H:%M")
        day = day_name(at.date(), now.date())
        return clock if day == "Today" else f"{day}, {clock}"


def _page_link(path: str) -> Markup:
    """Return the attributes of a link that shows another page beside the sidebar."""
    link = Markup('href="{}" hx-get="{}" hx-target="#main" hx-push-url="true"')
    return link.format(path, path.partition("#")[0])


_WEEK: Final = 7


def day_name(day: date, today: date) -> str:
    """Say a day as people do: Today, Yesterday, Monday, 3 May, 3 May 2025."""
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=_WEEK):
        return day.strftime("%A")
    name = f"{day.day} {day.strftime('%B')}"
    return name if day.year == today.year else f"{name} {day.year}"


def _isolated(text: str) -> Markup:
    return Markup(isolated(text))  # noqa: S704 escaped by it


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000).astimezone()


def _exact(ms: int) -> str:
    return _local(ms).strftime("%A, %d %B %Y, %H:%M:%S")
