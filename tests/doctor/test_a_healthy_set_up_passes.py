"""Where everything is as it should be, the doctor says so, changes nothing and sends nothing."""

import csv
import io

from tests.doctor.conftest import Clinic
from tests.world import ACCOUNT, OTHER

CHECKS = [
    "settings",
    "database",
    "schema",
    "database files",
    "disk",
    "sqlite",
    "journal key",
    "journal",
    "clock",
    "aws identity",
    f"account {OTHER}",
    f"cloudtrail {OTHER}",
    f"account {ACCOUNT}",
    f"cloudtrail {ACCOUNT}",
    "channel file",
    "daemon",
    "outbox",
    "freeze",
    "protected identities",
]


def test_every_check_says_ok_and_the_exit_code_is_0(clinic: Clinic) -> None:
    said = clinic.doctor()
    assert said.named("ok") == CHECKS, [line for line in said.lines if line["status"] != "ok"]
    assert said.code == 0
    assert all(line["sentence"] and line["remedy"] is None for line in said.lines)


def test_nothing_is_changed_and_nothing_is_sent(clinic: Clinic) -> None:
    before = {path.name: path.read_bytes() for path in clinic.world.folder.iterdir() if path.is_file()}
    clinic.doctor("--full")
    assert {path.name: path.read_bytes() for path in clinic.world.folder.iterdir() if path.is_file()} == before
    assert [done.operation for done in clinic.world.changes()] == []
    assert not (clinic.world.folder / "mails").exists()


def test_a_table_has_one_line_a_check(clinic: Clinic) -> None:
    code, out, _ = clinic.run("doctor")
    assert (code, [line.split("  ")[0] for line in out.splitlines()]) == (0, ["ok"] * len(CHECKS))


def test_csv_has_one_row_a_check(clinic: Clinic) -> None:
    _, out, _ = clinic.run("doctor", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["check"], row["status"], row["remedy"]) for row in rows] == [(name, "ok", "") for name in CHECKS]
