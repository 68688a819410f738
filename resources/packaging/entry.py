"""Where a frozen Hearth begins as the program, once `child.py` has let it."""

import sys

from qtshell.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
