"""A file of one's own on the host that runs iamflow, readable by its user alone: for local use and for trying out.

It is written whole or not at all: to a file beside it, which then takes its place. The probe stays beside it as ``….probe``.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from iamflow.aws.sinks.store import PROBE, Credential
from iamflow.domain.errors import BlockedError
from iamflow.domain.sink import Sink, SinkState, versions_in

if TYPE_CHECKING:
    from iamflow.aws.clients import Answer

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


class FileStore:
    """Fulfils ``SecretStore``."""

    def __init__(self, sink: Sink) -> None:
        """Keep to this file, and its probe."""
        self._path = Path(sink.name)
        self._probe = self._path.with_name(self._path.name + ".probe")

    def prove(self, version: str) -> "Iterator[Answer]":
        """Write the probe."""
        # Two tickets of a user may prove the same place at the same time: each by a file of its own.
        new = self._probe.with_name(f"{self._probe.name}.{version}.new")
        self._write(self._probe, new, json.dumps({"probe": PROBE, "version": version}))
        yield {}

    def deliver(self, version: str, credential: Credential) -> "Iterator[Answer]":
        """Write the credential."""
        new = self._path.with_name(f"{self._path.name}.new")
        self._write(self._path, new, credential.text(version=version))
        yield {}

    def state(self) -> SinkState:
        """Return the versions that the files name; what else is in them is forgotten at once."""
        versions: frozenset[str] = frozenset()
        for path in (self._path, self._probe):
            try:
                versions |= versions_in(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                raise self._unusable(error) from None
        return SinkState(versions=versions)

    def _write(self, path: Path, new: Path, text: str) -> None:
        try:
            path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), _PRIVATE_FILE)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> BlockedError:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        message = f"the file {self._path} for the secret cannot be used ({reason}): check its folder and its owner"
        return BlockedError(message, code="sink")
