"""What a hub says is read for what it is worth; it is written by strangers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.builtin.projectors import quantisation_of, sees_with
from backend.llm.library.hub import (
    NotAHubError,
    is_repository,
    read_repository,
    read_search,
)
from tests.helpers.model_hub import COMMIT

SHA = "a" * 64
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)
    ),
    max_leaves=9,
)


def repository(*names: str, **others: Any) -> str:  # noqa: ANN401 any JSON
    files = [
        {"rfilename": name, "size": 10, "lfs": {"size": 10, "sha256": SHA}}
        for name in names
    ]
    data = {"id": "a/b", "sha": COMMIT, "siblings": files}
    return json.dumps(data | others)


def test_parts_are_one_model_and_what_it_sees_with_belongs_to_it() -> None:
    found = read_repository(
        repository(
            "big-Q8_0-00002-of-00002.gguf",
            "Q8/big-Q8_0-00001-of-00002.gguf",
            "small-Q4_K_M.gguf",
            "mmproj-small-F16.gguf",
            "README.md",
        )
    )
    small, big = sorted(found.variants, key=lambda one: one.name, reverse=True)
    assert (small.name, small.quantisation, small.bytes, small.parts) == (
        "small-Q4_K_M",
        "Q4_K_M",
        20,
        1,
    )
    assert [file.name for file in small.files][1:] == ["mmproj-small-F16.gguf"]
    assert [file.name for file in big.files] == [
        "big-Q8_0-00001-of-00002.gguf",
        "big-Q8_0-00002-of-00002.gguf",
    ]
    assert not big.sees


def test_a_model_with_a_part_missing_is_named_and_not_offered() -> None:
    found = read_repository(repository("big-Q8_0-00001-of-00002.gguf"))
    assert found.variants == ()
    assert found.incomplete == ("big-Q8_0",)


@pytest.mark.parametrize(
    "name",
    [
        "../out.gguf",
        "/etc/x.gguf",
        "a/../../x.gguf",
        "C:\\x.gguf",
        "c:x.gguf",
        "con.gguf",
        "a/nul/x.gguf",
        "x\n.gguf",
        "dot./x.gguf",
        "a//x.gguf",
        "x" * 300 + ".gguf",
        'quo"te.gguf',
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_passed_over(name: str) -> None:
    assert read_repository(repository(name)).variants == ()


@pytest.mark.parametrize(
    "file",
    [
        {"rfilename": "x.gguf", "size": 10},
        {"rfilename": "x.gguf", "lfs": {"size": 10, "sha256": "short"}},
        {"rfilename": "x.gguf", "lfs": {"size": -1, "sha256": SHA}},
        {"rfilename": "x.gguf", "lfs": {"size": True, "sha256": SHA}},
        {"rfilename": "x.gguf", "lfs": {"size": "10", "sha256": SHA}},
    ],
)
def test_what_cannot_be_checked_is_not_offered(file: dict[str, Any]) -> None:
    assert read_repository(repository(siblings=[file])).variants == ()


@pytest.mark.parametrize(
    ("name", "quantisation"),
    [
        ("Qwen3-4B-Q4_K_M", "Q4_K_M"),
        ("model.Q8_0", "Q8_0"),
        ("gemma-3-4b-it-UD-Q4_K_XL", "UD-Q4_K_XL"),
        ("model-iq2_xxs", "IQ2_XXS"),
        ("gpt-oss-20b-mxfp4", "MXFP4"),
        ("model-f16", "F16"),
        ("model-BF16", "BF16"),
        ("model-TQ1_0", "TQ1_0"),
        ("just a model", ""),
    ],
)
def test_how_weights_are_stored_is_read_from_the_name(
    name: str, quantisation: str
) -> None:
    assert quantisation_of(name) == quantisation


def test_a_search_keeps_what_is_a_model_and_knows_the_next_page() -> None:
    body = json.dumps(
        [
            {"id": "a/b", "downloads": 3, "gguf": {"context_length": 4096}},
            {"id": "no slash"},
            "text",
            {"id": "../x"},
            {"modelId": "c/d", "gated": "manual"},
        ]
    )
    found = read_search(body, '<https://hub/api/models?cursor=x>; rel="next"')
    assert [model.repository for model in found.models] == ["a/b", "c/d"]
    assert found.models[0].context == 4096
    assert found.models[1].is_gated
    assert found.next_page == "https://hub/api/models?cursor=x"
    assert read_search(body).next_page == ""


@pytest.mark.parametrize("body", ["", "<html>", "{}", "null", '{"error": "x"}'])
def test_a_page_that_is_no_list_is_refused(body: str) -> None:
    with pytest.raises(NotAHubError):
        read_search(body)


@pytest.mark.parametrize("name", ["a/b", "TheBloke/Mistral-7B_v0.1", "x.y/z"])
def test_names_of_repositories(name: str) -> None:
    assert is_repository(name)


@pytest.mark.parametrize("name", ["a", "a/b/c", "../b", "a/..", "a/", "a/b?", "con/x"])
def test_what_names_no_repository(name: str) -> None:
    assert not is_repository(name)


@given(VALUES, VALUES, VALUES)
def test_whatever_it_says_ends_in_a_value_or_in_a_refusal(
    first: object, second: object, third: object
) -> None:
    data = {"id": "a/b", "sha": COMMIT, "siblings": [first], "cardData": second}
    found = read_repository(json.dumps(data | {"tags": third, "gated": first}))
    assert found.repository == "a/b"
    read_search(json.dumps([first, second, {"id": "a/b", "gguf": third}]))


@pytest.mark.parametrize(
    ("projector", "owners"),
    [
        ("mmproj-small-F16.gguf", ["small-Q4_K_M", "small-Q8_0"]),
        ("mmproj-model-f16.gguf", ["small-Q4_K_M", "small-Q8_0", "big-Q8_0"]),
        ("mmproj-BF16.gguf", ["small-Q4_K_M", "small-Q8_0", "big-Q8_0"]),
        ("big.mmproj-Q8_0.gguf", ["big-Q8_0"]),
    ],
)
def test_a_projector_serves_the_models_it_names_or_all(
    projector: str, owners: list[str]
) -> None:
    models = ["small-Q4_K_M", "small-Q8_0", "big-Q8_0"]
    assert [one for one in models if sees_with(one, projector, models)] == owners
