"""Reads a JSON file of findings that others wrote, one finding at a time, believing nothing about it.

Its findings stand in a list, in the ``Findings`` of an object (as ``aws securityhub get-findings`` prints them), or one after the
other (JSON lines). Memory holds one finding and one block at a time, however large the file is: a finding may have at most
``ELEMENT_LIMIT`` bytes.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from iamflow.domain.encoding import for_log
from iamflow.domain.errors import InputError
from iamflow.sources.csv_file import CsvFile

ELEMENT_LIMIT = 1024 * 1024
"""Characters of one finding. Security Hub allows 240 KB; Prowler's have about 20."""

_LIST_IN_OBJECT = re.compile(r'\{\s*"([Ff]indings)"\s*:\s*\[')
_BLANK = re.compile(r"[ \t\r\n]*")
_LONGEST_KEY = 100
_AFTER = "after the findings"

Element = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One finding and where it stands, as an error names it: ``Findings[3]``."""

    where: str
    says: Element


def elements(file: CsvFile, told: Callable[[bytes], None] = lambda _: None) -> Iterator[Found]:
    """Yield every finding of the file; ``told`` is given each block that is read. Raises ``InputError`` at what is no such file."""
    text = _Text(file=file, told=told, more=file.chunks())
    if text.peek() == "[":
        text.drop(1)
        yield from _listed(text, "")
    else:
        listed = text.starts_with(_LIST_IN_OBJECT)
        if listed is not None:
            text.drop(len(listed[0]))
            yield from _listed(text, listed[1])
            _rest_of_object(text)
        else:
            yield from _in_lines(text)
    if text.peek():
        reason = "something follows its end"
        raise file.fault(reason)


def _listed(text: "_Text", name: str) -> Iterator[Found]:
    if text.peek() == "]":
        text.drop(1)
        return
    number = 0
    while True:
        where = f"{name}[{number}]"
        yield Found(where=where, says=text.value(where))
        number += 1
        mark = text.peek()
        if mark not in {",", "]"}:
            raise text.fault(where, "it is followed by neither a comma nor the end of the list")
        text.drop(1)
        if mark == "]":
            return


def _rest_of_object(text: "_Text") -> None:
    """Read on to the end of the object: a NextToken may follow the findings."""
    while text.peek() == ",":
        text.drop(1)
        text.raw(_AFTER)
        if text.peek() != ":":
            raise text.fault(_AFTER, "a name lacks its value")
        text.drop(1)
        text.raw(_AFTER)
    if text.peek() != "}":
        raise text.fault(_AFTER, "the object does not end: the file is cut off")
    text.drop(1)


def _in_lines(text: "_Text") -> Iterator[Found]:
    number = 0
    while text.peek():
        number += 1
        where = f"finding {number}"
        says = text.value(where)
        listed = says.get("Findings", says.get("findings"))
        if not isinstance(listed, list):
            yield Found(where=where, says=says)
            continue
        for place, one in enumerate(listed):
            if not isinstance(one, dict):
                raise text.fault(f"Findings[{place}]", "it is no finding: an object is expected")
            yield Found(where=f"Findings[{place}]", says=one)


@dataclass(kw_only=True, slots=True)
class _Text:
    """The text that was read and not yet used."""

    file: CsvFile
    told: Callable[[bytes], None]
    more: Iterator[bytes]
    _text: str = ""
    _at: int = 0
    """How much of it is used."""
    _ended: bool = False
    _utf8: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def peek(self) -> str:
        """Return the next character that is not blank, nothing at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank is not None else self._at
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def starts_with(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return how the text that was read begins, blanks before it left out."""
        self.peek()
        return pattern.match(self._text, self._at)

    def drop(self, count: int) -> None:
        """Leave so many characters behind."""
        self._at += count

    def value(self, where: str) -> Element:
        """Return the next value, which must be an object."""
        found = self.raw(where)
        if not isinstance(found, dict):
            raise self.fault(where, "it is no finding: an object is expected")
        return found

    def raw(self, where: str) -> object:
        """Return the next value, whatever it is."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                problem = f"it is not well-formed JSON ({for_log(error.msg, limit=80)})"
            except RecursionError:
                raise self.fault(where, "it is nested too deeply") from None
            except ValueError as error:
                raise self.fault(where, for_log(str(error), limit=200)) from None
            else:
                # A number at the very end of what was read may go on.
                if end < len(self._text) or not self._fill():
                    self._at = end
                    found: object = value
                    return found
                continue
            if len(self._text) - self._at > ELEMENT_LIMIT:
                raise self.fault(where, f"{problem}, or it is longer than {ELEMENT_LIMIT // 1024**2} MiB")
            if not self._fill():
                raise self.fault(where, problem)

    def fault(self, where: str, reason: str) -> InputError:
        """Return the error for this place of the file."""
        return self.file.fault(f"{where}: {reason}")

    def _fill(self) -> bool:
        if self._ended:
            return False
        data = next(self.more, b"")
        self._ended = not data
        self.told(data)
        try:
            self._text = self._text[self._at :] + self._utf8.decode(data, final=self._ended)
            self._at = 0
        except UnicodeDecodeError:
            reason = "it is not UTF-8: save it as JSON in UTF-8"
            raise self.file.fault(reason) from None
        return True


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that says two things under one name: whoever reads it would have to choose."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the name {for_log(twice, limit=_LONGEST_KEY)!r} stands twice in one object"
        raise ValueError(message)
    return made


def _constant(name: str) -> object:
    message = f"{name} is no value in JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
