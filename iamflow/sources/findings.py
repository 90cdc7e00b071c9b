"""What the findings of another tool come to: leads. They name users, not keys, and say nothing of dates.

Only failed findings of the checks that iamflow's rules are about lead anywhere (``checks``). The others are counted and left alone:
that a check passed proves nothing about what iamflow knows, and what somebody muted in that tool stays muted.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from iamflow.domain.facts import Finding
from iamflow.domain.ids import AccountId
from iamflow.domain.lead import Lead
from iamflow.domain.root import ROOT_USER
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.rules import ReportedUser
from iamflow.engine.ports import ReportedKey, ScanInfo, SeenUser
from iamflow.sources import cells
from iamflow.sources.checks import Rules
from iamflow.sources.csv_file import CsvFile

LEADS_LIMIT = 200_000
"""Leads of one file, all of which are in memory."""

_ROOT_RULES = frozenset({RuleName.ROOT_WITHOUT_MFA, RuleName.ROOT_WITH_ACCESS_KEYS})
_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(?:(root)|user/(?:[^/]+/)*([^/]+))")
_ACCOUNT = re.compile(r"AWS::::Account:([0-9]{12})")
_WIDEST = timedelta(hours=12)
_MILLISECONDS = 100_000_000_000
"""From here on a number of seconds would lie in the year 5138: it is milliseconds."""


class Left(StrEnum):
    """Why a finding leads nowhere."""

    OTHER = "about other checks"
    PASSED = "that passed"
    MUTED = "muted or archived there"
    NO_USER = "that name no user"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One finding that leads somewhere."""

    rules: Rules
    account_id: str
    account_name: str
    resource: str
    """The ARN of the user or of the root user, or the account."""
    at: datetime


@dataclass(kw_only=True)
class ToolFindings:
    """A validated file of another tool's findings (an ``iamflow.engine.ports.FileReport``)."""

    file: CsvFile
    format_name: str
    users_by_keys: bool = False
    rows: int = 0
    _leads: dict[str, Lead] = field(default_factory=dict)
    """By what they are about: one tool says the same of each of a user's keys, and of each standard."""
    _left: Counter[Left] = field(default_factory=Counter)
    _newest: datetime | None = None
    info: ScanInfo = field(init=False)

    def take(self, said: Said | Left, row: int) -> None:
        """Take one finding in. Raises ``ValueError`` for one that cannot be understood."""
        self.rows += 1
        if isinstance(said, Left):
            self._left[said] += 1
            return
        self._newest = max(self._newest or said.at, said.at)
        username = username_in(said)
        if username is None:
            self._left[Left.NO_USER] += 1
            return
        source = self.file.source(self.format_name)
        for rule in said.rules:
            if (rule in _ROOT_RULES) is not (username == ROOT_USER):
                self._left[Left.NO_USER] += 1
                continue
            lead = Lead(
                account_id=AccountId(said.account_id),
                account_name=said.account_name,
                username=username,
                rule=rule,
                as_of=said.at,
                source=source,
                row=row,
            )
            known = self._leads.get(lead.identity)
            if known is None or known.as_of < lead.as_of:
                self._leads[lead.identity] = lead
        if len(self._leads) > LEADS_LIMIT:
            message = f"it has more than {LEADS_LIMIT} findings about IAM users: import it in parts"
            raise ValueError(message)

    def finish(self, sha256: str, now: datetime | None) -> "ToolFindings":
        """Return the report, once every finding was taken in."""
        as_of = self.file.date_in_name() or self._newest or datetime.fromtimestamp(self.file.modified(), UTC)
        self.info = ScanInfo(
            source=self.file.source(self.format_name), as_of=as_of, sha256=sha256, started_at=now or as_of
        )
        return self

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left alone, and why."""
        left = [f"{count} {reason.value}" for reason, count in sorted(self._left.items()) if count]
        said = (f"left alone: findings {', '.join(left)}",) if left else ()
        return (*said, "other tools name no keys: AWS is read before anything is a finding") if self._leads else said

    def keys(self) -> Iterator[ReportedKey]:
        """Yield nothing: other tools name no keys."""
        return iter(())

    def users(self) -> Iterator[ReportedUser]:
        """Yield nothing: other tools tell of no user whole."""
        return iter(())

    def leads(self) -> Iterator[Lead]:
        """Yield what AWS is to be asked about, in the file's order."""
        return iter(self._leads.values())

    def roots(self) -> Iterator[Finding]:
        """Yield nothing: what other tools say of a root user is a lead, too."""
        return iter(())

    def sightings(self) -> Iterator[SeenUser]:
        """Yield nothing: other tools tell of no calls."""
        return iter(())


def username_in(said: Said) -> str | None:
    """Return the user whom a finding is about, as the API names it; None where it is about the account alone.

    Raises ``ValueError`` where the resource is no user, or one of another account.
    """
    cells.account_id(said.account_id)
    cells.account_name(said.account_name)
    account = _ACCOUNT.fullmatch(said.resource)
    found = _ARN.fullmatch(said.resource)
    owner = account[1] if account is not None else found[1] if found is not None else None
    if owner is None:
        message = f"{cells.shown(said.resource)} is no ARN of an IAM user, and no account"
        raise ValueError(message)
    if owner != said.account_id:
        message = f"it is about account {said.account_id}, and names something of account {owner}"
        raise ValueError(message)
    if account is not None:
        return ROOT_USER if _ROOT_RULES.issuperset(said.rules) else None
    if found is not None and found[3] is not None:
        return cells.username(found[3])
    return ROOT_USER


def moment(value: object, now: datetime | None) -> datetime:
    """Return the time that a tool wrote (UTC): ISO 8601, or seconds or milliseconds since 1970.

    Prowler leaves out which time zone it means. Such a time is taken for the latest that it can be, and never for one to come:
    taken too early, it would pass for older than what it follows. Raises ``ValueError`` for what is no time.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:20])
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS else value, UTC)
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
        if at is not None:
            latest = at.replace(tzinfo=UTC) + _WIDEST
            return min(latest, now) if now is not None else latest
    except (ValueError, OverflowError, OSError):
        pass
    message = f"{cells.shown(str(value))} is no time"
    raise ValueError(message)
