"""Frozen values as JSON text, in an envelope that says which version of their shape it is: ``{"v":1,"d":…}``.

The shape is that of the dataclasses in ``iamflow.domain``. When one changes so that old text no longer fits, its version
here goes up and a reader for the old one is added; readers are never removed (DESIGN 8.21).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from iamflow.domain.errors import SchemaError
from iamflow.domain.evidence import Baseline
from iamflow.domain.facts import Finding, KeyFacts
from iamflow.domain.notice import Notice
from iamflow.domain.people import Identity
from iamflow.domain.ticket import Owner, Progress, Word
from iamflow.store.types import clean

T = TypeVar("T")


class Document(Generic[T]):
    """Writes and reads one type of value."""

    def __init__(
        self, type_: type[T], *, version: int = 1, readers: Mapping[int, Callable[[Any], Any]] | None = None
    ) -> None:
        """Name the type, the version of its present shape, and how each older shape becomes the present one."""
        self.type = type_
        self._version = version
        self._adapter = TypeAdapter(type_)
        self._readers = readers or {}
        self._prefix = f'{{"v":{version},"d":'

    def write(self, value: T) -> str:
        """Return the value as text."""
        try:
            body = self._adapter.dump_json(value)
        except PydanticSerializationError:
            # Unpaired surrogates in what others wrote: rare enough that only then every text is looked at.
            cleaned = self._adapter.validate_python(_cleaned(self._adapter.dump_python(value)))
            body = self._adapter.dump_json(cleaned)
        return f"{self._prefix}{body.decode()}}}"

    def read(self, text: str) -> T:
        """Return the value. Raises ``SchemaError`` for a shape that this program does not know."""
        if text.startswith(self._prefix):
            return self._adapter.validate_json(text[len(self._prefix) : -1])
        envelope = json.loads(text)
        reader = self._readers.get(envelope["v"])
        if reader is None:
            message = (
                f"the database holds a {self.type.__name__} of version {envelope['v']}, newer than this iamflow knows"
            )
            raise SchemaError(message)
        return self._adapter.validate_python(reader(envelope["d"]))

    def write_optional(self, value: T | None) -> str | None:
        """Return the value as text, None as None."""
        return None if value is None else self.write(value)

    def read_optional(self, text: str | None) -> T | None:
        """Return the value, None for None."""
        return None if text is None else self.read(text)


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(item) for item in value)
    return value


FACTS = Document(KeyFacts)
PROGRESS = Document(Progress)
BASELINE = Document(Baseline)
OWNER = Document(Owner)
IDENTITY = Document(Identity)
WORD = Document(Word)
NOTICE = Document(Notice)
FINDING = Document(Finding)
