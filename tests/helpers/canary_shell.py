"""The whole program with a token that is easy to find wherever it leaks."""

import sys
from typing import Final
from unittest.mock import patch

from qtshell.__main__ import main
from qtshell.sidecar import supervisor

CANARY_TOKEN: Final = "HEARTHCANARY" + "0" * 52

if __name__ == "__main__":
    with patch.object(supervisor, "new_token", lambda: CANARY_TOKEN):
        sys.exit(main())
