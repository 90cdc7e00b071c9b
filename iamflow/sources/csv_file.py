"""Reads a CSV file that others wrote: twice, in blocks, believing nothing about it.

A row is a line: a cell with a line break in it is refused, so that every row has the number that an editor shows. The first
pass notes the running hash after each block; the second compares it before it hands the block's rows on, so that no row of
a file that has changed in between is ever used.
"""

import csv
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from iamflow.domain.encoding import for_log
from iamflow.domain.errors import InputError

_BLOCK = 1 << 20
_ROW_LIMIT = 8 * 1024
"""Bytes of one row; a report's rows have about 200."""
FILE_LIMIT = 2 * 1024**3
"""Bytes; at 200 a row, ten million keys."""
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

_NAMED_DATE = re.compile(r"_([0-9]{8})_([0-9]{6})\.csv", re.IGNORECASE)
LONGEST_SOURCE = 200
"""Characters of a file's name that are kept as the source of its findings."""

Progress = Callable[[int, int], None]
"""Told the bytes read so far, and the size of the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Consecutive rows. ``first`` is the number of the first one; the file's header is row 1. An empty line is an empty row."""

    first: int
    rows: Sequence[list[str]]
    bytes_read: int
    digest: bytes
    """SHA-256 of the file up to the end of this block."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CsvFile:
    """A CSV file and how errors name it."""

    path: Path
    label: str | None = None
    """How it is called where the path is only a copy's: ``s3://bucket/key``."""

    @property
    def name(self) -> str:
        """The file's name, fit for a message."""
        return for_log(self.label or str(self.path))

    def source(self, format_name: str) -> str:
        """Return the file as the source of findings: ``iam-audit:FILE``."""
        return f"{format_name}:{for_log(self.label or self.path.name, limit=LONGEST_SOURCE)}"

    def fault(self, reason: str, row: int | None = None) -> InputError:
        """Return the error for this file: one line, with the row where there is one."""
        return InputError(f"{self.name}: row {row}: {reason}" if row is not None else f"{self.name}: {reason}")

    def size(self) -> int:
        """Return the file's size in bytes. Raises ``InputError`` for what cannot be read or is not a regular file."""
        with self._open() as file:
            return os.fstat(file.fileno()).st_size

    def date_in_name(self) -> datetime | None:
        """Return the time in a name such as ``iam_audit_report_20261124_001111.csv``, which the audit writes in UTC."""
        found = _NAMED_DATE.search(self.path.name)
        if found is None:
            return None
        try:
            return datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None

    def modified(self) -> float:
        """Return when the file was last written, in seconds since 1970, UTC."""
        with self._open() as file:
            return os.fstat(file.fileno()).st_mtime

    def header(self) -> list[str]:
        """Return the cells of the first row."""
        return list(next(self.blocks()).rows[0])

    def start(self) -> bytes:
        """Return the first bytes, up to a block, without a byte order mark. Raises ``InputError`` for what is no such text."""
        with self._open() as file:
            return self._begin(self._read(file))

    def chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes without a byte order mark, in blocks. Raises ``InputError`` for what is too large or no text."""
        with self._open() as file:
            self._bounded(file)
            data = self._begin(self._read(file))
            while data:
                if b"\0" in data:
                    reason = "it holds a NUL byte: it is not text in UTF-8, or it is damaged"
                    raise self.fault(reason)
                yield data
                data = self._read(file)

    def blocks(self) -> Iterator[Block]:
        """Yield the rows in blocks, at least one. Raises ``InputError`` for anything that is not a plain CSV file."""
        with self._open() as file:
            self._bounded(file)
            yield from self._blocks(file)

    def _bounded(self, file: BinaryIO) -> None:
        if os.fstat(file.fileno()).st_size > FILE_LIMIT:
            reason = f"it is larger than {FILE_LIMIT // 1024**3} GiB"
            raise self.fault(reason)

    def _blocks(self, file: BinaryIO) -> Iterator[Block]:
        digest, read, row, rest = hashlib.sha256(), 0, 1, b""
        while True:
            data = self._read(file)
            digest.update(data)
            read += len(data)
            if row == 1 and not rest:
                data = self._begin(data)
            lines, rest = self._split(rest + data, row, last=not data)
            if lines:
                yield Block(first=row, rows=self._rows(lines, row), bytes_read=read, digest=digest.digest())
                row += len(lines)
            if not data:
                return

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(_BLOCK)
        except OSError as error:
            raise self.fault(f"it cannot be read: {error.strerror}") from error

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        try:
            # Without O_NONBLOCK, opening a named pipe that nobody writes to would wait for ever.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise self.fault(f"it cannot be opened: {reason}") from error
        try:
            kind = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(kind):
                raise self.fault("it is a folder" if stat.S_ISDIR(kind) else "it is not a regular file")
            # Buffered, so that a read ends early only where the file does: both passes must see the same blocks.
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                yield file
        finally:
            os.close(descriptor)

    def _begin(self, data: bytes) -> bytes:
        """Return the first bytes without a byte order mark."""
        if data.startswith(_UTF16_BOMS):
            reason = "it is UTF-16: save it as CSV in UTF-8"
            raise self.fault(reason)
        text = data.removeprefix(_UTF8_BOM)
        if not text:
            reason = "it is empty"
            raise self.fault(reason)
        return text

    def _split(self, data: bytes, row: int, *, last: bool) -> tuple[list[bytes], bytes]:
        """Return the complete lines, and the bytes after the last line break, which the next block continues."""
        *lines, rest = data.split(b"\n")
        if last and rest:
            lines, rest = [*lines, rest], b""
        if b"\0" in data:
            number = next((n for n, line in enumerate(lines) if b"\0" in line), len(lines))
            reason = "it holds a NUL byte: it is not a CSV file in UTF-8, or it is damaged"
            raise self.fault(reason, row + number)
        if len(max(lines, key=len, default=b"")) > _ROW_LIMIT or len(rest) > _ROW_LIMIT:
            number = next((n for n, line in enumerate(lines) if len(line) > _ROW_LIMIT), len(lines))
            reason = f"the row is longer than {_ROW_LIMIT // 1024} KiB"
            raise self.fault(reason, row + number)
        return lines, rest

    def _rows(self, lines: list[bytes], row: int) -> list[list[str]]:
        try:
            rows = list(csv.reader(map(bytes.decode, lines), strict=True))
        except (csv.Error, UnicodeDecodeError):
            rows = []
        # A quoted cell with a line break in it makes fewer rows than lines.
        return rows if len(rows) == len(lines) else self._one_by_one(lines, row)

    def _one_by_one(self, lines: list[bytes], row: int) -> list[list[str]]:
        """Parse line by line, to find the one that is at fault and say what is wrong with it."""
        rows = []
        for number, line in enumerate(lines, start=row):
            try:
                rows += list(csv.reader([line.decode()], strict=True)) or [[]]
            except UnicodeDecodeError as error:
                reason = "it is not UTF-8: save it as CSV in UTF-8"
                raise self.fault(reason, number) from error
            except csv.Error as error:
                raise self.fault(_explained(str(error)), number) from error
        return rows


def _explained(reason: str) -> str:
    if "unexpected end of data" in reason:
        return "a quoted cell is not closed on its line: the file is cut off, or a cell holds a line break"
    if "new-line" in reason:
        return "there is a carriage return inside the row"
    return f"it is not well-formed CSV ({for_log(reason, limit=80)})"
