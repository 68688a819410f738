"""Reads assistants as the user or a file states them, and says what is wrong."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from backend.errors import InvalidInputError
from backend.llm.options import AS_SET, Parameters
from backend.services.engines.choices import Choice
from backend.services.engines.option_forms import read_parameters
from backend.services.icons import ICONS
from backend.services.item_files import ItemFile
from backend.services.settings import checked_instructions

if TYPE_CHECKING:
    from backend.store.models import Assistant

MAX_NAME_CHARS: Final = 80
MAX_INSTRUCTIONS_CHARS: Final = 32_000
MAX_IMPORTED: Final = 500
_FILE: Final = ItemFile(
    format="hearth-assistants", key="assistants", noun="assistants", most=MAX_IMPORTED
)
ICON: Final = "sparkles"
PARAMETERS: Final = (
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "reasoning_effort",
    "stop",
)

Facts = dict[str, str]
"""Fields of an assistant, or of its form, by name."""

EMPTY_FORM: Final[Mapping[str, str]] = {
    "name": "",
    "icon": ICON,
    "instructions": "",
    "choice": "",
    **dict.fromkeys(PARAMETERS, ""),
}
"""The fields of the form, as they are before anything is typed."""


def read_form(form: Mapping[str, str]) -> Facts:
    """Return the facts of an assistant.

    Raises:
        InvalidInputError: One of them cannot be used; the sentence says which.
    """
    choice = Choice.parse(form.get("choice", ""))
    return _facts(
        form.get("name", ""),
        form.get("icon", ""),
        form.get("instructions", ""),
        read_parameters(form, AS_SET),
    ) | {
        "engine_id": choice.engine_id if choice else "",
        "model": choice.model if choice else "",
    }


def to_form(assistant: "Assistant") -> Facts:
    """Return an assistant as its form would send it."""
    parameters = parameters_in(assistant.parameters)
    values = {name: getattr(parameters, name) for name in PARAMETERS}
    values["stop"] = "\n".join(parameters.stop)
    return {
        "name": assistant.name,
        "icon": assistant.icon,
        "instructions": assistant.instructions,
        "choice": str(Choice.of(assistant.engine_id, assistant.model) or ""),
    } | {name: "" if value is None else str(value) for name, value in values.items()}


def to_draft(form: Mapping[str, str]) -> str:
    """Return a form that is being filled in as a text to keep; nothing is checked."""
    return json.dumps({name: form.get(name, "") for name in EMPTY_FORM})


def from_draft(draft: str) -> Facts:
    """Return the form that was kept; an empty one where there is none."""
    return dict(json.loads(draft)) if draft else {}


def drafted_parameters(form: Mapping[str, str]) -> Parameters:
    """Return the parameters of a form; what cannot be is not set."""
    parameters = AS_SET
    for name in PARAMETERS:
        with suppress(InvalidInputError):
            parameters = read_parameters({name: form.get(name, "")}, parameters)
    return parameters


def parameters_in(text: str) -> Parameters:
    """Return parameters as they are kept; what cannot be read is not set."""
    data: object = {}
    with suppress(ValueError, RecursionError):
        data = json.loads(text or "{}")
    return Parameters.read(data if isinstance(data, Mapping) else {})


def to_file(assistants: "Sequence[Assistant]") -> str:
    """Return assistants as the text of a file.

    Models are named without the engine that has them, as engines are left out of it.
    """
    items = [
        {
            "name": one.name,
            "icon": one.icon,
            "instructions": one.instructions,
            "model": one.model,
            "parameters": parameters_in(one.parameters).to_body(),
        }
        for one in assistants
    ]
    return _FILE.write(items)


def from_file(content: str) -> list[Facts]:
    """Return the assistants in the text of a file.

    Raises:
        InvalidInputError: It is no such file, or one of them cannot be used.
    """
    return [as_imported(row) for row in _FILE.read(content)]


def is_usable(row: Mapping[str, object]) -> bool:
    """Whether an assistant of another Hearth can be used."""
    try:
        as_imported(row)
    except InvalidInputError:
        return False
    return True


def as_imported(row: Mapping[str, object]) -> Facts:
    """Return the facts of an assistant of a file, without its model.

    Raises:
        InvalidInputError: It cannot be used; the sentence says why.
    """
    texts = {name: str(row.get(name, "")) for name in ("name", "icon", "instructions")}
    found = row.get("parameters")
    parameters = Parameters.read(found if isinstance(found, Mapping) else {})
    return _facts(**texts, parameters=parameters)


def _facts(name: str, icon: str, instructions: str, parameters: Parameters) -> Facts:
    name = " ".join(name.split())
    if not name:
        raise InvalidInputError("Give the assistant a name.")
    if len(name) > MAX_NAME_CHARS:
        raise InvalidInputError(f"The name is longer than {MAX_NAME_CHARS} characters.")
    body = parameters.to_body()
    return {
        "name": name,
        "icon": icon if icon in ICONS else ICON,
        "instructions": checked_instructions(
            instructions.strip(), MAX_INSTRUCTIONS_CHARS
        ),
        "parameters": json.dumps(body) if body else "",
    }
