"""Engines in processes of their own, which kill themselves at a named point: ``python -m tests.faults.driver``.

An engine is put together as ``iamflow tick`` is, from a configuration file, and reaches the simulated AWS of the test over HTTP.
Its clock is that AWS's own. Reaching the point ends the process by SIGKILL, which leaves no time to tidy up.

Importing all of iamflow takes much longer than what a victim then does. So this process imports it once, and forks for each
victim: it reads one on a line (JSON) from its input, waits for its end and writes how it ended. It opens nothing itself, and
has one thread, so that what is forked is as good as new.
"""

import json
import os
import signal
import sys
import traceback
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import botocore.loaders

from iamflow.bootstrap import Application, application
from iamflow.engine.deps import Engine
from iamflow.engine.runner import begin
from iamflow.notify import file as _file_channel

__all__ = ["_file_channel"]

_NO_LOCK = 3
_LONGEST = timedelta(days=60)


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

    def __init__(self, point: str, app: Application, after_intents: int) -> None:
        """Kill there, once more than so many intents were ever opened."""
        self._point = point
        self._app = app
        self._after_intents = after_intents

    def reach(self, name: str) -> None:
        """End this process at once if this is the point."""
        if name == self._point and len(self._app.store.intents()) > self._after_intents:
            os.kill(os.getpid(), signal.SIGKILL)


def live(victim: Mapping[str, Any]) -> int:
    """Do one tick, or with ``until`` one after the other until a ticket stands in one of these states."""
    clock = SandboxClock(os.environ["AWS_ENDPOINT_URL"])
    with application(Path(victim["config"]), writer="victim", clock=clock) as app, app.engine_lock() as held:
        if not held:
            return _NO_LOCK
        engine = replace(app.engine(), crash=Killing(victim["point"], app, victim["after_intents"]))
        begin(engine)
        app.run_tick(engine)
        if victim["until"]:
            _live_on(app, engine, victim["ticket"], frozenset(victim["until"]))
    return 0


def _live_on(app: Application, engine: Engine, ref: str, until: frozenset[str]) -> None:
    end = app.clock.now() + _LONGEST
    while app.store.ticket(ref).state.value not in until:
        due, now = app.store.next_due(), app.clock.now()
        if due is None or due > end:
            return
        app.clock.sleep(max((due - now).total_seconds(), 1))
        app.run_tick(engine)


def _read_models_once() -> None:
    """Keep what botocore reads of its own files, so that each victim is born knowing it."""
    read = botocore.loaders.JSONFileLoader.load_file
    kept: dict[str, object] = {}

    def read_once(self: botocore.loaders.JSONFileLoader, file_path: str) -> object:
        if file_path not in kept:
            kept[file_path] = read(self, file_path)
        return kept[file_path]

    botocore.loaders.JSONFileLoader.load_file = read_once  # type: ignore[method-assign]  # this process is the test's own
    loader = botocore.loaders.create_loader()
    for service in ("iam", "sts", "cloudtrail", "ec2", "organizations", "secretsmanager"):
        loader.load_service_model(service, "service-2")
        loader.load_service_model(service, "endpoint-rule-set-1")
    for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        loader.load_data(name)


def serve(asked: TextIO, told: TextIO) -> None:
    """Fork a victim for each line that is asked, and tell how it ended: its exit code, negative for a signal."""
    print("ready", file=told, flush=True)
    for line in asked:
        victim = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ.clear()
            os.environ.update(victim["environment"])
            os.dup2(os.open(victim["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), sys.stderr.fileno())
            code = 1
            try:
                code = live(victim)
            except BaseException:  # noqa: BLE001 - whatever it is, the test is to see it
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=told, flush=True)


if __name__ == "__main__":
    _read_models_once()
    serve(sys.stdin, sys.stdout)
