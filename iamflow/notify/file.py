"""Leaves notices as ``.eml`` files in a folder: for trying iamflow out, and for a mail system that picks them up."""

import hashlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path

from iamflow.domain.clock import Clock
from iamflow.domain.encoding import for_log
from iamflow.domain.errors import TemporaryError
from iamflow.domain.notice import Notice
from iamflow.notify.mail import checked_sender, compose

_SENDER = "iamflow@iamflow.invalid"
"""Stands in where no sender is set; nothing is ever delivered from or to ``.invalid`` (RFC 2606)."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_SLUG = 60


class FileChannel:
    """Writes each notice as one mail into a folder that only its owner may read."""

    name = "file"

    def __init__(self, folder: Path, sender: str | None, clock: Clock) -> None:
        """Check the sender; the folder is made when the first notice comes. Raises ``ConfigError``."""
        self._folder = folder
        self._sender = checked_sender(sender) if sender is not None else _SENDER
        self._clock = clock

    def send(self, notice: Notice, promised_at: datetime | None) -> None:
        """Write the notice; returning means that it is on the disk, whole, under its name.

        Raises ``TemporaryError`` where it cannot be written, ``PermanentError`` where it cannot be addressed or worded.
        """
        now = self._clock.now()
        content = compose(notice, promised_at, sender=self._sender, now=now).as_bytes()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._folder, file_name(notice, now), content)
        except OSError as error:
            message = f"the notice cannot be written to {for_log(str(self._folder))}: {error.strerror}"
            raise TemporaryError(message) from error

    def probe(self) -> None:
        """Write and remove a file as ``send`` would, but no notice, and make no folder. Raises ``TemporaryError``."""
        folder = self._folder
        while not os.path.lexists(folder):
            folder = folder.parent
        try:
            # Without a name where the system can: whoever watches the folder sees nothing.
            with tempfile.TemporaryFile(dir=folder):
                return
        except OSError as error:
            message = f"notices cannot be written to {for_log(str(self._folder))}: {error.strerror}"
            raise TemporaryError(message) from error


def file_name(notice: Notice, now: datetime) -> str:
    """Return a name that sorts by time and tells which notice it is; what is left out of the key is hashed into it."""
    slug = _UNSAFE.sub("-", notice.dedupe_key).strip("-")[:_LONGEST_SLUG]
    digest = hashlib.sha256(notice.dedupe_key.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{now:%Y%m%dT%H%M%S.%fZ}-{slug}-{digest}.eml"


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write under a name of its own, then rename: whoever watches the folder never sees half a mail."""
    draft = folder / f".{name}.{os.getpid()}.tmp"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
