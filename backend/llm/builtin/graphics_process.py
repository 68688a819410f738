"""The helper process that looks whether llama.cpp finds a graphics card.

`services.engines.graphics` starts it. A driver that hangs or dies takes only this
process with it.
"""

from typing import Final

from backend.runtime.worker import answer, finish, take_job

MODULE: Final = "backend.llm.builtin.graphics_process"
_CARDS: Final = ("_GPU", "_IGPU")
"""How llama.cpp's kinds of devices end that take layers of a model."""


def takes_layers(kind: str) -> bool:
    """Whether a device of this kind can have a part of a model."""
    return kind.endswith(_CARDS)


def main() -> None:
    """Say whether there is a card that this build of llama.cpp can use."""
    take_job()
    import xllamacpp  # noqa: PLC0415 it ends with its parent from before it loads

    kinds = [device["type"].name for device in xllamacpp.get_device_info()]
    answer({"has_card": any(map(takes_layers, kinds))})
    finish()


if __name__ == "__main__":
    main()
