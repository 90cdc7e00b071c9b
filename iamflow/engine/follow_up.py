"""Follows leads up: reads AWS, builds whole findings of what it says, and lets them go the way of every other finding.

What a report said of a user only leads here: each finding is judged by the live reading alone, so that nothing is guessed where
a user is another of the same name by now, or two keys were made in the same second. What cannot be read keeps waiting.
"""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from iamflow.domain.errors import BlockedError, IamflowError, PermanentError
from iamflow.domain.facts import LIVE, Finding, UserReading
from iamflow.domain.ids import AccountId, UserName
from iamflow.domain.lead import Lead, LeadState, StoredLead
from iamflow.domain.people import RULES
from iamflow.domain.root import ROOT_USER, AccountReading
from iamflow.domain.rules import ReportedUser
from iamflow.domain.schedule import backoff
from iamflow.domain.subject import Part, UserSubject
from iamflow.engine.admission import refusal
from iamflow.engine.deps import Engine
from iamflow.engine.intake import Intake, import_report
from iamflow.engine.lead_answers import Answer, answer
from iamflow.engine.ports import Cloud, LeadResult, ReportedKey, ScanInfo
from iamflow.engine.steer import Desk

BATCH = 100
"""Leads at a time."""
REMEMBERED = timedelta(days=30)
"""How long it can be seen how a lead ended."""

_WORKERS = 8
_LEASE = timedelta(minutes=10)
"""For how long nobody else looks into leads that somebody has taken: whoever has taken them may have died."""
_PARTS = frozenset({Part.CONSOLE, Part.MFA, Part.KEY_USES})

_Group = tuple[AccountId, str]
_Read = UserReading | AccountReading | IamflowError


@dataclass(kw_only=True, slots=True)
class Followed:
    """What following leads up did."""

    leads: int = 0
    states: Counter[LeadState] = field(default_factory=Counter)
    """How many leads stand where now."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why leads wait on."""
    taken: list[Intake] = field(default_factory=list)
    """What became of the findings that AWS confirmed."""

    def count(self, name: str) -> int:
        """Return a count of ``Intake`` over everything that was taken in."""
        return sum(int(getattr(one, name)) for one in self.taken)


def follow_up(desk: Desk, cloud: Cloud, *, limit: int, progress: Callable[[int], None] = lambda _: None) -> Followed:
    """Look into up to ``limit`` leads that are due; ``progress`` is told how many are done. AWS's failures raise nothing."""
    done = Followed()
    while done.leads < limit:
        now = desk.clock.now()
        due = desk.store.take_leads(now, now + _LEASE, min(BATCH, limit - done.leads))
        if not due:
            break
        _batch(desk, cloud, due, done)
        progress(done.leads)
    _forget(desk)
    return done


def follow_due(engine: Engine) -> Followed:
    """Look into some of the leads that are due, as a daemon does each minute and a tick does once."""
    desk = Desk(store=engine.store, clock=engine.clock, policy=engine.policy, person=RULES)
    return follow_up(desk, engine.cloud, limit=BATCH)


def keep_waiting(desk: Desk, reason: str) -> Followed:
    """Say of every lead that is due why AWS was not read for it; each stays due."""
    done, now = Followed(), desk.clock.now()
    waiting = [lead for lead in desk.store.waiting_leads() if lead.due_at is not None and lead.due_at <= now]
    _settle(desk, [_waits(lead, reason, lead.due_at or now) for lead in waiting], done)
    return done


def _batch(desk: Desk, cloud: Cloud, due: Sequence[StoredLead], done: Followed) -> None:
    groups: defaultdict[_Group, list[StoredLead]] = defaultdict(list)
    for lead in due:
        groups[lead.lead.account_id, lead.lead.username].append(lead)
    refused = {group: reason for group in groups if (reason := refusal(*group, desk.policy)) is not None}
    asked = [group for group in groups if group not in refused]
    with ThreadPoolExecutor(max_workers=min(_WORKERS, max(len(asked), 1)), thread_name_prefix="aws") as pool:
        readings = dict(zip(asked, pool.map(lambda group: _read(cloud, group), asked), strict=True))
    now = desk.clock.now()
    results = [_ended(lead, LeadState.REFUSED, reason) for group, reason in refused.items() for lead in groups[group]]
    answers: list[Answer] = []
    for group, reading in readings.items():
        if isinstance(reading, IamflowError):
            results += [_later(desk, lead, reading, now) for lead in groups[group]]
            continue
        told = [answer(_named(desk, lead.lead), reading, desk.policy, now) for lead in groups[group]]
        answers += told
        results += [_ended(lead, one.state, one.reason) for lead, one in zip(groups[group], told, strict=True)]
    confirmed = [one for one in answers if one.state is LeadState.CONFIRMED]
    if confirmed:
        done.taken.append(import_report(desk, LiveReport(confirmed, now)))
    _settle(desk, results, done)


