"""The daemon is killed at random moments, again and again: no effect happens twice, no ticket is lost, the journal verifies."""

import random
import signal
import subprocess
import time
from pathlib import Path

from tests.acceptance.company import a_company, every_change_was_intended


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    seeded = random.Random(20261124)
    with a_company(tmp_path) as company:
        for number in range(12):
            company.key(f"idle-{number}", idle=100 + number)
        company.run("import", str(company.report()))
        for _ in range(6):
            with (tmp_path / "daemon.log").open("ab") as log:
                daemon = subprocess.Popen(company.command("daemon", "run"), stdout=log, stderr=log)
            time.sleep(seeded.uniform(0.8, 3.5))  # real time: a process of its own is running
            daemon.send_signal(signal.SIGKILL)
            daemon.wait(timeout=30)
        company.tick_until({f"idle-{number}": "deleted" for number in range(12)}, seconds=90)
        assert {company.status(name) for name in company.keys} == {None}
        every_change_was_intended(company)


def test_a_daemon_that_is_told_to_stop_finishes_and_says_so(tmp_path: Path) -> None:
    with a_company(tmp_path) as company:
        company.key("idle")
        company.run("import", str(company.report()))
        daemon = subprocess.Popen(company.command("daemon", "run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until = time.monotonic() + 60
        while company.states() != {"idle": "deleted"}:
            assert time.monotonic() < until, company.run("ticket", "list", "--all")
            assert "another" in company.run("tick") or company.states()
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=60)
        assert daemon.returncode == 0, log
        assert b'"the daemon has stopped"' in log
        every_change_was_intended(company)
