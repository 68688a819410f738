"""The proxy of the system: of the environment, and of Windows' and macOS's settings."""

from typing import Final
from urllib.parse import urlsplit

SYSTEM: Final = "system"
"""What stands in the place of an address where the system's proxy is taken."""


def system_proxy(url: str) -> str:
    """Return the proxy the system has for an address; "" for none.

    `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` come first; the settings of
    Windows and macOS are read where there is none of them. Other desktops keep theirs
    where only their own libraries can read them.
    """
    import urllib.request  # noqa: PLC0415 slow to import, and not everybody has a proxy

    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all") or ""
    host = parts.hostname or ""
    if not found or urllib.request.proxy_bypass(host):
        return ""
    proxy = found if "://" in found else f"http://{found}"
    return proxy if urlsplit(proxy).scheme in ("http", "https") else ""
