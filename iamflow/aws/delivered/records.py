"""The records in an object that a trail delivered, read in pieces: whoever can write to the bucket must not fill the memory.

An object is ``{"Records": [{…}, …]}``, gzipped. One that is cut off, holds anything else or expands without end is an error.
"""

import codecs
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Record: TypeAlias = Mapping[str, Any]

MOST = 256 * 2**20
"""The most bytes that an object may expand to. What AWS delivers every few minutes is far below it."""
_RECORD_MOST = 4 * 2**20
"""The most characters of one record; AWS's are below one MiB."""
_PIECE = 2**18
_GZIP = 31
"""zlib's word for a gzip header with a checksum at the end."""
_BEGIN = re.compile(r'\s*\{\s*"Records"\s*:\s*\[')
_BEGIN_MOST = 1024
_END = re.compile(r"\]\s*\}\s*")
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


class MalformedError(ValueError):
    """An object is not what a trail delivers; the message says in which way, and quotes nothing of it."""


def records(chunks: Iterable[bytes]) -> Iterator[Record]:
    """Yield the records of an object, given its bytes in order. Raises ``MalformedError``."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    splitter = _Splitter()
    try:
        for piece in _expanded(chunks):
            yield from splitter.feed(decoder.decode(piece))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        message = "is not written in UTF-8"
        raise MalformedError(message) from error
    except RecursionError as error:
        message = "holds a record that is nested too deeply"
        raise MalformedError(message) from error
    splitter.require_end()


def _expanded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    expander = zlib.decompressobj(wbits=_GZIP)
    size = 0
    try:
        for chunk in chunks:
            waiting = chunk
            while waiting:
                if expander.eof:
                    message = "goes on after its end"
                    raise MalformedError(message)
                piece = expander.decompress(waiting, _PIECE)
                waiting = expander.unused_data or expander.unconsumed_tail
                size += len(piece)
                if size > MOST:
                    message = f"expands to more than {MOST // 2**20} MiB"
                    raise MalformedError(message)
                yield piece
    except zlib.error as error:
        message = "is not a whole gzip file"
        raise MalformedError(message) from error
    if not expander.eof:
        message = "is cut off"
        raise MalformedError(message)


class _Splitter:
    """Cuts a text that comes in pieces into its records, holding no more than one of them and a piece."""

    def __init__(self) -> None:
        self._text = ""
        self._begun = False
        self._ended = False

    def feed(self, text: str) -> Iterator[Record]:
        """Yield the records that are whole by now."""
        self._text += text
        place = 0 if self._begun else self._begin()
        while self._begun and not self._ended:
            place = _matched_end(_BETWEEN, self._text, place)
            if place == len(self._text):
                break
            if self._text[place] == "]":
                self._ended = True
                break
            found = self._one(place)
            if found is None:
                break
            record, place = found
            yield record
        self._text = self._text[place:]
        if self._ended and len(self._text) > _BEGIN_MOST:
            self.require_end()

    def require_end(self) -> None:
        """Raise unless the records have come to their end, and nothing follows it."""
        if not self._ended:
            message = "ends in the midst of its records" if self._begun else "holds no records"
            raise MalformedError(message)
        if _END.fullmatch(self._text) is None:
            message = "holds more than its records"
            raise MalformedError(message)

    def _begin(self) -> int:
        found = _BEGIN.match(self._text)
        if found is None and len(self._text) > _BEGIN_MOST:
            message = "does not begin with records"
            raise MalformedError(message)
        self._begun = found is not None
        return found.end() if found is not None else 0

    def _one(self, place: int) -> tuple[Record, int] | None:
        """Return the record that begins there and the place after it; None while the rest of it has not come."""
        if self._text[place] != "{":
            message = "holds something that is no record"
            raise MalformedError(message)
        try:
            record, end = _DECODER.raw_decode(self._text, place)
        except ValueError as error:
            if len(self._text) - place > _RECORD_MOST:
                message = "holds a record that cannot be read, or has no end"
                raise MalformedError(message) from error
            return None
        return record, end


def _matched_end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return place if found is None else found.end()
