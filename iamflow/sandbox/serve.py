"""A sandbox that other programs use, until it is told to stop."""

import threading
from collections.abc import Callable
from pathlib import Path

from iamflow.domain.clock import Clock
from iamflow.sandbox.organisation import read_audit, seed_from_audit
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings


def serve(
    *,
    clock: Clock,
    settings: SandboxSettings,
    say: Callable[[str], None],
    stop: threading.Event,
    audit: Path | None = None,
) -> None:
    """Run a sandbox until ``stop`` is set, having said line by line what to export in a shell.

    ``clock`` may be the system's, or a ``RunningClock`` for another date and for ``/_sandbox/advance``. With
    ``audit``, an iam-audit report, the organisation in it is there from the start. Raises OSError if the port is
    taken or the report unreadable, and RuntimeError if this process runs a sandbox already.
    """
    with Sandbox(clock=clock, settings=settings) as sandbox:
        if audit is not None:
            seed_from_audit(sandbox, read_audit(audit))
        for name, value in sandbox.environment().items():
            say(f"export {name}={value}")
        # Not for ever at a time: a signal at the wrong moment is seen only when the wait returns.
        while not stop.wait(0.5):
            continue
