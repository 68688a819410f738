"""A sealed key opens with its secret and with nothing else."""

import pytest

from backend.keys.key_wrapping import Sealed, new_recovery_code, normal_code

KEY = bytes(range(32))


def test_a_sealed_key_opens_with_its_secret_alone() -> None:
    sealed = Sealed.make(KEY, "correct horse \ud800 battery")
    assert Sealed.from_json(sealed.to_json()) == sealed
    assert sealed.open("correct horse \ud800 battery") == KEY
    assert sealed.open("correct horse") is None
    assert Sealed.make(KEY, "a").box != Sealed.make(KEY, "a").box


def test_a_recovery_code_may_be_copied_from_paper() -> None:
    code = new_recovery_code()
    assert len(code) == 35
    assert code != new_recovery_code()
    sloppy = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert normal_code(sloppy) == normal_code(code)


@pytest.mark.parametrize(
    "change",
    [
        {"memory_kib": 2**40},
        {"memory_kib": "64"},
        {"rounds": 0},
        {"rounds": 10**9},
        {"salt": "not hexadecimal"},
        {"salt": ""},
        {"box": None},
        {"more": 1},
    ],
)
def test_a_key_file_that_was_tampered_with_is_refused(
    change: dict[str, object],
) -> None:
    data = Sealed.make(KEY, "secret").to_json()
    assert Sealed.from_json(data | change) is None
    assert Sealed.from_json([]) is None


def test_a_box_that_was_cut_opens_with_nothing() -> None:
    data = Sealed.make(KEY, "secret").to_json()
    for part in ("box", "nonce"):
        cut = Sealed.from_json(data | {part: "00"})
        assert cut is not None
        assert cut.open("secret") is None
