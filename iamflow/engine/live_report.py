"""An account as it was just looked through: its credential report, and what of flagged users the report does not tell.

A user is flagged where a rule finds something that some workflow deals with. Only then more is read: the ids of the keys where
one is too old, and the credentials of single services where nobody seems to use the user, since those are used unseen.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.credential_report import CredentialRow, KeySlot, read_rows
from iamflow.domain.errors import BlockedError, PermanentError
from iamflow.domain.facts import Finding, KeyFacts, KeyState, KeyStatus, LastUse, RootFacts, UserFacts, same_second
from iamflow.domain.ids import KeyId, UserName
from iamflow.domain.key_slots import JoinedKey, joined, use_in, without
from iamflow.domain.lead import Lead
from iamflow.domain.policy import Policy
from iamflow.domain.root import ROOT_USER
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.rules import ReportedUser, Verdict, dealt_with_by, judge_key, judge_user
from iamflow.engine.ports import CredentialReport, ReportedKey, ScanInfo, Survey


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """By what an account is looked through."""

    policy: Policy
    now: datetime
    known: Mapping[str, Sequence[tuple[KeyId, datetime]]] = field(default_factory=dict)
    """User name → keys that are listed, each with when it was made: a finding that no longer holds leaves the list."""
    every_key: bool = False
    """Whether the id of every key is asked for, flagged or not: a report file names them all."""


class LiveKey:
    """A key of a live report (an ``iamflow.engine.ports.ReportedKey``)."""

    __slots__ = ("_says", "account_id", "console", "created_at", "key_id", "mfa", "username")

    def __init__(self, says: Finding, key_id: KeyId, *, mfa: bool) -> None:
        """Take what is known of the key, and whether its user has an MFA device."""
        self._says = says
        self.key_id = key_id
        self.created_at = says.key_facts.created_at
        self.account_id = says.account_id
        self.username = UserName(says.username)
        self.console = says.console
        self.mfa = mfa

    def finding(self) -> Finding:
        """Return all that is known of the key."""
        return self._says

    def password_last_used(self) -> datetime | None:
        """Return when the user last signed in to the console; None for never and for not known alike."""
        return self._says.password_last_used

    def last_used(self) -> datetime | None:
        """Return when the key was last used; None for never and for not known alike."""
        return self._says.key_facts.last_use.at


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One user of an account, with the keys whose ids are known."""

    user: ReportedUser
    keys: tuple[LiveKey, ...] = ()
    flagged: bool = False


class LiveReport:
    """One account, looked through (an ``iamflow.engine.ports.Report``)."""

    users_by_keys = False

    def __init__(self, account: MemberAccount, report: CredentialReport, started_at: datetime) -> None:
        """Take the report; ``look_through`` adds the people."""
        self.account = account
        self.info = ScanInfo(
            source=f"scan:{account.account_id}",
            as_of=report.generated_at,
            sha256=hashlib.sha256(report.text.encode()).hexdigest(),
            started_at=started_at,
        )
        self.rows = 0
        """How many users there are, the root user among them."""
        self.people: list[Person] = []
        self.root: Finding | None = None

    @property
    def flagged(self) -> int:
        """How many users some rule finds something about."""
        return sum(person.flagged for person in self.people)

    def keys(self) -> Iterator[ReportedKey]:
        """Yield every key whose id is known."""
        return (key for person in self.people for key in person.keys)

    def users(self) -> Iterator[ReportedUser]:
        """Yield every user."""
        return (person.user for person in self.people)

    def leads(self) -> Iterator[Lead]:
        """Yield nothing: what the report does not tell was asked."""
        return iter(())

    def roots(self) -> Iterator[Finding]:
        """Yield the account's root user."""
        return iter(() if self.root is None else (self.root,))


def look_through(survey: Survey, account: MemberAccount, terms: Terms) -> LiveReport:
    """Fetch an account's report, and read what it does not tell of flagged users.

    Raises what the calls raise: then nothing is known of the account, whatever was read before. ``PermanentError`` for a report
    that is not understood, ``BlockedError`` for one of another account.
    """
    fetched = survey.report()
    live = LiveReport(account, fetched, terms.now)
    reading = _Reading(survey=survey, account=account, info=live.info, terms=terms)
    for row in _rows(fetched, account):
        if row.is_root:
            live.root = reading.root(
                mfa=row.mfa, access_key=row.root_keys, login=row.password_last_used, row=row.number
            )
        elif (person := reading.person(row)) is not None:
            live.people.append(person)
    if live.root is None:
        told = survey.account()
        live.root = reading.root(mfa=told.root_mfa, access_key=told.root_access_key, login=None, row=0)
    live.rows = len(live.people) + 1
    return live


