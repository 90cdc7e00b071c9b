"""What follows a recorded rollback: do it now, or say who will, and how to do it by hand (DESIGN 8.11)."""

import re
import shlex
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from iamflow.cli.instances import alive, beat_limit
from iamflow.cli.render.out import note, say
from iamflow.cli.render.words import utc, when
from iamflow.domain.effect import OutcomeKind
from iamflow.domain.errors import IamflowError
from iamflow.domain.states import State
from iamflow.workflows.registry import current

if TYPE_CHECKING:
    from iamflow.bootstrap import Application
    from iamflow.domain.ticket import Ticket
    from iamflow.engine.deps import Engine

_TO_FILL_IN = re.compile(r"--[a-z-]+ [A-Z_]{4,}(?= |$)")


def act(app: "Application", ticket: "Ticket") -> None:
    """Carry a recorded rollback out at once where this process may and can; in any case say how things stand."""
    try:
        reason = _try(app, ticket)
    except KeyboardInterrupt:
        _hand_over(app, ticket, "interrupted")
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong here, the person must be told how to do it by hand
        reason = str(error) if isinstance(error, IamflowError) else f"unexpected {type(error).__name__}"
    if reason is not None:
        _hand_over(app, ticket, reason)


def _try(app: "Application", ticket: "Ticket") -> str | None:
    """Do it and report the read-back. Returns why it could not be done, None where it is done."""
    from iamflow.engine.runner import act_at_once

    with app.engine_lock() as held:
        if not held:
            return "another iamflow process is the engine of this database"
        engine = app.engine()
        after = act_at_once(engine, ticket.id)
        if not after.ended:
            return "; ".join(after.progress.waiting_for) or after.blocked_reason or "AWS has not shown it yet"
        _report(app, after)
        _tell(app, engine)
    return None


def _report(app: "Application", ticket: "Ticket") -> None:
    seen = _observed(app, ticket)
    if ticket.state is State.ROLLED_BACK:
        say(f"{current(ticket.workflow).outlook.given_back(ticket)}, observed at {utc(seen or ticket.state_since)}")
    else:
        ending = ticket.resolution.value if ticket.resolution is not None else ticket.state.value
        say(f"ticket {ticket.id} has ended as {ticket.state.value} ({ending}): iamflow ticket history {ticket.id}")


def _observed(app: "Application", ticket: "Ticket") -> datetime | None:
    """Return when AWS was read and showed that access was given back."""
    seen = [
        stored.outcome.at
        for stored in app.store.intents(ticket.id)
        if stored.intent.effect.kind.undoes and stored.outcome is not None and stored.outcome.kind is OutcomeKind.DONE
    ]
    return max(seen, default=None)


def _tell(app: "Application", engine: "Engine") -> None:
    """Send word of it. The key is Active by now, and a mail server in trouble changes nothing about that."""
    from iamflow.engine.outbox import deliver

    try:
        deliver(engine, app.channels)
    except IamflowError as error:
        note(f"the notices wait for the next pass: {error}")


def _hand_over(app: "Application", ticket: "Ticket", reason: str) -> None:
    say(f"it is not carried out yet: {reason}")
    say(_who_will(app))
    say(f"to do it by hand, with credentials of account {ticket.account_id}:")
    lines = (by_hand(ticket), *more_by_hand(ticket))
    for line in lines:
        say(f"  {line}")
    if any(_TO_FILL_IN.search(line) for line in lines):
        say("fill in what is in capitals from the answer to the command before it")


def _who_will(app: "Application") -> str:
    now = app.clock.now()
    instances = app.store.instances()
    limit = beat_limit(app.settings.daemon.interval)
    running = next((instance for instance in instances if alive(instance, now, limit)), None)
    if running is not None:
        return (
            f"the daemon {running.id} will do it at its next pass; its last heartbeat was {when(running.beat_at, now)}"
        )
    last = f"the last heartbeat was {when(instances[0].beat_at, now)}" if instances else "there never was one"
    return f"no daemon is alive ({last}): run iamflow tick, or start the daemon"


def by_hand(ticket: "Ticket") -> str:
    """Return the command, quoted for a shell, that gives access back without iamflow."""
    return _line(*current(ticket.workflow).outlook.by_hand(ticket))


def more_by_hand(ticket: "Ticket") -> "list[str]":
    """Return the commands that must follow it."""
    return [_line(command, options) for command, options in current(ticket.workflow).outlook.more_by_hand(ticket)]


def _line(command: str, options: "Iterable[tuple[str, str]]") -> str:
    return " ".join(["aws", command, *(_option(name, value) for name, value in options)])


def _option(name: str, value: str) -> str:
    # A name may begin with a hyphen, which the AWS CLI would take for an option of its own.
    return f"--{name}={shlex.quote(value)}" if value.startswith("-") else f"--{name} {shlex.quote(value)}"