def _read(cloud: Cloud, group: _Group) -> _Read:
    account_id, username = group
    try:
        if username == ROOT_USER:
            return cloud.read_account(account_id)
        return cloud.read(UserSubject(account_id=account_id, username=UserName(username), parts=_PARTS))
    except IamflowError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one user's trouble must not hold up the others
        return PermanentError(f"unexpected {type(error).__name__} while {username!r} was read")


def _named(desk: Desk, lead: Lead) -> Lead:
    """Return the lead with its account's name, where the report does not tell it."""
    return lead if lead.account_name else replace(lead, account_name=_account_name(desk, lead.account_id))


def _account_name(desk: Desk, account_id: AccountId) -> str:
    return desk.store.accounts().get(account_id, account_id)


def _later(desk: Desk, lead: StoredLead, error: IamflowError, now: datetime) -> LeadResult:
    timing = desk.policy.timing
    rng = random.Random(f"{lead.id}/{lead.tries}")
    lasting = isinstance(error, BlockedError | PermanentError)
    return _waits(lead, str(error), now + (timing.retry_most if lasting else backoff(lead.tries, timing, rng)))


def _waits(lead: StoredLead, reason: str, due_at: datetime) -> LeadResult:
    return LeadResult(lead=lead, state=LeadState.WAITING, reason=reason, due_at=due_at)


def _ended(lead: StoredLead, state: LeadState, reason: str) -> LeadResult:
    return LeadResult(lead=lead, state=state, reason=reason)


def _settle(desk: Desk, results: Sequence[LeadResult], done: Followed) -> None:
    desk.store.settle_leads(results, desk.clock.now())
    done.leads += len(results)
    done.states.update(result.state for result in results)
    done.reasons.update(result.reason for result in results if result.state is LeadState.WAITING)


def _forget(desk: Desk) -> None:
    left = BATCH
    while left == BATCH:
        left = desk.store.forget_leads(desk.clock.now() - REMEMBERED, BATCH)


class LiveReport:
    """What AWS said of the subjects of leads (an ``iamflow.engine.ports.Report``)."""

    users_by_keys = False

    def __init__(self, answers: Iterable[Answer], now: datetime) -> None:
        """Take what was confirmed; a user, a key or a root user that several leads name is told of once."""
        found = list(answers)
        self._keys = {key.key_id: key for one in found for key in one.keys}
        self._users = {(one.user.account_id, one.user.username): one.user for one in found if one.user is not None}
        self._roots = {one.root.subject: one.root for one in found if one.root is not None}
        self.rows = len(self._keys) + len(self._users) + len(self._roots)
        said = sorted([*map(str, self._keys), *(f"{a}/{u}" for a, u in self._users), *map(str, self._roots)])
        sources = {one.source for one in found}
        self.info = ScanInfo(
            source=sources.pop() if len(sources) == 1 else f"{LIVE}, after {len(sources)} reports",
            as_of=now,
            sha256=hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest(),
            started_at=now,
        )

    def keys(self) -> Iterator[ReportedKey]:
        """Yield every key that was confirmed."""
        yield from self._keys.values()

    def users(self) -> Iterator[ReportedUser]:
        """Yield every user that was confirmed."""
        return iter(self._users.values())

    def leads(self) -> Iterator[Lead]:
        """Yield nothing: AWS tells everything."""
        return iter(())

    def roots(self) -> Iterator[Finding]:
        """Yield every root user that was confirmed."""
        return iter(self._roots.values())
