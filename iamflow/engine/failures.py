"""What becomes of a ticket when something went wrong. One ticket's trouble never holds up the others."""

import logging
from dataclasses import replace

from iamflow.domain.decision import Case, Decision
from iamflow.domain.errors import (
    BlockedError,
    PermanentError,
    TemporaryError,
    UncertainError,
)
from iamflow.domain.journal import EventKind, NewEvent
from iamflow.domain.schedule import backoff
from iamflow.domain.states import PAUSED, Trigger
from iamflow.engine.changes import DAEMON
from iamflow.engine.deps import Engine
from iamflow.workflows.workflow import Workflow

_log = logging.getLogger(__name__)


def after_failure(engine: Engine, workflow: Workflow, case: Case, error: Exception) -> Decision:
    """Return the decision after an error: try again later, or set the ticket aside with a sentence for a person.

    A ticket with an open intent is never set aside: what became of the call must be found out first.
    """
    code, sentence = _describe(error)
    if code == "poison":
        _log.exception(
            "a ticket failed in an unexpected way",
            exc_info=error,
            extra={"ticket": case.ticket.id},
        )
    tries = engine.policy.timing.tries
    exhausted = case.ticket.attempts + 1 >= tries
    may_block = case.intent is None and workflow.table.allows(case.ticket, Trigger.BLOCK)
    lasting = isinstance(error, BlockedError | PermanentError) or exhausted
    if may_block and lasting:
        return workflow.blocked(case.ticket, engine.situation(), code, sentence)
    return _later(engine, case, error, sentence)


def _describe(error: Exception) -> tuple[str, str]:
    match error:
        case BlockedError():
            return error.code, str(error)
        case PermanentError():
            return "refused", str(error)
        case TemporaryError() | UncertainError():
            return "unreachable", str(error)
        case _:
            return (
                "poison",
                f"unexpected {type(error).__name__}; the log has the details (iamflow ticket retry)",
            )


def _later(engine: Engine, case: Case, error: Exception, sentence: str) -> Decision:
    ticket, now = case.ticket, engine.now()
    wait = backoff(ticket.attempts, engine.policy.timing, engine.rng)
    if isinstance(error, TemporaryError) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    if ticket.state in PAUSED:
        wait = max(wait, engine.policy.timing.retry_most)
    events: tuple[NewEvent, ...] = ()
    if ticket.attempts == 0:
        detail = {"reason": sentence, "retry_at": (now + wait).isoformat()}
        events = (NewEvent(kind=EventKind.RETRY_LATER, actor=DAEMON, at=now, detail=detail),)
    tried = replace(
        ticket,
        attempts=ticket.attempts + 1,
        progress=replace(ticket.progress, waiting_for=(sentence,)),
    )
    return Decision(ticket=tried, due_at=now + wait, events=events, reason=sentence)
