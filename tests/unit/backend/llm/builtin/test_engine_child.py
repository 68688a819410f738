"""What sidecar and engine child say to each other."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from backend.errors import EngineFault
from backend.llm.builtin.child import ChildOptions, EngineChild
from backend.llm.builtin.engine_child import ChildConfig, ChildReply
from backend.llm.builtin.model_file import ModelFile


def test_a_config_is_one_line_that_reads_back() -> None:
    config = ChildConfig(
        model="/models/a\nb ü.gguf",
        api_key="k",
        threads=1,
        context_tokens=2048,
        sleep_idle_s=900,
        data_limit_bytes=0,
    )
    line = config.to_line()
    assert line.count(b"\n") == 1
    assert ChildConfig(**json.loads(line)) == config


@pytest.mark.parametrize(
    "reply", [ChildReply(url="http://127.0.0.1:1"), ChildReply(error="no\nmodel")]
)
def test_a_reply_is_one_line_that_reads_back(reply: ChildReply) -> None:
    line = reply.to_line()
    assert line.count("\n") == 1
    assert ChildReply.from_line(line.rstrip("\n")) == reply


@pytest.mark.parametrize(
    "line",
    ["", "llama_model_loader: ok", "hearth-engine/1 {", 'hearth-engine/1 {"x": 1}'],
)
def test_any_other_line_is_no_reply(line: str) -> None:
    assert ChildReply.from_line(line) is None


def test_a_child_that_dies_is_told_of_where_no_signal_kills(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(signal, "SIGKILL")

    async def die() -> EngineFault:
        file = ModelFile(Path("model.gguf"), 1, is_familiar=True)
        options = ChildOptions(command=(sys.executable, "-c", "raise SystemExit(3)"))
        child = await EngineChild.start("It", file, options)
        error = await child.death()
        await child.kill()
        return error.fault

    assert asyncio.run(die()) is EngineFault.CRASHED
