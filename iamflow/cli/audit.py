"""``iamflow audit``: the journal as a whole."""

import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, noun, opened
from iamflow.cli.render.out import Output, complain, emit, say
from iamflow.domain.errors import InputError

if TYPE_CHECKING:
    from iamflow.domain.journal import Event

app = noun("The journal: prove it whole, and take it elsewhere.")

_LARGEST_HEAD = 10_000_000
"""Bytes. A head names each process that ever wrote, once."""


@app.command("verify")
def verify(
    ctx: typer.Context,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="FILE", help="A head that was exported earlier and kept elsewhere."),
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """Check every chain of the journal; exits 1 where anything was edited, reordered or cut off."""
    from iamflow.cli.render.data import emit_csv, emit_json

    head = _head(against) if against is not None else None
    with opened(ctx) as app_:
        faults = app_.store.verify(head)
        head_now = app_.store.head()
        events, removed = head_now["events"], head_now["removed"]
        match output:
            case Output.JSON:
                emit_json({"intact": not faults, "events": events, "removed": removed, "faults": faults})
            case Output.CSV:
                emit_csv(
                    [{"where": fault.where, "sentence": fault.sentence} for fault in faults], ("where", "sentence")
                )
            case Output.TABLE:
                for fault in faults:
                    say(f"{fault.where}: {fault.sentence}")
                if not faults:
                    gone = f", {removed} of them removed by retention" if removed else ""
                    say(
                        f"the journal is intact: {events} events{gone}"
                        + (", and it continues that head" if head else "")
                    )
        if faults:
            complain(f"the journal does not add up: {len(faults)} faults")
            raise typer.Exit(1)


@app.command("export")
def export(
    ctx: typer.Context,
    head: Annotated[bool, typer.Option("--head", help="Only the head: what audit verify --against takes.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to a file that only you may read (0600).")
    ] = None,
) -> None:
    """Write every event of the journal as JSON Lines, or only its head as one JSON document."""
    with opened(ctx) as app_, _writer(out) as write:
        if head:
            write(json.dumps(app_.store.head(), indent=2))
            return
        for event in app_.store.export():
            write(json.dumps(_event(event)))


def _event(event: "Event") -> dict[str, object]:
    from iamflow.cli.render.data import plain
    from iamflow.cli.render.ticket import event_record

    record = {"ticket_id": event.ticket_id, **event_record(event), "prev_hash": event.prev_hash, "hash": event.hash}
    return {name: plain(value) for name, value in record.items()}


def _head(path: Path) -> Mapping[str, object]:
    """Read an exported head. Raises ``InputError`` for anything else."""
    try:
        if path.stat().st_size > _LARGEST_HEAD:
            message = f"{path} is too large to be the head of a journal"
            raise InputError(message)
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not {"events", "writers", "hash"} <= found.keys():
        message = f"{path} is not the head of a journal (iamflow audit export --head)"
        raise InputError(message)
    return found


@contextmanager
def _writer(out: Path | None) -> Iterator[Callable[[str], object]]:
    """Yield what writes a line: to standard output, or to a new file that takes its place only once it is whole."""
    if out is None:
        yield emit
        return
    if out.exists() and not stat.S_ISREG(out.lstat().st_mode):
        message = f"{out} is not a regular file: leave --out away to write to standard output"
        raise InputError(message)
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name[:100]}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield lambda line: file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
