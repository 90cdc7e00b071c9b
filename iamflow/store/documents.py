"""JSON text in the database, each document with the version of its shape: ``{"v":1,"d":…}``.

The shape is that of the dataclasses in ``iamflow.domain``. When one changes so that old text no longer fits, its version
here goes up and a reader for the old one is added; readers are never removed (DESIGN 8.21). ``REGISTRY`` names what every
column holds; ``tests/store/documents`` keeps an example of each version that was ever written.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from iamflow.domain.belongings import Belongings
from iamflow.domain.errors import SchemaError
from iamflow.domain.evidence import Baseline
from iamflow.domain.facts import Facts, Finding
from iamflow.domain.journal import canonical
from iamflow.domain.migration import Migration
from iamflow.domain.notice import Notice
from iamflow.domain.people import Identity
from iamflow.domain.ticket import Owner, Progress, Word
from iamflow.store.types import clean

T = TypeVar("T")

Readers = Mapping[int, Callable[[Any], Any]]
"""How each older shape becomes the present one, by its version."""

_SOMEWHERE = "the database"


class Document(Generic[T]):
    """Writes and reads one type of value."""

    def __init__(
        self, type_: type[T], *, name: str | None = None, version: int = 1, readers: Readers | None = None
    ) -> None:
        """Name the type, the version of its present shape, and how each older shape becomes the present one.

        A union has no name of its own, and is given one.
        """
        self.type = type_
        self.name = name or type_.__name__
        self.version = version
        self._adapter = TypeAdapter(type_)
        self._readers = readers or {}
        self._prefix = f'{{"v":{version},"d":'

    def write(self, value: T) -> str:
        """Return the value as text."""
        try:
            body = self._adapter.serializer.to_json(value)
        except PydanticSerializationError:
            # Unpaired surrogates in what others wrote: rare enough that only then every text is looked at.
            cleaned = self._adapter.validate_python(_cleaned(self._adapter.dump_python(value)))
            body = self._adapter.dump_json(cleaned)
        return f"{self._prefix}{body.decode()}}}"

    def read(self, text: str, where: str = _SOMEWHERE) -> T:
        """Return the value; ``where`` it stands is what an error names.

        Raises ``SchemaError`` for a shape that is newer than this program, and for what cannot be read at all.
        """
        try:
            if text.startswith(self._prefix):
                return self._adapter.validate_json(text[len(self._prefix) : -1])
            envelope = json.loads(text)
            reader = _reader(self.name, envelope["v"], self.version, self._readers, where)
            return self._adapter.validate_python(reader(envelope["d"]))
        except (ValueError, KeyError, TypeError):
            raise SchemaError(_unreadable(self.name, where)) from None

    def write_optional(self, value: T | None) -> str | None:
        """Return the value as text, None as None."""
        return None if value is None else self.write(value)

    def read_optional(self, text: str | None, where: str = _SOMEWHERE) -> T | None:
        """Return the value, None for None. Raises as ``read`` does."""
        return None if text is None else self.read(text, where)


class Entry:
    """Writes and reads an object of the journal. Its version stands among its own keys, where the chain's hash covers it."""

    def __init__(self, name: str, *, version: int = 1, readers: Readers | None = None) -> None:
        """Name what it is, the version of its present shape, and how each older shape becomes the present one."""
        self.name = name
        self.version = version
        self._readers = readers or {}

    def write(self, content: Mapping[str, object]) -> str:
        """Return the one text of this content."""
        return clean(canonical({**content, "v": self.version}))

    def read(self, text: str, where: str = _SOMEWHERE) -> Mapping[str, Any]:
        """Return the content without its version. Raises ``SchemaError`` as ``Document.read`` does."""
        try:
            content = dict(json.loads(text))
            found = content.pop("v")
            if found == self.version:
                return content
            return dict(_reader(self.name, found, self.version, self._readers, where)(content))
        except (ValueError, KeyError, TypeError):
            raise SchemaError(_unreadable(self.name, where)) from None


def _reader(name: str, found: object, known: int, readers: Readers, where: str) -> Callable[[Any], Any]:
    """Return what reads this version. Raises ``SchemaError`` for a newer one, ``KeyError`` for one that never was."""
    if isinstance(found, int) and found > known:
        message = f"{where}: its {name} is of version {found}, newer than this iamflow knows ({known}): upgrade iamflow"
        raise SchemaError(message)
    if not isinstance(found, int):
        raise KeyError(found)
    return readers[found]


def _unreadable(name: str, where: str) -> str:
    return f"{where}: its {name} cannot be read: it was changed by something else than iamflow (iamflow audit verify)"


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_cleaned(item) for item in value)
    return value


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Read a shape that only lacks what has come since."""
    return value


_FACTS = {1: _as_it_is}
"""Version 2 says what of the facts an older report told (``kept``), and the latest call that a report names (``seen``)."""

FACTS: Document[Facts] = Document(cast("type[Facts]", Facts), name="Facts", version=2, readers=_FACTS)
PROGRESS = Document(Progress)
BASELINE = Document(Baseline)
BELONGINGS = Document(Belongings)
MIGRATION = Document(Migration)
OWNER = Document(Owner)
IDENTITY = Document(Identity)
WORD = Document(Word)
NOTICE = Document(Notice)
FINDING = Document(Finding, version=2, readers=_FACTS)

EVENT = Entry("event")
CHECKPOINT = Entry("checkpoint")

REGISTRY: Mapping[str, Document[Any] | Entry] = {
    "tickets.facts": FACTS,
    "tickets.progress": PROGRESS,
    "tickets.baseline": BASELINE,
    "tickets.snapshot": BELONGINGS,
    "tickets.migration": MIGRATION,
    "tickets.owner": OWNER,
    "tickets.requester": IDENTITY,
    "tickets.wanted_by": WORD,
    "approvals.approved_by": IDENTITY,
    "standing_exemptions.added_by": IDENTITY,
    "standing_exemptions.ended_by": IDENTITY,
    "outbox.notice": NOTICE,
    "findings.finding": FINDING,
    "events.detail": EVENT,
    "checkpoints.heads": CHECKPOINT,
}
"""What each column that holds JSON holds."""
