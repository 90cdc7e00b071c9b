"""A small company in the simulated AWS, the audit report about it, and the iamflow command."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from iamflow.engine.clock import SystemClock
from iamflow.sandbox.clock import RunningClock
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings

PAYMENTS, DEVELOPMENT, EXCLUDED = "111122223333", "012345678901", "999988887777"
DAY = timedelta(days=1)
COLUMNS = [
    "account_id",
    "account_name",
    "username",
    "password_status",
    "password_last_used",
    "access_key_id",
    "status",
    "created_date",
    "last_used_date",
    "service_name",
    "mfa_status",
]

CONFIG = """
mode: enforce
sandbox: true
database: {url: "sqlite:///iamflow.db"}
aws: {endpoint_url: "ENDPOINT", trail_lookups_per_second: 100}
accounts:
  enforce: all
  exclude: ["999988887777"]
  contacts: {"111122223333": payments@example.com, "012345678901": dev@example.com}
workflows: {disable-key: {grace: 1s, monitor: 2s, delivery_lag: 1s}}
timing: {propagation: 0s, poll: 1s, recheck: 1s, retry: {base: 1s, most: 4s}}
notify: {channels: [file], sender: iamflow@example.com, team: security@example.com}
limits: {per_account_per_day: 1000, percent_of_users: 100}
daemon: {interval: 1s}
rules: {open: {console-without-mfa: none, user-unused: none}}
"""


@dataclass
class Company:
    """The company, and what was reported about it."""

    sandbox: Sandbox
    folder: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Short name → (account id, key id)."""

    def key(
        self,
        name: str,
        account: str = PAYMENTS,
        *,
        user: str | None = None,
        status: str = "Active",
        age: float = 400,
        idle: float | None = 200,
    ) -> None:
        """Make a key, its user where there is none yet, and its row in the report."""
        now, username = datetime.now(UTC), user or name
        key_id = f"AKIA{len(self.keys):04}{''.join(c for c in name.upper() if c.isalnum()):X<12.12}"
        if (account, username) not in {(row["account_id"], row["username"]) for row in self.rows}:
            self.sandbox.seed.user(account, username, created=now - 500 * DAY)
        created = now - timedelta(days=age)
        used = now - timedelta(days=idle) if idle is not None else None
        self.sandbox.seed.key(account, username, key_id, status=status, created=created, last_used=used, service="s3")
        cells = (
            account, f"account {account}", username, "No configurada", "Nunca", key_id, status, str(created),
            str(used) if used is not None else "Nunca utilizada", "s3" if used is not None else "N/A", "None",
        )  # fmt: skip
        self.rows.append(dict(zip(COLUMNS, cells, strict=True)))
        self.keys[name] = (account, key_id)

    def report(self) -> Path:
        """Write the audit report."""
        path = self.folder / f"iam_audit_report_{datetime.now(UTC):%Y%m%d_%H%M%S}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)
        return path

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run one iamflow command and return what it printed."""
        done = subprocess.run(self.command(*arguments), check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == expect, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout if expect == 0 else done.stderr

    def command(self, *arguments: str) -> list[str]:
        """Return the command line."""
        return [sys.executable, "-m", "iamflow", "--config", str(self.folder / "config.yaml"), *arguments]

    def json(self, *arguments: str) -> Any:
        """Run one command and return its JSON."""
        return json.loads(self.run(*arguments, "--output", "json"))

    def states(self) -> dict[str, str]:
        """Return where every key's newest ticket stands, by short name."""
        found = {ticket["access_key_id"]: ticket["state"] for ticket in self.json("ticket", "list", "--all")}
        return {name: found[key_id] for name, (_, key_id) in self.keys.items() if key_id in found}

    def status(self, name: str) -> str | None:
        """Return what AWS says of a key; None when it is gone."""
        account, key_id = self.keys[name]
        return self.sandbox.key_status(account, key_id)

    def tick_until(self, wanted: dict[str, str], seconds: float = 60) -> None:
        """Tick, as cron would, until the tickets stand there."""
        until = time.monotonic() + seconds
        while (states := self.states()) != wanted:
            assert time.monotonic() < until, (states, self.run("ticket", "list", "--all"))
            self.run("tick")

    def events(self) -> list[dict[str, Any]]:
        """Return the exported journal."""
        return [json.loads(line) for line in self.run("audit", "export").splitlines()]


@contextmanager
def a_company(folder: Path, extra: str = "", database: str = "sqlite:///iamflow.db") -> Iterator[Company]:
    """Make one, with a database that is ready."""
    aws = SandboxSettings(trail_delay=timedelta(milliseconds=500), lookups_per_second=1000)
    with Sandbox(clock=RunningClock(SystemClock()), settings=aws) as sandbox:
        for account in (PAYMENTS, DEVELOPMENT, EXCLUDED):
            sandbox.seed.account(account, f"account {account}")
        before = dict(os.environ)
        os.environ.update(sandbox.environment())
        try:
            settings = CONFIG.replace("ENDPOINT", sandbox.endpoint_url).replace("sqlite:///iamflow.db", database)
            (folder / "config.yaml").write_text(settings + extra)
            company = Company(sandbox=sandbox, folder=folder)
            company.run("db", "upgrade")
            yield company
        finally:
            os.environ.clear()
            os.environ.update(before)


def every_change_was_intended(company: Company) -> None:
    """Check that each of iamflow's changes to AWS has an intent before it, and none happened twice."""
    events = company.events()
    intents = {
        (event["detail"]["call"], event["detail"]["access_key_id"], event["detail"]["effect"]): event["at"]
        for event in events
        if event["kind"] == "intent_opened"
    }
    effects = {"Inactive": "deactivate_key", "Active": "reactivate_key", None: "delete_key"}
    done = [mutation for mutation in company.sandbox.mutations() if mutation.role_name == "iamflow"]
    made = [mutation for mutation in done if mutation.error is None]
    for mutation in made:
        effect = effects[mutation.parameters.get("status")]
        opened_at = intents[f"iam:{mutation.operation}", mutation.access_key_id, effect]
        assert datetime.fromisoformat(opened_at) <= mutation.at
    counted = [(mutation.access_key_id, mutation.operation, mutation.parameters.get("status")) for mutation in made]
    assert len(counted) == len(set(counted)), counted
    company.run("audit", "verify")
