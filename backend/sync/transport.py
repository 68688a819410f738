"""What carries records from computer to computer."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final, NamedTuple, Protocol

from backend.errors import HearthError

WINDOW_BYTES: Final = 256 * 1024
"""About as much is read at once: what a person does meanwhile waits for its merging."""


PIECE_BYTES: Final = 256 * 1024
"""As much of a file is given or fetched at once: changes wait for no more than that."""


class TransportError(HearthError):
    """Records cannot be given or fetched now; the text says what to do."""

    status = 503


class FoundRecord(NamedTuple):
    """A record, or what stands where one should be, in a stream."""

    stream: str
    record: bytes


class Exchanged(NamedTuple):
    """What one exchange came to.

    Attributes:
        kept: The numbers of those of our records that are kept as they are.
        head: The last number of our stream.
        last: The hash of the header of that record; "" when there is none.
        found: What is new in other streams.
    """

    kept: Sequence[int]
    head: int
    last: str
    found: Sequence[FoundRecord]


class Transport(Protocol):
    """Keeps the streams of a group; methods block."""

    def begin(self) -> None:
        """Make the place of the group, where there is none yet.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def exchange(
        self,
        stream: str,
        records: Sequence[tuple[int, bytes]],
        known: Mapping[str, int | None],
    ) -> Exchanged:
        """Keep records of our stream, and return what others have after what is known.

        A stream of which None is known is left out.

        Only what follows directly on what is kept is taken: a gap would hide that
        something was lost.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def heads(self) -> Mapping[str, bytes]:
        """Return how each stream ends there: the beginning of its last record.

        It is as long as the signature goes: what is said of others can be checked.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def rewrite(self, stream: str, n: int, change: Callable[[bytes], bytes]) -> None:
        """Replace a record of ours by what is made of it, of the same size.

        Nothing is done where it is not there.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def drop_stream(self, stream: str) -> None:
        """Remove a stream of ours, if it is there.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def files(self) -> Set[str]:
        """Return the names of the files that are kept whole.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def pieces(self, name: str) -> Mapping[int, int]:
        """Return which pieces of a file are there, each with its size.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def put_piece(self, name: str, number: int, count: int, data: bytes) -> None:
        """Keep a piece of a file; they come in their order, each of the same size.

        Args:
            name: Of the file, made of it.
            number: Of the piece, from 0.
            count: How many there are.
            data: The piece.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def get_piece(self, name: str, number: int) -> bytes | None:
        """Return a piece of a file, as it is there; None when it is not.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def drop_file(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def leave(self, name: str, data: bytes) -> None:
        """Leave something for a computer that is to join.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def take(self, name: str) -> bytes | None:
        """Return what was left under a name, if it is there yet.

        Raises:
            TransportError: That is not possible now.
        """
        ...

    def drop(self, name: str) -> None:
        """Remove what was left under a name."""
        ...

    def close(self) -> None:
        """Let go of what is held open; it can be used again."""
        ...
