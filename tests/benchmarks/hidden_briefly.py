"""Hearth on a computer that is short of memory a few seconds after it was hidden."""

import sys
from typing import Final

from qtshell.__main__ import main
from qtshell.web.discard import PageDiscarder

REST_S: Final = 3
"""For the measure only: the page is given up sooner than after five minutes."""

if __name__ == "__main__":
    PageDiscarder.__init__.__defaults__ = (REST_S * 1_000, lambda: True)
    sys.exit(main())
