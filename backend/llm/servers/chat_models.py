"""Tells what models are for: as their server says, else by their names."""

import re
from collections.abc import Sequence
from typing import Final

from backend.llm.listed_model import ListedModel, ModelTask

_BY_NAME: Final = tuple(
    (task, re.compile(pattern, re.IGNORECASE | re.VERBOSE))
    for task, pattern in (
        (
            ModelTask.RERANKING,
            r"rerank | ranker | cross-encoder | (^|[-_/:.])colbert([-_/:.]|$)",
        ),
        (
            ModelTask.EMBEDDING,
            r"""
            embed | (^|[-_/:.])(bge|gte|e5|minilm|mxbai|nomic-bert|splade|jina-clip)
            ([-_/:.]|$) | all-mini | sentence-t | snowflake-arctic-e | paraphrase-
            | instructor
            """,
        ),
        (
            ModelTask.SPEECH,
            r"""
            whisper | transcri | text-to-speech | wav2vec | parakeet | realtime
            | (^|[-_/:.])(tts|stt|asr|speech|kokoro|piper|bark|lyria)([-_/:.]|$)
            """,
        ),
        (
            ModelTask.IMAGES,
            r"""
            dall-?e | gpt-image | (^|[-_/:.])(imagen?|flux) | stable-?diffusion | sdxl
            | -image(-|$) | midjourney | (^|[-_/:])(sora|veo)
            """,
        ),
        (
            ModelTask.OTHER,
            r"""
            moderation | guard(?!ian-chat) | (^|[-_/:.])ocr
            | (^|[-_/:.])(clip|siglip|mmproj) | (babbage|davinci)-002
            | gpt-3\.5-turbo-instruct | (^|[-_/:.])aqa([-_/:.]|$) | computer-use
            | deep-research
            """,
        ),
    )
)


def task_of(model: ListedModel) -> ModelTask:
    """Return what a model is for; nothing that says otherwise means chat."""
    if model.task is not ModelTask.UNKNOWN:
        return model.task
    found = (task for task, pattern in _BY_NAME if pattern.search(model.id))
    return next(found, ModelTask.CHAT)


def first_for_chat(models: Sequence[ListedModel]) -> str:
    """Return the first model that chats, "" when none does."""
    chats = (model.id for model in models if task_of(model) is ModelTask.CHAT)
    return next(chats, "")
