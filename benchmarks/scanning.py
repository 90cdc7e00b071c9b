"""The AWS calls of a scan, as the simulated AWS counts them, against those of an audit that asks about each user in turn."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import boto3

from benchmarks.stage import DAY, START
from iamflow.bootstrap import Application, application
from iamflow.engine.scan import Result
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox

CONFIG = """
sandbox: true
database: {{url: "sqlite:///iamflow.db"}}
aws: {{endpoint_url: "{endpoint}"}}
notify: {{channels: [file], sender: iamflow@example.com}}
"""
ACCOUNTS, USERS = 5, 100
_FIRST = "1000000000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What one scan of an organisation took, and what asking about each user took in the same one."""

    accounts: int
    users: int
    flagged: int
    scan: Counter[str]
    in_turn: Counter[str]

    @property
    def bound(self) -> int:
        """3 an account, 2 a flagged user, and the list of the organisation's accounts."""
        return 3 * self.accounts + 2 * self.flagged + 1


def one_scan() -> Scanned:
    """Scan an organisation of users of whom every tenth is flagged, and audit it user by user."""
    with _an_organisation() as (sandbox, app):
        done = app.scan(app.select_accounts(()), dry_run=False, report=None, progress=lambda _done, _all: None)
        found = [one for one in done.accounts if one.account.account_id.startswith(_FIRST)]
        if any(one.result is not Result.SCANNED for one in found) or len(found) != ACCOUNTS:
            message = f"the benchmark's accounts were not scanned: {[one.reason for one in found]}"
            raise AssertionError(message)
        scan = _counted(sandbox)
        flagged = sum(one.flagged for one in found)
        _audit_in_turn(sandbox)
        return Scanned(
            accounts=len(done.accounts),
            users=ACCOUNTS * USERS,
            flagged=flagged,
            scan=scan,
            in_turn=_counted(sandbox) - scan,
        )


def _audit_in_turn(sandbox: Sandbox) -> None:
    """Ask what audit scripts ask: each user's password, devices and keys, and each key's last use."""
    sts = boto3.client("sts", endpoint_url=sandbox.endpoint_url, region_name="us-east-1")
    for number in range(ACCOUNTS):
        role = f"arn:aws:iam::{_account(number)}:role/iamflow"
        own = sts.assume_role(RoleArn=role, RoleSessionName="audit")["Credentials"]
        iam = boto3.client(
            "iam",
            endpoint_url=sandbox.endpoint_url,
            aws_access_key_id=own["AccessKeyId"],
            aws_secret_access_key=own["SecretAccessKey"],
            aws_session_token=own["SessionToken"],
        )
        for page in iam.get_paginator("list_users").paginate():
            for user in page["Users"]:
                name = user["UserName"]
                with suppress(iam.exceptions.NoSuchEntityException):
                    iam.get_login_profile(UserName=name)
                iam.list_mfa_devices(UserName=name)
                for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                    iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])


def _counted(sandbox: Sandbox) -> Counter[str]:
    found = Counter[str]()
    for (_, _, service, operation), times in sandbox.calls().items():
        found[f"{service}:{operation}"] += times
    return found


@contextmanager
def _an_organisation() -> Iterator[tuple[Sandbox, Application]]:
    clock = VirtualClock(START)
    before = dict(os.environ)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="iamflow-scan-")))
        sandbox = stack.enter_context(Sandbox(clock=clock))
        stack.callback(_restore, before)
        os.environ.update(sandbox.environment())
        for number in range(ACCOUNTS):
            _settle(sandbox, number)
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(endpoint=sandbox.endpoint_url), encoding="utf-8")
        app = stack.enter_context(application(config, writer="bench", clock=clock))
        app.migrate()
        yield sandbox, app


def _settle(sandbox: Sandbox, number: int) -> None:
    """Make an account of users with a key each, every tenth of them old; half of the users sign in, with a device."""
    account = _account(number)
    sandbox.seed.account(account, f"account-{number}")
    for user in range(USERS):
        name, old = f"user-{user}", user % 10 == 0
        console = user % 2 == 1
        sandbox.seed.user(
            account, name, created=START - 400 * DAY, password=console, mfa="Virtual" if console else "None"
        )
        sandbox.seed.key(
            account,
            name,
            f"AKIA{number:06d}{user:06d}BENC",
            created=START - timedelta(days=300 if old else 30),
            last_used=START - timedelta(days=1),
            service="s3",
            region="us-east-1",
        )


def _account(number: int) -> str:
    return f"{100_000_000_000 + number}"


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
