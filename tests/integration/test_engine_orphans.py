"""No engine child outlives the sidecar that started it."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]

PARENT = """
import asyncio, sys
from pathlib import Path
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.engine import Role, Turn

async def main():
    engine = BuiltinEngine(Path(sys.argv[1]))
    async for delta in engine.stream("", [Turn(Role.USER, "forever")]):
        if delta.has_words:
            print(engine.child_pid, flush=True)
            break
    await asyncio.sleep(600)

asyncio.run(main())
"""


@contextlib.contextmanager
def parent_of_child(
    model: Path,
) -> Iterator[tuple[subprocess.Popen[bytes], psutil.Process]]:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(model)], stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        try:
            assert parent.stdout is not None
            yield parent, psutil.Process(int(parent.stdout.readline()))
        finally:
            parent.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal")
@pytest.mark.parametrize("child_is", ["busy", "stopped"])
def test_no_orphan_outlives_a_killed_sidecar(
    scripted_gguf: Path, child_is: str
) -> None:
    with parent_of_child(scripted_gguf) as (parent, child):
        if child_is == "stopped":
            child.suspend()
        parent.kill()
        gone, alive = psutil.wait_procs([child], timeout=5)
        assert gone
        assert not alive
