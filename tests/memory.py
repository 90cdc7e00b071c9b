"""A file system in memory for the tests' files and databases: they commit thousands of times, and no test pulls the plug."""

import os
import shutil
from pathlib import Path

_SHARED = Path("/dev/shm")  # noqa: S108 - only folders of this run's own are made in it
_ROOM = 4 * 2**30
"""Bytes that must be free: many times what the tests take."""


def in_memory() -> Path | None:
    """Return a folder in memory with room for everything, or None where there is none."""
    usable = _SHARED.is_dir() and os.access(_SHARED, os.W_OK | os.X_OK)
    return _SHARED if usable and shutil.disk_usage(_SHARED).free > _ROOM else None
