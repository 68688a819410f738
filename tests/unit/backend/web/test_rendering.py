"""Contexts become HTML, and days get the names people use."""

from datetime import date
from pathlib import Path
from typing import ClassVar

import jinja2
import pytest
from jinja2 import meta

from backend.routes import pages, settings
from backend.routes.chat import conversations, messages
from backend.routes.models import engines
from backend.web.rendering import Renderer, Template, day_name

TEMPLATES = Path(__file__).parents[4] / "templates"
TODAY = date(2026, 5, 20)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        pytest.param(TODAY, "Today", id="today"),
        pytest.param(date(2026, 5, 21), "Today", id="a clock that was set back"),
        pytest.param(date(2026, 5, 19), "Yesterday", id="yesterday"),
        pytest.param(date(2026, 5, 14), "Thursday", id="this week"),
        pytest.param(date(2026, 5, 13), "13 May", id="this year"),
        pytest.param(date(2025, 12, 31), "31 December 2025", id="before"),
    ],
)
def test_days_have_the_names_people_use(day: date, name: str) -> None:
    assert day_name(day, TODAY) == name


class Outer(Template, frozen=True):
    """A context with another one inside."""

    template: ClassVar[str] = "outer.html"
    inner: Template


class Inner(Template, frozen=True):
    """A context with hostile text."""

    template: ClassVar[str] = "inner.html"
    text: str


def test_a_context_inside_another_is_escaped_once(tmp_path: Path) -> None:
    (tmp_path / "outer.html").write_text("<p>{{ part(inner) }}</p>")
    (tmp_path / "inner.html").write_text("<i>{{ text }}</i>")
    renderer = Renderer(tmp_path, tmp_path, str)
    html = renderer.render(Outer(Inner("<script>&")))
    assert html == "<p><i>&lt;script&gt;&amp;</i></p>"


def test_a_template_that_reads_what_its_context_lacks_fails(tmp_path: Path) -> None:
    (tmp_path / "inner.html").write_text("{{ text }}{{ missing }}")
    with pytest.raises(jinja2.UndefinedError):
        Renderer(tmp_path, tmp_path, str).render(Inner("x"))


def contexts() -> list[type[Template]]:
    found = [
        value
        for module in (conversations, engines, messages, pages, settings)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Template)
    ]
    return sorted({c for c in found if c is not Template}, key=lambda c: c.__name__)


@pytest.mark.parametrize("context", contexts(), ids=lambda c: c.__name__)
def test_every_field_of_a_context_is_read_by_its_template(
    context: type[Template],
) -> None:
    environment = jinja2.Environment()
    environment.filters.update(moment=str, exact=str, placed=list, isolated=str)
    source = (TEMPLATES / context.template).read_text()
    read = meta.find_undeclared_variables(environment.parse(source))
    assert {*context.__struct_fields__} <= read


@pytest.mark.parametrize(
    "template",
    sorted(TEMPLATES.rglob("*.html")),
    ids=lambda path: str(path.relative_to(TEMPLATES)),
)
def test_no_line_of_a_template_is_too_long_to_be_read(template: Path) -> None:
    lines = template.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []


def test_a_link_to_a_page_fetches_the_page_without_the_place_in_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "inner.html").write_text("<a {{ page_link(text) }}>")
    html = Renderer(tmp_path, tmp_path, str).render(Inner("/n/1?a=1&b=2#m"))
    assert html == (
        '<a href="/n/1?a=1&amp;b=2#m" hx-get="/n/1?a=1&amp;b=2"'
        ' hx-target="#main" hx-push-url="true">'
    )
