"""Assets come from memory under the hash of their content."""

import asyncio
import time
from pathlib import Path

import pytest

from backend.errors import NotFoundError
from backend.web.assets import AssetMissingError, Assets, show_asset
from backend.web.http import Request, Response


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "htmx.js").write_text("htmx")
    (tmp_path / "vendor" / "vendor.py").write_text("no asset")
    (tmp_path / "app.css").write_text("body {}")
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


def fetch(assets: Assets, path: str) -> Response:
    return asyncio.run(show_asset(Request(method="GET", path=path), assets))


def test_an_asset_is_kept_for_ever_because_its_name_is_its_content(web: Path) -> None:
    before = Assets.load(web)
    response = fetch(before, before.url("app.css"))
    assert response.body == b"body {}"
    assert response.content_type == "text/css; charset=utf-8"
    assert "immutable" in response.headers["cache-control"]
    (web / "app.css").write_text("body { margin: 0 }")
    assert Assets.load(web).url("app.css") != before.url("app.css")
    assert fetch(before, before.url("app.css")).body == b"body {}"


def test_several_assets_come_as_one(web: Path) -> None:
    (web / "own.js").write_text("// ends in a comment")
    assets = Assets.load(web)
    response = fetch(assets, assets.url("own.js", "htmx.js"))
    assert response.body == b"// ends in a comment\n;\nhtmx"
    assert response.content_type == "text/javascript; charset=utf-8"


def test_only_scripts_and_styles_are_assets(web: Path) -> None:
    assert Assets.load(web).names() == ["app.css", "htmx.js"]


@pytest.mark.parametrize("path", ["/assets/0/app.css", "/assets/0/../app.css"])
def test_another_hash_is_not_found(web: Path, path: str) -> None:
    with pytest.raises(NotFoundError):
        fetch(Assets.load(web), path)


def test_a_missing_asset_says_what_to_do(web: Path) -> None:
    with pytest.raises(AssetMissingError, match="make setup"):
        Assets.load(web).url("sse.js")


def test_the_real_assets_are_read_quickly() -> None:
    start = time.thread_time()
    Assets.load()
    assert time.thread_time() - start < 0.1


def test_a_sheet_finds_its_font_where_it_is_served(tmp_path: Path) -> None:
    (tmp_path / "page.css").write_text('@font-face { src: url("letters.woff2"); }')
    (tmp_path / "letters.woff2").write_bytes(b"letters")
    assets = Assets.load(tmp_path)
    sheet = assets.at(assets.url("page.css")).content.decode()
    font = assets.at(sheet.split('"')[1])
    assert (font.content, font.content_type) == (b"letters", "font/woff2")


def test_no_scrollbar_is_kept_free_at_both_edges() -> None:
    """Chromium 140 cuts off as much at the end then, on screens with dense pixels."""
    styles = Path("resources/web").glob("*.css")
    assert not [one for one in styles if "stable both-edges" in one.read_text("utf-8")]
