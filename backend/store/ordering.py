"""Places between places: text keys that sort, and always leave room for another."""

from typing import Final

DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def between(low: str, high: str) -> str:
    """Return a key that sorts after `low` and before `high`.

    Args:
        low: The key before; "" for the start.
        high: The key after, greater than `low`; "" for the end.
    """
    if high and low >= high:
        raise ValueError("there is no place between keys out of order")
    shared = _shared(low, high)
    if shared:
        return high[:shared] + between(low[shared:], high[shared:])
    first = DIGITS.index(low[0]) if low else 0
    last = DIGITS.index(high[0]) if high else len(DIGITS)
    if last - first > 1:
        return DIGITS[(first + last) // 2]
    if len(high) > 1:
        return high[0]
    return DIGITS[first] + between(low[1:], "")


def spread(count: int) -> list[str]:
    """Return this many rising keys with even room between them."""
    width = 1
    while len(DIGITS) ** width <= count:
        width += 1
    step = len(DIGITS) ** width // (count + 1)
    return [_key(step * place, width) for place in range(1, count + 1)]


def _key(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    # A zero at the end would leave no room before it.
    return digits.rstrip(DIGITS[0])


def _shared(low: str, high: str) -> int:
    """Return how many digits both begin with; a missing digit of `low` is a zero."""
    padded = low.ljust(len(high), DIGITS[0])
    pairs = zip(padded, high, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
