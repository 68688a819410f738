"""Tells models that chat from those for other tasks, by their names."""

import re
from collections.abc import Sequence
from typing import Final

_OTHER_TASKS: Final = re.compile(
    r"""
    embed | (^|[-_/:.])(bge|gte|e5|minilm|mxbai|nomic-bert|colbert|splade|jina-clip)
    ([-_/:.]|$) | all-mini | sentence-t | snowflake-arctic-e | paraphrase- | instructor
    | rerank | ranker | cross-encoder
    | whisper | transcri | text-to-speech | wav2vec | parakeet | realtime
    | (^|[-_/:.])(tts|stt|asr|speech|kokoro|piper|bark)([-_/:.]|$)
    | dall-?e | gpt-image | (^|[-_/:.])(imagen?|flux) | stable-?diffusion | sdxl
    | -image(-|$) | midjourney | (^|[-_/:])(sora|veo)
    | moderation | guard(?!ian-chat) | (^|[-_/:.])ocr
    | (^|[-_/:.])(clip|siglip|mmproj) | (babbage|davinci)-002 | gpt-3\.5-turbo-instruct
    | (^|[-_/:.])(aqa|lyria)([-_/:.]|$) | computer-use | deep-research
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_for_chat(model: str) -> bool:
    """Whether nothing in its name says that a model does not chat."""
    return not _OTHER_TASKS.search(model)


def first_for_chat(models: Sequence[str]) -> str:
    """Return the first model that chats, "" when none does."""
    return next(filter(is_for_chat, models), "")
