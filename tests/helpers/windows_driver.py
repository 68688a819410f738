"""Runs tests on the driver that Windows has: `pytest -p tests.helpers.windows_driver`.

Processes that a test starts keep the usual one, so files go from one to the other.
"""

import os
import sys

os.environ["RUST_LOG"] = "off"  # read at the import, as in `dbapi`
import libsql

sys.modules["libsql_experimental"] = libsql
