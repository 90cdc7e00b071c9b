"""``iamflow daemon`` and ``iamflow tick``: what advances the tickets."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, noun, opened
from iamflow.cli.render.out import Output, complain, note, say

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from iamflow.bootstrap import Application
    from iamflow.cli.render.tables import Listing
    from iamflow.engine.ports import Instance
    from iamflow.engine.runner import TickReport

app = noun("The daemon that advances whatever has fallen due.")

INSTANCE_FIELDS = ("id", "host", "pid", "started_at", "beat_at", "stopped_at", "alive")
TICK_FIELDS = ("ran", "tickets", "moved", "effects", "notices", "passes", "frozen_by_breaker")


def register(top: typer.Typer) -> None:
    """Add ``iamflow tick``."""
    top.command("tick")(tick)


@app.command("run")
def run(ctx: typer.Context) -> None:
    """Run until told to stop (SIGTERM, Ctrl-C), and then finish what was begun."""
    with opened(ctx, "daemon") as app_:
        raise typer.Exit(app_.run_daemon())


@app.command("status")
def status(
    ctx: typer.Context,
    stopped: Annotated[bool, typer.Option("--all", help="Daemons of the past too.")] = False,
    output: AsOutput = Output.TABLE,
) -> None:
    """Show the daemons, their last heartbeats and what falls due next; exits 1 when none is alive."""
    from iamflow.cli.instances import alive, beat_limit
    from iamflow.cli.render.data import emit_csv, emit_json
    from iamflow.cli.render.tables import show

    with opened(ctx) as app_:
        now, limit = app_.clock.now(), beat_limit(app_.settings.daemon.interval)
        known = app_.store.instances()
        living = [instance for instance in known if alive(instance, now, limit)]
        shown = known if stopped else living or known[:1]
        match output:
            case Output.JSON:
                emit_json(_status(app_, shown, now, limit))
            case Output.CSV:
                emit_csv([_instance(instance, now, limit) for instance in shown], INSTANCE_FIELDS)
            case Output.TABLE:
                show(_listing(now, limit), shown, output)
                _tell_due(app_, now)
        if not living:
            complain("no daemon is alive (iamflow daemon run, or iamflow tick from cron)")
            raise typer.Exit(1)


def _instance(instance: "Instance", now: "datetime", limit: "timedelta") -> dict[str, object]:
    from iamflow.cli.instances import alive

    return {
        "id": instance.id,
        "host": instance.host,
        "pid": instance.pid,
        "started_at": instance.started_at,
        "beat_at": instance.beat_at,
        "stopped_at": instance.stopped_at,
        "alive": alive(instance, now, limit),
    }


def _status(app_: "Application", shown: "Sequence[Instance]", now: "datetime", limit: "timedelta") -> dict[str, object]:
    waiting = app_.store.outbox_age(now)
    freeze = app_.store.freeze()
    records = [_instance(instance, now, limit) for instance in shown]
    return {
        "alive": any(record["alive"] for record in records),
        "instances": records,
        "next_due": app_.store.next_due(),
        "oldest_notice_seconds": round(waiting.total_seconds()) if waiting is not None else None,
        "frozen": freeze.on,
        "freeze_reason": freeze.reason,
    }


def _listing(now: "datetime", limit: "timedelta") -> "Listing[Instance]":
    from iamflow.cli.instances import alive
    from iamflow.cli.render.tables import Column, Listing
    from iamflow.cli.render.words import when

    return Listing(
        columns=(
            Column(title="DAEMON", cell=lambda instance: instance.id),
            Column(
                title="STATE", cell=lambda instance: _state(instance, living=alive(instance, now, limit)), whole=True
            ),
            Column(title="HOST", cell=lambda instance: instance.host),
            Column(title="PID", cell=lambda instance: str(instance.pid), whole=True),
            Column(title="STARTED", cell=lambda instance: when(instance.started_at, now)),
            Column(title="HEARTBEAT", cell=lambda instance: when(instance.beat_at, now)),
        ),
        fields=INSTANCE_FIELDS,
        record=lambda instance: _instance(instance, now, limit),
        empty="no daemon has ever run on this database",
    )


def _state(instance: "Instance", *, living: bool) -> str:
    if living:
        return "alive"
    return "stopped" if instance.stopped_at is not None else "silent"


def _tell_due(app_: "Application", now: "datetime") -> None:
    from iamflow.cli.render.words import duration, when

    due = app_.store.next_due()
    overdue = due is not None and due <= now
    say(f"due: {'since ' if overdue else ''}{when(due, now)}" if due is not None else "due: nothing")
    waiting = app_.store.outbox_age(now)
    if waiting is not None:
        say(f"notices: the oldest has waited for {duration(waiting)}")
    freeze = app_.store.freeze()
    if freeze.on:
        say(f"frozen: {freeze.reason or 'no reason given'} (iamflow freeze off)")


def tick(ctx: typer.Context, output: AsOutput = Output.TABLE) -> None:
    """Advance whatever is due and send what waits, once, for cron; beside a running daemon it leaves the work to that."""
    with opened(ctx) as app_, _finishing(app_) as interrupted:
        report = app_.tick()
        _tell(report, output)
        if interrupted():
            raise typer.Exit(130)


def _tell(report: "TickReport | None", output: Output) -> None:
    from iamflow.cli.render.data import emit_csv, emit_json

    if output is not Output.TABLE:
        record = {name: getattr(report, name, None if name == "frozen_by_breaker" else 0) for name in TICK_FIELDS}
        record["ran"] = report is not None
        if output is Output.JSON:
            emit_json(record)
        else:
            emit_csv([record], TICK_FIELDS)
    elif report is None:
        say("another engine works on this database, and does what is due (iamflow daemon status)")
    else:
        say(
            f"{report.tickets} tickets looked at, {report.moved} moved, {report.effects} changes to AWS, "
            f"{report.notices} notices accepted"
        )
    if report is not None and report.frozen_by_breaker is not None:
        complain(f"frozen by the circuit breaker: {report.frozen_by_breaker} (iamflow freeze off)")


@contextmanager
def _finishing(app_: "Application") -> Iterator[Callable[[], bool]]:
    """Let SIGTERM and the first Ctrl-C end the tick after what it has begun; a second Ctrl-C ends it at once."""
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        note("finishing what was begun")
        app_.stop.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: signal.SIGINT in received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
