"""``iamflow init`` and ``iamflow sandbox``: where one begins."""

import os
import signal
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from iamflow.cli.context import noun, settings_file
from iamflow.cli.dates import moment
from iamflow.cli.render.out import emit, note, say
from iamflow.domain.errors import ConfigError

sandbox = noun("A simulated AWS on this machine, for trying things out.")

_HIGHEST_PORT = 65_535


def register(top: typer.Typer) -> None:
    """Add ``iamflow init``."""
    top.command("init")(init)


def init(ctx: typer.Context) -> None:
    """Write a commented settings file and the journal's key, where --config, IAMFLOW_CONFIG or XDG says; overwrites nothing."""
    from iamflow.config.initial import init as write
    from iamflow.config.loading import default_file

    named = settings_file(ctx) or (Path(os.environ["IAMFLOW_CONFIG"]) if os.environ.get("IAMFLOW_CONFIG") else None)
    config, key = write(named or default_file())
    say(f"settings: {config}")
    say(f"journal key: {key} (back it up apart from the database)")
    say("next: read the settings, then run: iamflow db upgrade")


@sandbox.command("serve")
def serve(
    port: Annotated[
        int,
        typer.Option("--port", metavar="PORT", min=0, max=_HIGHEST_PORT, help="Where to listen; 0 takes a free one."),
    ] = 0,
    audit: Annotated[
        Path | None,
        typer.Option("--audit", metavar="FILE", help="An iam-audit report whose organisation is there at once."),
    ] = None,
    date: Annotated[
        datetime | None,
        typer.Option("--date", metavar="DATE", parser=moment, help="The time at which it begins; now, otherwise."),
    ] = None,
    control: Annotated[
        bool,
        typer.Option("--control", help="Answer /_sandbox/… too, so that others can move its clock and break things."),
    ] = False,
    trail_delay: Annotated[
        float,
        typer.Option("--trail-delay", metavar="SECONDS", min=0, help="Seconds until an event shows in CloudTrail."),
    ] = 300,
    trail_bucket: Annotated[
        str | None,
        typer.Option("--trail-bucket", metavar="NAME", help="A bucket to which an organisation trail delivers, too."),
    ] = None,
) -> None:
    """Serve a simulated AWS on loopback until Ctrl-C; the first lines are what to export in a shell that is to use it."""
    from iamflow.engine.clock import SystemClock

    try:
        from iamflow.sandbox.clock import RunningClock
        from iamflow.sandbox.serve import serve as run
        from iamflow.sandbox.settings import SandboxSettings
    except ImportError:
        message = "the sandbox needs its extra: pip install '.[sandbox]' in the checkout"
        raise ConfigError(message) from None
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = SandboxSettings(
        port=port, control=control, trail_delay=timedelta(seconds=trail_delay), trail_bucket=trail_bucket
    )
    note("a simulated AWS, until Ctrl-C:")
    run(clock=RunningClock(SystemClock(stop), date), settings=settings, say=_say, stop=stop, audit=audit)


def _say(line: str) -> None:
    """Write a line that another program may be waiting for."""
    emit(line)
    sys.stdout.flush()
