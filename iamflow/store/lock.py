"""One engine at a time on a SQLite file (DESIGN 8.10).

The lock is the operating system's (``flock``), so that it ends with the process, however that ends: holding it proves that
every earlier holder is dead, and its leases may be taken over.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iamflow.domain.errors import ConfigError
from iamflow.store.database import sqlite_file


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Who holds the lock, as far as he has said."""

    instance: str
    pid: int


class EngineLock:
    """The lock beside one database. On PostgreSQL, where leases do this work, it is always free."""

    def __init__(self, url: str, instance: str) -> None:
        """Name the database, and the process that would hold its lock."""
        file = sqlite_file(url)
        self._path = Path(f"{file}.lock") if file is not None else None
        self._instance = instance

    @contextmanager
    def acquire(self) -> Iterator[bool]:
        """Hold the lock for the length of a ``with``; yields False, without waiting, while another process holds it.

        Raises ``ConfigError`` where the lock file cannot be made.
        """
        if self._path is None:
            yield True
            return
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"the lock {self._path} cannot be made: {error.strerror}"
            raise ConfigError(message) from None
        try:
            yield self._try(descriptor)
        finally:
            os.close(descriptor)

    def holder(self) -> Holder | None:
        """Return who has said last that he holds the lock; None where nobody has. Says nothing about now."""
        try:
            said = json.loads(self._path.read_text("utf-8")) if self._path is not None else None
            return Holder(instance=str(said["instance"]), pid=int(said["pid"])) if said is not None else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _try(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"instance": self._instance, "pid": os.getpid()}).encode(), 0)
        return True
