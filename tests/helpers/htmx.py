"""Tells when a page is ready to be used."""

from typing import Final

SETTLED: Final = (
    "document.querySelector('.htmx-swapping, .htmx-settling, .htmx-added') === null"
)
"""True when what htmx put into the page does what it is for."""
