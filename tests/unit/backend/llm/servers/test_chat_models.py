"""What models are for is told by their server, else by their names."""

import pytest

from backend.llm.listed_model import ListedModel, ModelTask, listed
from backend.llm.servers.chat_models import first_for_chat, task_of


@pytest.mark.parametrize(
    ("id_", "task"),
    [
        ("text-embedding-3-small", ModelTask.EMBEDDING),
        ("nomic-embed-text:latest", ModelTask.EMBEDDING),
        ("BAAI/bge-reranker-v2-m3", ModelTask.RERANKING),
        ("whisper-1", ModelTask.SPEECH),
        ("gpt-4o-mini-tts", ModelTask.SPEECH),
        ("dall-e-3", ModelTask.IMAGES),
        ("omni-moderation-latest", ModelTask.OTHER),
        ("llama3.2:3b", ModelTask.CHAT),
        ("gpt-4o", ModelTask.CHAT),
        ("imaginative-writer", ModelTask.CHAT),
    ],
)
def test_a_name_tells_the_task(id_: str, task: ModelTask) -> None:
    assert task_of(ListedModel(id=id_)) is task


def test_the_server_knows_better_than_the_name() -> None:
    assert task_of(ListedModel(id="embed", task=ModelTask.CHAT)) is ModelTask.CHAT
    vectors = ListedModel(id="plain", task=ModelTask.EMBEDDING)
    assert first_for_chat([vectors, *listed(["whisper", "talks"])]) == "talks"
    assert first_for_chat([vectors]) == ""
