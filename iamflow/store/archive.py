"""The file of a backup: gzip of JSON lines, the same for both databases.

The first line is the header: format, schema, what the database is bound to, and how many rows each table has. Then come the
rows, table by table in that order, each an array of its columns; times are text in UTC. The last line has a digest of all
before it, under the journal's key: a file that was damaged, cut off or changed is refused, whoever changed it. The key
itself is not in the file. Both ways nothing but a line is held in memory.
"""

import gzip
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from iamflow.domain.errors import InputError
from iamflow.domain.journal import canonical, genesis
from iamflow.store.bulk import Plain

FORMAT = "iamflow backup"
VERSION = 1

_LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. No row of iamflow's comes near; a file that is something else may have no line ends at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One table in the file."""

    name: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a file says of itself before its rows."""

    schema: str
    made_at: str
    """UTC; the snapshot was taken then, or a moment later."""
    sandbox: bool
    partition: str
    key_fingerprint: str
    sections: tuple[Section, ...]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(section.rows for section in self.sections)


class Writer:
    """Writes lines to an open file, and the digest at the end."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        """Take the file, open for writing, and the journal's key."""
        # Without the time and the name, the same content gives the same file.
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=6, mtime=0)
        self._digest = _digest(key)

    def header(self, header: Header) -> None:
        """Write the header."""
        self._line(canonical({"format": FORMAT, "version": VERSION, **asdict(header)}))

    def row(self, values: Sequence[object]) -> None:
        """Write one row. Raises ``TypeError`` for a value that no column of iamflow's holds."""
        self._line(json.dumps(values, ensure_ascii=False, separators=(",", ":")))

    def end(self) -> None:
        """Write the digest, and finish the compressed stream."""
        self._gzip.write(canonical({"digest": self._digest.hexdigest()}).encode() + b"\n")
        self._gzip.close()

    def _line(self, text: str) -> None:
        line = text.encode() + b"\n"
        self._digest.update(line)
        self._gzip.write(line)


class Reader:
    """Reads a file from its beginning: the header at once, then the rows."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Take the file, open for reading. Raises ``InputError`` where it is no backup, or one of a newer version."""
        self._gzip = gzip.GzipFile(fileobj=file, mode="rb")
        self._name = name
        with self._translated():
            self._first = self._line()
            self.header = self._header(json.loads(self._first))

    def rows(self, key: bytes) -> Iterator[tuple[Section, list[Plain]]]:
        """Yield every row with its table. Raises ``InputError`` in the end, if not before, unless the file is whole."""
        digest = _digest(key)
        digest.update(self._first)
        for section in self.header.sections:
            for _ in range(section.rows):
                with self._translated():
                    line = self._line()
                    digest.update(line)
                    values = json.loads(line)
                    if not isinstance(values, list) or len(values) != len(section.columns):
                        raise ValueError(section.name)
                yield section, values
        with self._translated():
            said = json.loads(self._line())["digest"]
            if not hmac.compare_digest(said, digest.hexdigest()) or self._gzip.read(1):
                raise ValueError(said)

    def _line(self) -> bytes:
        line = self._gzip.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def _header(self, said: Any) -> Header:  # noqa: ANN401 - any JSON value
        if not isinstance(said, dict) or said.pop("format", None) != FORMAT:
            message = f"{self._name} is no backup of iamflow's (iamflow db backup)"
            raise InputError(message)
        version = said.pop("version")
        if version != VERSION:
            message = (
                f"{self._name} is a backup of version {version}, and this iamflow knows {VERSION}: upgrade iamflow"
            )
            raise InputError(message)
        sections = tuple(
            Section(name=str(found["name"]), columns=tuple(found["columns"]), rows=int(found["rows"]))
            for found in said.pop("sections")
        )
        return Header(**said, sections=sections)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except gzip.BadGzipFile:
            message = f"{self._name} is no backup of iamflow's, or damaged: nothing was restored"
            raise InputError(message) from None
        except EOFError:
            message = f"{self._name} ends too early: it was cut off; nothing was restored"
            raise InputError(message) from None
        except (zlib.error, ValueError, KeyError, TypeError):
            message = f"{self._name} is damaged, or was changed: nothing was restored"
            raise InputError(message) from None


@contextmanager
def reading(file: Path) -> Iterator[Reader]:
    """Open a backup. Raises ``InputError`` as ``Reader`` does, and where there is no such file."""
    try:
        opened = file.open("rb")
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise InputError(message) from None
    with opened:
        yield Reader(opened, str(file))


def _digest(key: bytes) -> "hmac.HMAC":
    return hmac.new(genesis(key, "backup").encode(), digestmod=hashlib.sha256)
