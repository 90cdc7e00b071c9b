"""Finds keys of which a file says two things, in 16 bytes a row: reports can have millions of rows."""

from array import array
from collections.abc import Iterable

_BUCKETS = 1024


class Duplicates:
    """Hashes of keys and of what was said of them, spread over buckets that fit in memory one at a time."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def note(self, keys: Iterable[str], said: Iterable[tuple[str, ...]]) -> None:
        """Note what rows say of keys."""
        buckets = self._buckets
        for key, words in zip(map(hash, keys), map(hash, said), strict=True):
            buckets[key % _BUCKETS].extend((key, words))

    def contradicted(self) -> frozenset[int]:
        """Return the hashes of keys of which different things were said. Two keys may share a hash: compare the keys then."""
        found: set[int] = set()
        for bucket in self._buckets:
            first: dict[int, int] = {}
            found.update(
                key for key, said in zip(bucket[::2], bucket[1::2], strict=True) if first.setdefault(key, said) != said
            )
        return frozenset(found)
