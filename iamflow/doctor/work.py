"""Whether the work goes on: the daemon, the notices, the kill switch."""

from collections.abc import Iterator
from datetime import timedelta

from iamflow.doctor import database, journal
from iamflow.doctor.result import Check, Patient, Result, failed, ok, warning

_DAEMON, _OUTBOX, _FREEZE = "daemon", "outbox", "freeze"
_NEEDS = (database.NAME, journal.KEY)
_OVERDUE = timedelta(hours=1)
"""How long something may be due: whoever ticks from cron does so more often than this."""
_SLOW, _STUCK = timedelta(minutes=15), timedelta(days=1)
_START = "start it (iamflow daemon run, or the service), or run iamflow tick from cron"


def daemon(patient: Patient) -> Iterator[Result]:
    """Tell whether a daemon was heard of lately, and whether anything waits for one in vain."""
    app, now = patient.app, patient.now
    limit = patient.options.beat_limit(app.settings.daemon.interval)
    known = app.store.instances()
    living = [each for each in known if each.stopped_at is None and now - each.beat_at <= limit]
    due = app.store.next_due()
    overdue = due is not None and now - due > _OVERDUE
    if living and not overdue:
        yield ok(_DAEMON, f"{living[0].id} on {living[0].host} was heard of {_ago(now - living[0].beat_at)} ago")
        return
    last = f"no daemon is alive; the last was heard of {_ago(now - known[0].beat_at)} ago" if known else "none ever ran"
    state = f"{living[0].id} is alive" if living else last
    if due is not None and overdue:
        remedy = "see its log and iamflow ticket why of what is due" if living else _START
        yield failed(_DAEMON, f"{state}, and tickets have been due for {_ago(now - due)}", remedy)
    else:
        yield warning(_DAEMON, state, _START)


def outbox(patient: Patient) -> Iterator[Result]:
    """Tell how long the oldest notice has waited to be sent."""
    age = patient.app.store.outbox_age(patient.now)
    if age is None:
        yield ok(_OUTBOX, "no notice waits to be sent")
        return
    sentence = f"the oldest notice has waited for {_ago(age)} to be sent"
    remedy = "see that a daemon runs and that the channels work: no grace period begins before its notice was taken"
    if age > _STUCK:
        yield failed(_OUTBOX, sentence, remedy)
    elif age > _SLOW:
        yield warning(_OUTBOX, sentence, remedy)
    else:
        yield ok(_OUTBOX, sentence)


def freeze(patient: Patient) -> Iterator[Result]:
    """Tell whether the kill switch is on."""
    found = patient.app.store.freeze()
    if found.on:
        reason = found.reason or "no reason given"
        yield warning(_FREEZE, f"everything is frozen: {reason}", "when the reason is gone: iamflow freeze off")
    else:
        yield ok(_FREEZE, "not frozen")


def _ago(age: timedelta) -> str:
    """Return a length of time in its largest whole unit."""
    seconds = max(int(age.total_seconds()), 0)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


_REMEDY = "put the database right"
CHECKS = (
    Check(name=_DAEMON, run=daemon, remedy=_REMEDY, needs=_NEEDS),
    Check(name=_OUTBOX, run=outbox, remedy=_REMEDY, needs=_NEEDS),
    Check(name=_FREEZE, run=freeze, remedy=_REMEDY, needs=_NEEDS),
)
