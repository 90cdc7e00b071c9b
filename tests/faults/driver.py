"""One engine in a process of its own, which kills itself at a named point: ``python -m tests.faults.driver CONFIG POINT``.

It is put together as ``iamflow tick`` is, from a configuration file, and reaches the simulated AWS of the test over HTTP. Its
clock is that AWS's own. Reaching the point ends the process by SIGKILL, which leaves no time to tidy up.
"""

import json
import os
import signal
import sys
import urllib.request
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from iamflow.bootstrap import application
from iamflow.engine.runner import begin


class SandboxClock:
    """The time of a sandbox in another process; to wait is to move it on."""

    def __init__(self, endpoint: str) -> None:
        """Ask that sandbox."""
        self._endpoint = endpoint

    def now(self) -> datetime:
        """Return the sandbox's time."""
        return self._ask("now", {})

    def sleep(self, seconds: float) -> None:
        """Move the sandbox's time on."""
        self._ask("advance", {"seconds": seconds})

    def _ask(self, action: str, body: dict[str, float]) -> datetime:
        request = urllib.request.Request(  # noqa: S310 - the sandbox listens on http, on this machine
            f"{self._endpoint}/_sandbox/{action}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return datetime.fromisoformat(json.load(answer)["now"])


class Killing:
    """Crash points of which one kills."""

    def __init__(self, point: str) -> None:
        """Kill there."""
        self._point = point

    def reach(self, name: str) -> None:
        """End this process at once if this is the point."""
        if name == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


def main(config: Path, point: str) -> None:
    """Do one tick, or as much of it as there is before the point."""
    clock = SandboxClock(os.environ["AWS_ENDPOINT_URL"])
    with application(config, writer="victim", clock=clock) as app, app.engine_lock() as held:
        if not held:
            sys.exit(3)
        engine = replace(app.engine(), crash=Killing(point))
        begin(engine)
        app.run_tick(engine)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
