"""What was read of a trail's bucket, kept so that the next ticket of the same account need not have it read again."""

import threading
from collections import OrderedDict

from iamflow.aws.delivered.extract import Extract

MOST = 64 * 2**20
"""About how many bytes are kept: the events of IAM users of some weeks in most organisations. Beyond it, the oldest go."""


class Extracts:
    """Extracts by the object's name and ETag, those that were used last. Safe to share between threads."""

    def __init__(self, most: int = MOST) -> None:
        """Begin empty; keep about so many bytes."""
        self._most = most
        self._lock = threading.Lock()
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], Extract] = OrderedDict()

    def get(self, key: str, etag: str) -> Extract | None:
        """Return what was kept of an object; None where nothing is."""
        with self._lock:
            found = self._kept.get((key, etag))
            if found is not None:
                self._kept.move_to_end((key, etag))
            return found

    def put(self, key: str, etag: str, extract: Extract) -> None:
        """Keep it, in place of what was not used for the longest time."""
        with self._lock:
            before = self._kept.pop((key, etag), None)
            self._size += extract.size - (before.size if before is not None else 0)
            self._kept[key, etag] = extract
            while self._size > self._most and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].size
