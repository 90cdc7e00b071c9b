"""AWS's credential report: what each row of it says, whether it was just fetched or lies in a file.

Columns are found by name, since AWS may add more (IAM user guide, "Getting credential reports for your AWS account"). The report
holds no access key ids and no service-specific credentials, and is up to four hours old: it opens tickets, and proves nothing.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from iamflow.domain.encoding import for_log
from iamflow.domain.ids import AccountId
from iamflow.domain.root import ROOT_USER

COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_service",
)
"""The columns that are read; a report that lacks one is none."""

_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(?:root|user/.+)", re.DOTALL)
_NOTHING = frozenset({"", "n/a", "no_information", "not_supported"})
_FLAGS: Mapping[str, bool | None] = {"true": True, "false": False, "not_supported": None, "n/a": None}


@dataclass(frozen=True, kw_only=True, slots=True)
class KeySlot:
    """One of the two access keys that a row can tell of. Which key it is, by its id, the report does not say."""

    number: int
    active: bool
    created_at: datetime
    """"When the key was created or last changed" (UTC); a key's secret cannot be changed, so this is its creation."""
    last_used_at: datetime | None
    """None for never, for no use since 2015-04-22, and for no data alike."""
    service: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialRow:
    """One user, or the account's root user."""

    number: int
    """The row's number; the header is row 1."""
    account_id: AccountId
    username: str
    created_at: datetime
    console: bool | None
    """Whether there is a console password; None where the report does not tell, as for the root user."""
    password_last_used: datetime | None
    """None for never, and for no data alike."""
    mfa: bool
    keys: tuple[KeySlot, ...]
    root_keys: bool = False
    """Whether the root user has an Active access key."""

    @property
    def is_root(self) -> bool:
        """Whether this is the account's root user."""
        return self.username == ROOT_USER

    @property
    def counts_from(self) -> datetime:
        """From when a user counts of whom no use is known (``rules.unused_after``): the oldest key's creation, else his own.

        Whoever was made long ago and given a key since was needed then.
        """
        return min((slot.created_at for slot in self.keys), default=self.created_at)

    @property
    def key_last_used(self) -> datetime | None:
        """The latest use of either key; None where none is known."""
        return max((slot.last_used_at for slot in self.keys if slot.last_used_at is not None), default=None)


def read_rows(lines: Iterable[str]) -> Iterator[CredentialRow]:
    """Yield the rows of a report. Raises ``ValueError``, with the row's number, at the first one that is not understood."""
    reader = csv.reader(lines, strict=True)
    number = 1
    try:
        header = next(reader, [])
        places = _places(header)
        for number, row in enumerate(reader, start=2):
            if row:
                yield _row(row, len(header), places, number)
    except (csv.Error, ValueError) as error:
        message = f"row {number}: {error}"
        raise ValueError(message) from None


def _places(header: list[str]) -> Mapping[str, int]:
    missing = [column for column in COLUMNS if header.count(column) != 1]
    if missing:
        message = f"a credential report names each of these columns once: {', '.join(missing)}"
        raise ValueError(message)
    return {column: header.index(column) for column in COLUMNS}


def _row(row: list[str], width: int, places: Mapping[str, int], number: int) -> CredentialRow:
    row = _rejoined(row, width, places)
    if len(row) != width:
        message = f"it has {len(row)} cells where the first row has {width}"
        raise ValueError(message)
    cells = {column: row[place] for column, place in places.items()}
    found = _ARN.fullmatch(cells["arn"])
    if found is None:
        message = f'"{for_log(cells["arn"], limit=60)}" is no ARN of a user'
        raise ValueError(message)
    root = cells["user"] == ROOT_USER
    actives = [bool(_flag(cells[f"access_key_{slot}_active"])) for slot in (1, 2)]
    created = _date(cells["user_creation_time"])
    if created is None or not cells["user"]:
        message = "it does not say whom it is about, or when that user was created"
        raise ValueError(message)
    return CredentialRow(
        number=number,
        account_id=AccountId(found[1]),
        username=cells["user"],
        created_at=created,
        console=_flag(cells["password_enabled"]),
        password_last_used=_date(cells["password_last_used"]),
        mfa=bool(_flag(cells["mfa_active"])),
        keys=() if root else tuple(slot for slot in (_slot(cells, 1), _slot(cells, 2)) if slot is not None),
        root_keys=root and any(actives),
    )


def _rejoined(row: list[str], width: int, places: Mapping[str, int]) -> list[str]:
    """Return the row with name and ARN whole, where commas in them were not quoted; any other row as it is.

    IAM allows commas in names and paths, and whether its report quotes them is documented nowhere. The ARN repeats the name, which
    shows that the cells belong together.
    """
    if len(row) <= width or (places["user"], places["arn"]) != (0, 1):
        return row
    rest = len(row) - (width - 2)
    begin = next((place for place, cell in enumerate(row[:rest]) if place and cell.startswith("arn:")), rest)
    user, arn = ",".join(row[:begin]), ",".join(row[begin:rest])
    return [user, arn, *row[rest:]] if arn.endswith(f"/{user}") else row


def _slot(cells: Mapping[str, str], number: int) -> KeySlot | None:
    active = bool(_flag(cells[f"access_key_{number}_active"]))
    created = _date(cells[f"access_key_{number}_last_rotated"])
    if created is None:
        if active:
            message = f"access key {number} is active, and no date says since when there is one"
            raise ValueError(message)
        return None
    service = cells[f"access_key_{number}_last_used_service"]
    return KeySlot(
        number=number,
        active=active,
        created_at=created,
        last_used_at=_date(cells[f"access_key_{number}_last_used_date"]),
        service=None if service.lower() in _NOTHING else service,
    )


def _flag(text: str) -> bool | None:
    try:
        return _FLAGS[text.strip().lower()]
    except KeyError:
        message = f'"{for_log(text, limit=60)}" is neither true nor false'
        raise ValueError(message) from None


def _date(text: str) -> datetime | None:
    if text.strip().lower() in _NOTHING:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f'"{for_log(text, limit=60)}" is no date with an offset from UTC'
    raise ValueError(message)
