"""What a scan needs of memory does not depend on how many accounts there are: one is held at a time and thread.

A dry run, which holds more in the end (what would open) and takes half the time.
"""

import os
import subprocess
import sys
from pathlib import Path

from iamflow.sandbox.server import Sandbox
from tests.cli.conftest import environment
from tests.world import START, a_world

ACCOUNTS, USERS = 200, 100
MOST_MIB = 300

_MEASURED = """
import sys
from iamflow.cli.main import main
code = main(sys.argv[1:])
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(int(peak) // 1024, file=sys.stderr)
sys.exit(code)
"""
"""The peak of this program alone: what getrusage tells begins with that of the process that started it."""
_HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated"
)


def report(account: str) -> bytes:
    """Return a report of which one user has a console password and no MFA device."""
    made = START.isoformat()
    rows = [f"<root_account>,arn:aws:iam::{account}:root,{made},not_supported,{made}" + ",N/A" * 2 + ",true" + _NO_KEYS]
    for number in range(USERS):
        name, console = f"user-{number:04}", "false" if number % USERS else "true"
        keys = f",true,{made},{made},us-east-1,s3,true,{made},N/A,N/A,N/A,false,N/A,false,N/A"
        rows.append(f"{name},arn:aws:iam::{account}:user/{name},{made},{console},{made},N/A,N/A,false{keys}")
    return "\n".join([_HEADER, *rows, ""]).encode()


_NO_KEYS = ",false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"


def test_two_hundred_accounts_fit_into_300_mib(tmp_path: Path) -> None:
    with a_world(tmp_path, "rules: {max_key_age: 3650d, unused_after: 3650d}\n") as world:
        employ(world.sandbox)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                _MEASURED,
                "--config",
                str(tmp_path / "config.yaml"),
                "scan",
                "--dry-run",
                "--output",
                "json",
            ],
            capture_output=True,
            text=True,
            env=environment(**os.environ),
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert f'"opened": {ACCOUNTS}' in done.stdout
    assert int(done.stderr.splitlines()[-1]) < MOST_MIB


def employ(sandbox: Sandbox) -> None:
    for number in range(ACCOUNTS):
        account = f"{700_000_000_000 + number}"
        sandbox.seed.account(account, f"account {number}")
        sandbox.seed.credential_report(account, report(account))
