"""Small exports of other programs, in the form those programs write them."""

from typing import Any

BEGAN = 1_700_000_000
"""14 November 2023, in seconds."""


def chatgpt(number: int = 1, title: str = "Stars") -> dict[str, Any]:
    """Return a conversation in which the first question was asked twice."""

    def node(
        key: str, parent: str | None, message: object, *children: str
    ) -> dict[str, Any]:
        return {"id": key, "parent": parent, "children": children, "message": message}

    def message(key: str, role: str, text: str, **data: object) -> dict[str, Any]:
        return {
            "id": f"{number}-{key}",
            "author": {"role": role},
            "create_time": BEGAN + number * 1000 + int(key, 36) + 0.25,
            "content": {"content_type": "text", "parts": [text]},
            "recipient": "all",
            "metadata": {},
        } | data

    thought = {
        "content_type": "thoughts",
        "thoughts": [{"summary": "Sum", "content": "Big balls of gas."}],
    }
    call = {"content_type": "code", "language": "python", "text": "print(1)"}
    model = {"model_slug": "gpt-4o"}
    return {
        "title": title,
        "create_time": BEGAN + number * 1000,
        "update_time": BEGAN + number * 1000 + 99,
        "conversation_id": f"chatgpt-{number}",
        "current_node": "6",
        "mapping": {
            "r": node("r", None, None, "0"),
            "0": node("0", "r", message("0", "system", ""), "1", "b"),
            "b": node("b", "0", message("b", "user", "What are the planets?"), "c"),
            "c": node("c", "b", message("c", "assistant", "Wanderers.")),
            "1": node("1", "0", message("1", "user", "What are stars?"), "2"),
            "2": node("2", "1", message("2", "assistant", "", content=thought), "3"),
            "3": node(
                "3",
                "2",
                message("3", "assistant", "", content=call, recipient="python"),
                "4",
            ),
            "4": node("4", "3", message("4", "tool", "1"), "5"),
            "5": node(
                "5", "4", message("5", "assistant", "Suns.", metadata=model), "6"
            ),
            "6": node("6", "5", message("6", "user", "Thank you.")),
        },
    }


def claude() -> dict[str, Any]:
    """Return a conversation with thinking and a pasted text."""
    return {
        "uuid": "claude-1",
        "name": "Bread",
        "created_at": "2024-05-01T10:00:00.000000Z",
        "updated_at": "2024-05-01T10:05:00.000000Z",
        "account": {"uuid": "a"},
        "chat_messages": [
            {
                "uuid": "m1",
                "text": "How do I bake?",
                "content": [{"type": "text", "text": "How do I bake?"}],
                "sender": "human",
                "created_at": "2024-05-01T10:00:01.000000Z",
                "attachments": [
                    {"file_name": "recipe.txt", "extracted_content": "500 g flour"}
                ],
                "files": [{"file_name": "photo.jpg"}],
            },
            {
                "uuid": "m2",
                "text": "Slowly.",
                "content": [
                    {"type": "thinking", "thinking": "Bread takes time."},
                    {"type": "tool_use", "name": "search", "input": {}},
                    {"type": "text", "text": "Slowly."},
                ],
                "sender": "assistant",
                "created_at": "2024-05-01T10:00:09.000000Z",
                "attachments": [],
                "files": [],
            },
        ],
    }


