"""Serves the page's scripts and styles from memory, under names that hold a hash."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Self

from msgspec import Struct

from backend.errors import NotFoundError
from backend.installation import resource_path
from backend.web.http import AppRouter, Request, Response

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


def icons_dir() -> Path:
    """Return the folder of the fetched icons, which templates draw inline."""
    return _root() / "vendor" / "icons"


def _root() -> Path:
    return resource_path("backend", "resources", "web")


class AssetMissingError(LookupError):
    """A template names an asset that is not there."""


class Asset(Struct, frozen=True):
    """One file, read once."""

    url: str
    content_type: str
    content: bytes


class Assets:
    """Every asset by its name."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._by_name = {path.name: _read(path) for path in files}
        for name, asset in self._by_name.items():
            if name.endswith(".css"):
                self._by_name[name] = self._with_fonts(asset)
        self._by_url = {asset.url: asset for asset in self._by_name.values()}
        self._joined: dict[tuple[str, ...], str] = {}

    @classmethod
    def load(cls, root: Path | None = None) -> Self:
        """Read our own files and the fetched ones beside them."""
        root = root or _root()
        return cls(
            path
            for folder in (root / "vendor", root)
            if folder.is_dir()
            for path in sorted(folder.iterdir())
            # A link could point anywhere.
            if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
        )

    def names(self) -> list[str]:
        """Return what there is."""
        return sorted(self._by_name)

    def url(self, *names: str) -> str:
        """Return where the page finds assets: several of a kind come as one.

        Raises:
            AssetMissingError: There is no such file.
        """
        if missing := [name for name in names if name not in self._by_name]:
            data = ", ".join(missing)
            raise AssetMissingError(f"missing among the assets: {data}; run make setup")
        if len(names) == 1:
            return self._by_name[names[0]].url
        if names not in self._joined:
            joined = _join([self._by_name[name] for name in names])
            self._by_url[joined.url] = joined
            self._joined[names] = joined.url
        return self._joined[names]

    def at(self, url: str) -> Asset:
        """Return what is at an address.

        Raises:
            NotFoundError: There is nothing.
        """
        asset = self._by_url.get(url)
        if asset is None:
            raise NotFoundError("There is no such file.")
        return asset

    def _with_fonts(self, sheet: Asset) -> Asset:
        """Let a sheet find the fonts it names where they are served."""
        content = sheet.content
        for name, asset in self._by_name.items():
            if name.endswith(".woff2"):
                named, found = f'url("{name}")', f'url("{asset.url}")'
                content = content.replace(named.encode(), found.encode())
        return _asset(Path(sheet.url).name, content, sheet.content_type)


router = AppRouter[Assets]()


@router.get("/assets/:hash/:name")
async def show_asset(request: Request, assets: Assets) -> Response:
    """Answer with an asset, which never changes under its address."""
    asset = assets.at(request.path)
    return Response(
        body=asset.content,
        content_type=asset.content_type,
        headers={"cache-control": "private, max-age=31536000, immutable"},
    )


def _read(path: Path) -> Asset:
    return _asset(path.name, path.read_bytes(), _TYPES[path.suffix])


def _join(assets: Sequence[Asset]) -> Asset:
    """Put files one after the other: one request costs less than twenty."""
    suffix = Path(assets[0].url).suffix
    # A script may lack its last semicolon.
    end = b"\n;\n" if suffix == ".js" else b"\n"
    content = end.join(asset.content for asset in assets)
    return _asset(f"page{suffix}", content, assets[0].content_type)


def _asset(name: str, content: bytes, content_type: str) -> Asset:
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(f"/assets/{digest}/{name}", content_type, content)
