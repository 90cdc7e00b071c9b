"""Tells Security Hub how tickets stand: only what has changed, in the account of each, again and again until it is accepted.

A claim is stored with its ``UpdatedAt`` before anything is sent, so that a process that dies, or a clock that is put back, leaves
nothing that Security Hub would silently ignore. Nothing of this is in the journal: it changes nothing in IAM, and what Security
Hub was told is kept beside the tickets.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from iamflow.domain.errors import BlockedError, IamflowError, TemporaryError
from iamflow.domain.hub import HubStanding, Telling, Told, imported, postponed, settled, stood, telling, unsaid
from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.schedule import backoff
from iamflow.domain.ticket import Ticket
from iamflow.engine.deps import Engine
from iamflow.engine.ports import SecurityHub

_log = logging.getLogger(__name__)

AT_ONCE = 100
"""The most findings of one call, of either kind (Security Hub API reference)."""
_BATCH = 500
"""Tickets a claim: full calls for a few accounts, and few tickets in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A finding that Security Hub refused this time. It will be told again."""

    finding_id: str
    ticket_id: TicketId
    account_id: AccountId
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tellings:
    """What one round told."""

    sent: int = 0
    """Findings created or updated."""
    archived: int = 0
    """Those of them that are over."""
    said: int = 0
    """Workflow statuses and notes set."""
    unchanged: int = 0
    postponed: int = 0
    """Findings that are told again later: refused ones, and those of accounts that took nothing."""
    failures: tuple[Failure, ...] = ()
    """The findings that were refused by name."""
    accounts: Mapping[AccountId, str] = field(default_factory=dict)
    """Accounts that took nothing, or not all, each with why and what to do."""


class Teller:
    """Tells Security Hub. One for a process: it remembers which accounts take nothing, and leaves them alone for a while."""

    def __init__(self, engine: Engine, hub: SecurityHub) -> None:
        """Take what to tell, and whom."""
        self._engine = engine
        self._hub = hub
        self._held: dict[AccountId, datetime] = {}

    def tell(self, *, by_hand: bool = False, stopping: Callable[[], bool] = lambda: False) -> Tellings:
        """Tell what has changed, until nothing is left or ``stopping`` says so.

        By itself only of accounts in which iamflow acts: observing sends nothing (DESIGN 8.8). ``by_hand`` tells of every account
        that the settings want told, and does not wait for the time of what failed before.
        """
        engine = self._engine
        accounts = self._accounts(by_hand=by_hand)
        if by_hand:
            engine.store.hasten_untold(engine.now())
        done: list[_Conversation] = []
        while accounts and not stopping():
            claimed = engine.store.claim_untold(accounts, now=engine.now(), limit=_BATCH, lease=engine.lease)
            if not claimed.looked_at:
                break
            held = engine.in_parallel(self._hold, _by_account(claimed.pairs))
            engine.store.record_told([told for conversation in held for told in self._outcomes(conversation)])
            done += held
            accounts = [one for one in accounts if one not in {each.account_id for each in held if each.fault}]
        return _sum(done)

    def _accounts(self, *, by_hand: bool) -> list[AccountId]:
        policy, now = self._engine.policy, self._engine.now()
        self._held = {account: until for account, until in self._held.items() if now < until and not by_hand}
        wanted = [account for account in self._engine.store.ticketed_accounts() if policy.tells_hub_of(account)]
        return [one for one in wanted if one not in self._held and (by_hand or policy.acts_in(one))]

    def _hold(self, item: tuple[AccountId, Sequence[tuple[Ticket, Told]]]) -> "_Conversation":
        """Tell one account. Nothing here raises: what was not told is put off."""
        account_id, pairs = item
        conversation = _Conversation(self._hub, account_id, pairs)
        try:
            conversation.hold(self._engine.now)
        except IamflowError as error:
            conversation.fault = error
        except Exception as error:  # noqa: BLE001 - one account's trouble must not hold up the others
            _log.exception("Security Hub could not be told", extra={"account": account_id})
            conversation.fault = TemporaryError(f"account {account_id}: unexpected {type(error).__name__}")
        return conversation

    def _outcomes(self, conversation: "_Conversation") -> Iterator[Told]:
        """Yield what is to be stored of each finding: settled, or put off, the longer the more often it failed."""
        engine, now = self._engine, self._engine.now()
        together = self._wait_after(conversation)
        for finding_id, told in conversation.known.items():
            error = conversation.error_of(finding_id)
            if error is None:
                yield settled(told)
            else:
                wait = together or backoff(told.attempts, engine.policy.timing, engine.rng)
                yield postponed(told, error, now + wait)

    def _wait_after(self, conversation: "_Conversation") -> timedelta | None:
        """Return how long an account waits that could not be told all: together, so that calls are full; None after no fault."""
        engine, fault = self._engine, conversation.fault
        timing = engine.policy.timing
        if fault is None:
            return None
        if isinstance(fault, BlockedError):
            # A person has to do something: until then the account is not tried at every change.
            self._held[conversation.account_id] = engine.now() + timing.retry_most
            return timing.retry_most
        attempts = min((told.attempts for told in conversation.known.values()), default=0)
        named = fault.retry_after if isinstance(fault, TemporaryError) else None
        return max(backoff(attempts, timing, engine.rng), named or timedelta(0))


class _Conversation:
    """What one account is told in one round, and what it answered."""

    def __init__(self, hub: SecurityHub, account_id: AccountId, pairs: Sequence[tuple[Ticket, Told]]) -> None:
        self.account_id = account_id
        self.fault: IamflowError | None = None
        """What ended it before its end; what was not told until then is put off."""
        self.refused: dict[str, str] = {}
        """Findings that were refused by name, each with why."""
        self.known = {told.finding_id: told for _, told in pairs}
        """What Security Hub knows of each finding by now."""
        self.sent = self.archived = self.said = 0
        found = [telling(ticket, told, hub.place) for ticket, told in pairs]
        self._changed = [each for each in found if each.changed]
        self.unchanged = len(found) - len(self._changed)
        self._done = {each.told.finding_id for each in found if not each.changed}
        self._hub = hub

    def error_of(self, finding_id: str) -> str | None:
        """Return why a finding has to be told again; None where it was told."""
        if finding_id in self.refused:
            return self.refused[finding_id]
        return None if finding_id in self._done else str(self.fault or "it was not told of")

    def hold(self, now: Callable[[], datetime]) -> None:
        """Tell everything that has changed: what lifts a suppression, then the documents, then where people are."""
        # A finding that is gone cannot be lifted, and needs not be: what is refused here is said again after its document.
        self._say([each for each in self._changed if each.lifts])
        self._import([each for each in self._changed if each.imports], now)
        rest = [each for each in self._changed if each.told.finding_id not in self.refused]
        refused = self._say([each for each in rest if unsaid(self.known[each.told.finding_id], each.standing)])
        self.refused |= refused
        self._done |= {each.told.finding_id for each in rest} - refused.keys()

    def _import(self, tellings: Sequence[Telling], now: Callable[[], datetime]) -> None:
        for chunk in _chunks(tellings):
            refused = self._hub.import_findings(self.account_id, [each.document for each in chunk])
            self.refused |= refused
            for each in chunk:
                finding_id = each.told.finding_id
                if finding_id not in refused:
                    self.known[finding_id] = imported(self.known[finding_id], each, now())
                    self.sent += 1
                    self.archived += not each.active

    def _say(self, tellings: Sequence[Telling]) -> dict[str, str]:
        """Set workflow status and note, a call for each hundred findings with the same ones; return what was refused."""
        refused: dict[str, str] = {}
        for standing, group in _by_standing(tellings):
            for chunk in _chunks(group):
                ids = [each.told.finding_id for each in chunk]
                answered = self._hub.update_findings(self.account_id, ids, standing)
                refused |= answered
                for finding_id in ids:
                    if finding_id not in answered:
                        self.known[finding_id] = stood(self.known[finding_id], standing)
                        self.said += 1
        return refused


def _by_account(pairs: Sequence[tuple[Ticket, Told]]) -> list[tuple[AccountId, Sequence[tuple[Ticket, Told]]]]:
    found: dict[AccountId, list[tuple[Ticket, Told]]] = {}
    for ticket, told in pairs:
        found.setdefault(ticket.account_id, []).append((ticket, told))
    return list(found.items())


def _by_standing(tellings: Sequence[Telling]) -> list[tuple[HubStanding, Sequence[Telling]]]:
    found: dict[HubStanding, list[Telling]] = {}
    for each in tellings:
        found.setdefault(each.standing, []).append(each)
    return list(found.items())


def _chunks(tellings: Sequence[Telling]) -> Iterator[Sequence[Telling]]:
    for start in range(0, len(tellings), AT_ONCE):
        yield tellings[start : start + AT_ONCE]


def _sum(done: Sequence[_Conversation]) -> Tellings:
    failures = [
        Failure(finding_id=name, ticket_id=one.known[name].ticket_id, account_id=one.account_id, error=error)
        for one in done
        for name, error in one.refused.items()
    ]
    return Tellings(
        sent=sum(one.sent for one in done),
        archived=sum(one.archived for one in done),
        said=sum(one.said for one in done),
        unchanged=sum(one.unchanged for one in done),
        postponed=sum(one.error_of(name) is not None for one in done for name in one.known),
        failures=tuple(failures),
        accounts={one.account_id: str(one.fault) for one in done if one.fault is not None},
    )
