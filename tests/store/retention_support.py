"""Tickets that ended, with all the evidence and letters that a life leaves."""

from dataclasses import replace
from datetime import datetime, timedelta

from iamflow.domain.evidence import Activity, Baseline, Signal, SignalKind, SweepRecord, TrailEvent
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.retention import Removable, Removal
from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.domain.ticket import Progress, Ticket
from iamflow.engine.ports import Change, Sent
from iamflow.store.open import SqlStore
from tests.store.support import DAY, HOUR, START, done, effect_on, first_notice, new_ticket

SOURCE_IP = "198.51.100.7"
END = START + DAY


def removal(what: Removable, *, after: timedelta = 400 * DAY, at: datetime = END + 400 * DAY) -> Removal:
    return Removal(what=what, kept_for=after, by="daemon", at=at)


def ended(
    store: SqlStore,
    number: int = 1,
    *,
    closed_at: datetime = END,
    confirmation: Confirmation | None = Confirmation.CONFIRMED,
    letter_sent: bool = True,
) -> Ticket:
    """Let one ticket live to a rollback, and return it."""
    (ticket,) = store.open_new([new_ticket(number)], "rules")
    event = NewEvent(kind=EventKind.BASELINE, actor="daemon", at=START, detail={"activities": 1})
    told = replace(first_notice(ticket), context={"source_ip": SOURCE_IP})
    watched = replace(ticket, baseline=baseline(), progress=seen(ticket.progress))
    opened = store.commit(
        [Change(before=ticket, after=watched, events=(event,), opens=effect_on(ticket), notices=(told,))]
    )
    now, intent = opened.tickets[ticket.id], opened.intents[ticket.id]
    letters = [letter for letter in store.due_letters(START, 1000) if letter.notice.ticket_id == ticket.id]
    if letter_sent:
        store.record_sent([Sent(letter=letter, at=START, accepted_at=START + HOUR) for letter in letters])
    return store.commit([_end(now, intent.id, closed_at, confirmation)]).tickets[ticket.id]


def _end(ticket: Ticket, intent_id: int, closed_at: datetime, confirmation: Confirmation | None) -> Change:
    event = NewEvent(
        kind=EventKind.TRANSITION, actor="daemon", at=START, from_state=ticket.state, to_state=State.ROLLED_BACK
    )
    after = replace(
        ticket,
        state=State.ROLLED_BACK,
        resolution=Resolution.ROLLED_BACK,
        closed_at=closed_at,
        due_at=closed_at if confirmation is Confirmation.PENDING else None,
        confirmation=confirmation,
    )
    return Change(before=ticket, after=after, events=(event,), settles=(intent_id, done(START + HOUR)))  # type: ignore[arg-type] - as the store numbered it


def baseline() -> Baseline:
    activity = Activity(
        source="s3.amazonaws.com",
        name="GetObject",
        region="eu-west-1",
        source_ip=SOURCE_IP,
        user_agent="aws-cli",
        error_code=None,
        count=3,
        first_at=START,
        last_at=START,
    )
    return Baseline(taken_at=START, start=START, end=START, regions=("us-east-1",), activities=(activity,))


def seen(progress: Progress) -> Progress:
    event = TrailEvent(
        event_id="e", at=START, region="us-east-1", source="s3.amazonaws.com", name="GetObject", source_ip=SOURCE_IP
    )
    sweep = SweepRecord(run_at=START, start=START, end=START + HOUR, regions=("us-east-1",), conclusive=True)
    signal = Signal(kind=SignalKind.KEY_USED, sentence="used", at=START, event=event, mark="m")
    return replace(progress, final_sweep=sweep, signals=(signal,), notice_round=1)
