"""``iamflow sandbox``: the simulated AWS alone."""

import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from iamflow.cli.context import noun
from iamflow.cli.render.out import complain, emit, note

app = noun("The simulated AWS that demonstrations and tests use.")


@app.command("serve")
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Where to listen, on loopback; 0 takes a free one.")] = 0,
    audit: Annotated[
        Path | None,
        typer.Option("--audit", metavar="FILE", exists=True, dir_okay=False, help="An iam-audit report to lay out."),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option("--start", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="The date (UTC) that it begins at; now, if not said."),
    ] = None,
) -> None:
    """Serve a simulated AWS on loopback until interrupted; prints what to export in a shell."""
    try:
        from iamflow.sandbox.clock import RunningClock
        from iamflow.sandbox.serve import serve as run
        from iamflow.sandbox.settings import SandboxSettings
    except ModuleNotFoundError as error:
        complain(f"the simulated AWS needs {error.name}: pip install 'iamflow[sandbox]'")
        raise typer.Exit(1) from None
    from datetime import UTC

    from iamflow.engine.clock import SystemClock

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clock = RunningClock(SystemClock(), start=start.replace(tzinfo=UTC) if start is not None else None)
    note("the simulated AWS listens until it is interrupted (Ctrl-C)")

    def say(line: str) -> None:
        emit(line)

    run(clock=clock, settings=SandboxSettings(port=port, control=True), say=say, stop=stop, audit=audit)