def open_webui() -> dict[str, Any]:
    """Return a chat whose answer was regenerated once."""
    reasoning = (
        '<details type="reasoning" done="true" duration="2">\n'
        "<summary>Thought for 2 seconds</summary>\n> Rain?\n</details>\n"
    )
    messages = {
        "u": {
            "id": "u",
            "parentId": None,
            "childrenIds": ["a", "b"],
            "role": "user",
            "content": "Weather?",
            "timestamp": BEGAN,
        },
        "a": {
            "id": "a",
            "parentId": "u",
            "childrenIds": [],
            "role": "assistant",
            "content": "Sun.",
            "model": "llama3:8b",
            "timestamp": BEGAN + 1,
        },
        "b": {
            "id": "b",
            "parentId": "u",
            "childrenIds": [],
            "role": "assistant",
            "content": f"{reasoning}Rain.",
            "model": "llama3:8b",
            "timestamp": BEGAN + 2,
        },
    }
    return {
        "id": "webui-1",
        "user_id": "x",
        "title": "Weather",
        "chat": {
            "title": "Weather",
            "models": ["llama3:8b"],
            "history": {"messages": messages, "currentId": "b"},
            "messages": [messages["u"], messages["b"]],
            "timestamp": BEGAN * 1000,
        },
        "created_at": BEGAN,
        "updated_at": BEGAN + 2,
    }


def chatbox() -> dict[str, Any]:
    """Return an export with a session that has an earlier thread."""
    said = [
        {
            "id": "s",
            "role": "system",
            "contentParts": [{"type": "text", "text": "Be."}],
        },
        {
            "id": "q",
            "role": "user",
            "contentParts": [{"type": "text", "text": "Tea?"}],
            "timestamp": BEGAN * 1000,
        },
        {
            "id": "w",
            "role": "assistant",
            "contentParts": [
                {"type": "reasoning", "text": "Hot."},
                {"type": "text", "text": "Green."},
                {"type": "image", "storageKey": "k"},
            ],
            "timestamp": BEGAN * 1000 + 500,
            "model": "gpt-4",
        },
    ]
    earlier = [
        {"id": "e", "role": "user", "content": "Old?", "timestamp": BEGAN * 1000}
    ]
    session = {
        "id": "box-1",
        "name": "Tea",
        "type": "chat",
        "messages": said,
        "threads": [{"id": "t", "name": "Before", "messages": earlier}],
    }
    return {
        "__exported_items": ["conversations"],
        "__exported_at": "2024-01-01T00:00:00.000Z",
        "settings": {"language": "en"},
        "session:box-1": session,
        "chat-sessions-list": [{"id": "box-1", "name": "Tea"}],
    }


def lm_studio() -> dict[str, Any]:
    """Return a conversation with two versions of the answer."""

    def block(text: str, **data: object) -> dict[str, Any]:
        content = [{"type": "text", "text": text}]
        return {"type": "contentBlock", "content": content} | data

    step = f"{BEGAN * 1000 + 2000}-0.123"
    versions = [
        {"type": "multiStep", "role": "assistant", "steps": [block("No.")]},
        {
            "type": "multiStep",
            "role": "assistant",
            "senderInfo": {"senderName": "qwen"},
            "steps": [
                block("Hm.", style={"type": "thinking"}, stepIdentifier=step),
                block("Yes.", genInfo={"indexedModelIdentifier": "qwen3-4b"}),
                {"type": "debugInfoBlock", "debugInfo": "x"},
            ],
        },
    ]
    asked = {"type": "singleStep", "role": "user", "content": [{"type": "text"}]}
    asked["content"] = [{"type": "text", "text": "Ready?"}]
    return {
        "name": "Ready",
        "createdAt": BEGAN * 1000,
        "messages": [
            {"versions": [asked], "currentlySelected": 0},
            {"versions": versions, "currentlySelected": 1},
        ],
    }


JAN_THREAD: dict[str, Any] = {
    "id": "jan-1",
    "object": "thread",
    "title": "Cats",
    "assistants": [{"assistant_id": "jan", "model": {"id": "mistral-7b"}}],
    "created": BEGAN,
}
JAN_MESSAGES: list[dict[str, Any]] = [
    {
        "id": "j1",
        "role": "user",
        "content": [{"type": "text", "text": {"value": "Purr?", "annotations": []}}],
        "created_at": BEGAN * 1000,
    },
    {
        "id": "j2",
        "role": "assistant",
        "content": [{"type": "text", "text": {"value": "<think>Cats.</think>Purr."}}],
        "created_at": BEGAN * 1000 + 900,
    },
]
