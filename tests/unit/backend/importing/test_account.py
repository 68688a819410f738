"""Whatever an export holds is taken, joined or left out with a reason: it adds up."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.importing.bundles import open_bundle
from backend.importing.formats import recognise
from backend.importing.records import ImportCounts, ImportedConversation, Skip
from tests.helpers import export_samples

OF_MESSAGES = frozenset(
    {
        Skip.INSTRUCTIONS,
        Skip.HIDDEN,
        Skip.SUMMARY,
        Skip.NO_TEXT,
        Skip.TOO_LONG,
        Skip.UNREADABLE_MESSAGE,
        Skip.TWICE_MESSAGE,
    }
)
"""The reasons that count messages."""
OF_ENTRIES = frozenset({Skip.EMPTY, Skip.UNREADABLE, Skip.TOO_LONG_ENTRY, Skip.TWICE})
"""The reasons that count conversations, notes and quick actions."""

WORDS = st.sampled_from(
    ["", "Q", "A.", " x", "<think>t</think>", "```\ncut", "\ue200c\ue201"]
)
KEYS = st.sampled_from(["a", "b", "c", "d", "e", None])
TIMES = st.sampled_from(
    [None, 1_700_000_000, 1_700_000_009.5, "2024-01-01T00:00:00Z", -1]
)
ROLES = st.sampled_from(["user", "assistant", "tool", "system", "human", 7])
ODD: st.SearchStrategy[Any] = st.sampled_from([None, 7, "x", [], {}])

chatgpt_message = st.fixed_dictionaries(
    {
        "author": st.fixed_dictionaries({"role": ROLES}),
        "content": st.one_of(
            st.fixed_dictionaries(
                {"content_type": st.just("text"), "parts": st.lists(WORDS, max_size=2)}
            ),
            st.fixed_dictionaries(
                {
                    "content_type": st.just("thoughts"),
                    "thoughts": st.lists(
                        st.fixed_dictionaries({"content": WORDS}), max_size=2
                    ),
                }
            ),
            st.fixed_dictionaries(
                {
                    "content_type": st.sampled_from(["code", "execution_output"]),
                    "text": WORDS,
                }
            ),
            ODD,
        ),
        "create_time": TIMES,
        "recipient": st.sampled_from(
            [None, "all", "python", "canmore.create_textdoc", "web"]
        ),
        "weight": st.sampled_from([0, 1]),
    }
)
chatgpt = st.fixed_dictionaries(
    {
        "id": KEYS,
        "mapping": st.dictionaries(
            st.sampled_from("abcdefgh"),
            st.fixed_dictionaries(
                {"parent": KEYS, "message": st.one_of(ODD, chatgpt_message)}
            ),
            max_size=8,
        ),
        "current_node": KEYS,
    }
)
claude_message = st.fixed_dictionaries(
    {
        "uuid": KEYS,
        "sender": ROLES,
        "text": WORDS,
        "content": st.lists(
            st.one_of(
                ODD, st.fixed_dictionaries({"type": st.just("text"), "text": WORDS})
            ),
            max_size=2,
        ),
        "parent_message_uuid": KEYS,
        "created_at": TIMES,
    }
)
claude = st.fixed_dictionaries(
    {
        "uuid": KEYS,
        "chat_messages": st.lists(st.one_of(ODD, claude_message), max_size=6),
    }
)
webui_message = st.fixed_dictionaries(
    {"id": KEYS, "parentId": KEYS, "role": ROLES, "content": WORDS, "timestamp": TIMES}
)
webui = st.fixed_dictionaries(
    {
        "id": KEYS,
        "chat": st.fixed_dictionaries(
            {
                "history": st.fixed_dictionaries(
                    {
                        "messages": st.dictionaries(
                            st.sampled_from("abcdef"),
                            st.one_of(ODD, webui_message),
                            max_size=6,
                        ),
                        "currentId": KEYS,
                    }
                )
            }
        ),
    }
)


def _is_blank(message: Any) -> bool:  # noqa: ANN401 JSON
    """Whether a node of a tree is no message."""
    if not isinstance(message, dict) or not message:
        return True
    content = message["content"]
    parts = content.get("parts", []) if isinstance(content, dict) else []
    return message["author"]["role"] == "system" and not any(parts)


def _held(talk: dict[str, Any]) -> int:
    """Count the messages an export holds."""
    if "mapping" in talk:
        nodes = talk["mapping"].values()
        return sum(not _is_blank(node["message"]) for node in nodes)
    if "chat_messages" in talk:
        return len([*talk["chat_messages"]])
    known: dict[str, Any] = talk["chat"]["history"]["messages"]
    return len(known)


@example(
    [export_samples.chatgpt(1), export_samples.claude(), export_samples.open_webui()]
)
@given(st.lists(st.one_of(chatgpt, claude, webui), min_size=1, max_size=4))
def test_every_message_of_an_export_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory,
    talks: list[Any],
) -> None:
    path = tmp_path_factory.mktemp("account") / "x.json"
    path.write_text(json.dumps(talks), "utf-8")
    tally = ImportCounts()
    with contextlib.closing(open_bundle(path)) as bundle:
        rows = [*recognise(bundle).rows(tally)]
    left = sum(count for why, count in tally.skipped.items() if why in OF_MESSAGES)
    assert tally.found == sum(map(_held, talks))
    assert tally.found == tally.messages + tally.joined + left
    entries = sum(count for why, count in tally.skipped.items() if why in OF_ENTRIES)
    assert tally.entries == len(talks) == tally.conversations + entries
    for row in rows:
        assert isinstance(row, ImportedConversation)
        ids = [message.id for message in row.messages]
        assert ids == sorted(set(ids))