def _rows(report: CredentialReport, account: MemberAccount) -> Iterator[CredentialRow]:
    try:
        for row in read_rows(io.StringIO(report.text, newline="")):
            if row.account_id != account.account_id:
                message = (
                    f"account {account.account_id}: the credentials for it are those of account {row.account_id}: "
                    "set aws.role_name, or an AWS profile of that account under aws.profiles"
                )
                raise BlockedError(message, code="access")
            yield row
    except ValueError as error:
        message = f"account {account.account_id}: its credential report is not understood: {error}"
        raise PermanentError(message) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """A look through one account, under way."""

    survey: Survey
    account: MemberAccount
    info: ScanInfo
    terms: Terms

    def root(self, *, mfa: bool, access_key: bool, login: datetime | None, row: int) -> Finding:
        facts = RootFacts(
            mfa=mfa, access_key=access_key, last_login=login, as_of=self.info.as_of, source=self.info.source
        )
        return Finding(
            account_id=self.account.account_id,
            account_name=self.account.name,
            username=ROOT_USER,
            facts=facts,
            row=row,
        )

    def person(self, row: CredentialRow) -> Person | None:
        """Return what is known of a user, once what is needed was asked; None for one who is gone since the report was made."""
        user = self._user(row)
        verdicts = [verdict for verdict in self._judged(user) if self._dealt_with(verdict)]
        unused = any(verdict.rule is RuleName.USER_UNUSED for verdict in verdicts)
        aged = any(self._dealt_with(judge_key(self._slot(row, slot), *self._by)) for slot in row.keys)
        if unused:
            others = self.survey.service_credentials(UserName(row.username))
            if others is None:
                return None
            user = replace(user, other_credentials=others > 0)
        if not aged and not (self.terms.every_key and row.keys):
            return Person(user=user, keys=self._listed(row), flagged=bool(verdicts))
        keys = self.survey.keys(UserName(row.username))
        if keys is None:
            return None
        found = self._used(row, joined(row.keys, keys), ask=aged and not unused)
        latest = max((used for key in found if (used := key.last_used()) is not None), default=None)
        if latest is not None and (user.facts.key_last_used is None or latest > user.facts.key_last_used):
            user = replace(user, facts=replace(user.facts, key_last_used=latest))
        return Person(user=user, keys=found, flagged=aged or bool(verdicts))

    @property
    def _by(self) -> tuple[Policy, datetime]:
        return self.terms.policy, self.terms.now

    def _judged(self, user: ReportedUser) -> tuple[Verdict, ...]:
        return judge_user(user, *self._by)

    def _dealt_with(self, verdict: Verdict) -> bool:
        return verdict.applies and dealt_with_by(verdict, self.terms.policy) is not None

    def _user(self, row: CredentialRow) -> ReportedUser:
        facts = UserFacts(
            console=bool(row.console),
            mfa=row.mfa,
            password_last_used=row.password_last_used,
            key_last_used=row.key_last_used,
            created_at=row.counts_from,
            as_of=self.info.as_of,
            source=self.info.source,
        )
        return ReportedUser(
            account_id=self.account.account_id,
            account_name=self.account.name,
            username=row.username,
            facts=facts,
            row=row.number,
        )

    def _slot(self, row: CredentialRow, slot: KeySlot) -> Finding:
        """Return what the report says of a key, whichever it is."""
        status = KeyStatus.ACTIVE if slot.active else KeyStatus.INACTIVE
        return self._finding(row, None, status, slot.created_at, use_in(slot))

    def _finding(
        self, row: CredentialRow, key_id: KeyId | None, status: KeyStatus, created_at: datetime, use: LastUse
    ) -> Finding:
        return Finding(
            account_id=self.account.account_id,
            account_name=self.account.name,
            username=row.username,
            key_id=key_id,
            facts=KeyFacts(
                status=status, created_at=created_at, last_use=use, as_of=self.info.as_of, source=self.info.source
            ),
            console=bool(row.console),
            password_last_used=row.password_last_used,
            mfa="Virtual" if row.mfa else "None",
            row=row.number,
        )

    def _listed(self, row: CredentialRow) -> tuple[LiveKey, ...]:
        """Return what the report says of the keys that are listed already, without asking for their ids again."""
        found = []
        for key_id, made in self.terms.known.get(row.username, ()):
            slots = [slot for slot in row.keys if same_second(slot.created_at, made)]
            if len(slots) == 1:
                found.append(LiveKey(replace(self._slot(row, slots[0]), key_id=key_id), key_id, mfa=row.mfa))
        return tuple(found)

    def _used(self, row: CredentialRow, keys: tuple[JoinedKey, ...], *, ask: bool) -> tuple[LiveKey, ...]:
        """Return every key with its last use. What the report does not say of an old key is asked of AWS.

        Of two keys of one second, the later use is taken for both where it cannot matter: of an Inactive key, of a young one, and
        of a user of whom no use is recent. Asking would tell no rule anything.
        """
        found, left = [], keys
        while left:
            one, left = left[0], left[1:]
            use = one.last_use
            if use is None and (not one.slots or ask) and self._old(row, one.key):
                use = self.survey.last_use(UserName(row.username), one.key.key_id)
                if use is None:
                    continue
                left = without(left, one, use)
            use = use or one.latest_use
            if use is not None:
                says = self._finding(row, one.key.key_id, one.key.status, one.key.created_at, use)
                found.append(LiveKey(says, one.key.key_id, mfa=row.mfa))
        return tuple(found)

    def _old(self, row: CredentialRow, key: KeyState) -> bool:
        """Return whether a key is one that a rule finds something about, whatever its last use."""
        return judge_key(self._finding(row, key.key_id, key.status, key.created_at, LastUse()), *self._by).applies
