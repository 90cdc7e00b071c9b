"""Drives the passes: everything that is due now, until nothing more is (``tick``), or one ticket at once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from iamflow.domain.ids import TicketId
from iamflow.domain.ticket import Ticket
from iamflow.engine.advance import advance
from iamflow.engine.deps import Engine
from iamflow.engine.outbox import Delivery

_LOOKS = 32
"""How often one ticket is looked at in one tick at most: more often than the longest way to an end has steps."""

_LOOKS_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class TickReport:
    """What one tick did."""

    tickets: int = 0
    moved: int = 0
    effects: int = 0
    notices: int = 0
    passes: int = 0
    frozen_by_breaker: str | None = None


def begin(engine: Engine) -> None:
    """Tell the database in which accounts this process may act; where that is new, every grace period starts anew."""
    accounts = engine.store.accounts()
    if accounts:
        engine.store.note_enforcement({account: engine.policy.acts_in(account) for account in accounts}, engine.now())


def tick(engine: Engine, send: Callable[[], Delivery], *, stopping: Callable[[], bool] = lambda: False) -> TickReport:
    """Advance whatever is due and send what is waiting, until nothing more is due or ``stopping`` says so.

    ``send`` delivers the outbox; a daemon that also sends between ticks makes sure that only one of the two sends at a time.
    """
    looks: Counter[TicketId] = Counter()
    report = TickReport()
    while not stopping():
        done = advance(engine)
        sent = send()
        report = TickReport(
            tickets=len(looks | Counter(done.claimed)),
            moved=report.moved + done.moved,
            effects=report.effects + done.effects,
            notices=report.notices + sent.accepted,
            passes=report.passes + 1,
            frozen_by_breaker=done.frozen_by_breaker or report.frozen_by_breaker,
        )
        looks.update(done.claimed)
        if not done.claimed and not _sent(sent):
            break
        if done.claimed and all(looks[ticket] >= _LOOKS for ticket in done.claimed):
            break
    return report


def act_at_once(engine: Engine, ticket_id: TicketId) -> Ticket:
    """Look at one ticket now, due or not, and return it as it is then. Notices that this causes wait to be sent.

    What makes it due again at once is done too: a rollback of a brown-out takes a look for the deny and one for the end.
    """
    for _ in range(_LOOKS_AT_ONCE):
        advance(engine, only=ticket_id)
        ticket = engine.store.ticket(str(ticket_id))
        if ticket.due_at is None or ticket.due_at > engine.now():
            break
    return ticket


def _sent(delivery: Delivery) -> int:
    return delivery.accepted + delivery.later + delivery.failed
