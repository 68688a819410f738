"""Two texts are compared so that nothing is missing and nothing is in between."""

from hypothesis import given
from hypothesis import strategies as st

from backend.services.differences import Part, Side, compare


def shown(parts: list[Part]) -> str:
    signs = {Side.BOTH: "{}", Side.BEFORE: "[-{}]", Side.AFTER: "[+{}]"}
    return "".join(signs.get(part.side, "…").format(part.text) for part in parts)


def test_equal_texts_have_no_differences() -> None:
    assert compare("fire", "fire") == []


def test_changed_words_stand_beside_each_other() -> None:
    parts = compare("The fire is hot.", "The fire is very cold.")
    assert shown(parts) == "The fire is [-hot][+very cold]."


def test_unchanged_lines_far_from_a_change_are_left_out() -> None:
    lines = [f"line {number}\n" for number in range(20)]
    changed = [*lines[:10], "another\n", *lines[11:]]
    assert shown(compare("".join(lines), "".join(changed))) == (
        "…line 7\nline 8\nline 9\n[-line 10][+another]\nline 11\nline 12\n…"
    )


def test_a_new_text_is_all_new() -> None:
    assert shown(compare("", "fire\nwater")) == "[+fire\nwater]"


def test_huge_texts_are_not_taken_apart() -> None:
    before, after = "a\n" * 6_000, "b\n" * 6_000
    assert [part.side for part in compare(before, after)] == [Side.BEFORE, Side.AFTER]


@given(
    st.text(alphabet="ab \n.", max_size=30),
    st.text(alphabet="ab \n.", max_size=30),
)
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    parts = compare(before, after) or [Part(Side.BOTH, before)]
    if any(part.side is Side.LEFT_OUT for part in parts):
        return
    for side, whole in ((Side.BEFORE, before), (Side.AFTER, after)):
        kept = (part.text for part in parts if part.side in {side, Side.BOTH})
        assert "".join(kept) == whole
