"""A scan opens exactly the tickets that the organisation calls for, names what failed, and keeps to its budget of calls."""

import csv
import re
from pathlib import Path

import pytest

from iamflow.bootstrap import application
from iamflow.cli.scan import SCAN_FIELDS
from iamflow.engine.intake import import_report
from iamflow.engine.ports import TicketFilter
from iamflow.sandbox.faults import Effect, Scope
from tests.cli.conftest import Shell
from tests.scan.company import CLOSED, FORMULA, HOUSE, LOCKED, PEOPLE, Ticketed, expected
from tests.scan.conftest import Calls, tickets
from tests.world import HOUR, World

_SUMS = ("findings", "opened", "existing", "rejected", "exempt", "suppressed")


def test_tickets_calls_and_failures_are_those_of_an_independent_computation(
    world: World, shell: Shell, calls: Calls
) -> None:
    calls()
    answer = shell("scan", "--output", "json")
    made = calls()
    assert tickets(world) == expected()
    # Exit 1 and one line for what failed; the others went on.
    assert answer.code == 1
    assert answer.complaint.startswith("iamflow: 1 of 9 accounts could not be scanned")
    assert answer.json.keys() == {*_SUMS, "dry_run", "accounts", "files"}
    assert all(tuple(one) == SCAN_FIELDS for one in answer.json["accounts"])
    told = {one["account_id"]: one for one in answer.json["accounts"]}
    assert {account for account, one in told.items() if one["result"] == "failed"} == {LOCKED}
    assert "trust policy must be" in told[LOCKED]["reason"]
    assert {account for account, one in told.items() if one["result"] == "skipped"} == set(CLOSED)
    assert told[HOUSE]["users"] == sum(person.account == HOUSE for person in PEOPLE)
    # The budget: AssumeRole and the report's two calls an account, at most two for each flagged user.
    entered = sum(one["result"] != "skipped" for one in told.values())
    flagged = sum(one["flagged"] or 0 for one in told.values())
    assert flagged == 13
    organisation = made.pop("organizations:ListAccounts")
    asked_why = made.pop("sts:GetCallerIdentity")  # whom the role that nobody may assume would have to trust
    assert (organisation, asked_why) == (1, 1)
    for_accounts = made["sts:AssumeRole"] + made["iam:GenerateCredentialReport"] + made["iam:GetCredentialReport"]
    assert for_accounts <= 3 * entered
    assert made.total() - for_accounts <= 2 * flagged
    assert made["iam:ListAccessKeys"] == len({(a, user) for w, a, user, _ in expected() if w == "disable-key"})
    assert made["iam:GetAccessKeyLastUsed"] == 1  # of the two keys of one second, one


def test_a_second_scan_opens_nothing_and_a_finding_that_no_longer_holds_leaves_the_list(
    world: World, shell: Shell
) -> None:
    shell("scan")
    again = shell("scan", "--account", FORMULA, "--output", "json").json
    assert (again["opened"], again["existing"]) == (0, 10)
    sandbox = world.sandbox
    sandbox.owner.deactivate_key(FORMULA, "both-old", "AKIASCAN000015000001")
    world.clock.advance(5 * HOUR)
    shell.ok("scan", "--account", FORMULA)
    listed = {one["access_key_id"] for one in shell.ok("finding", "list", "--output", "json").json}
    assert "AKIASCAN000015000000" in listed
    assert "AKIASCAN000015000001" not in listed
    history = shell.ok("ticket", "history", "AKIASCAN000015000001", "--output", "json").json
    assert [event["kind"] for event in history][-1] == "finding_gone"


def test_a_dry_run_stores_nothing_and_says_the_same(world: World, shell: Shell) -> None:
    answer = shell("scan", "--dry-run", "--output", "json")
    would = {
        (one["workflow"], one["account_id"], one["username"], one["access_key_id"]) for one in answer.json["would_open"]
    }
    assert would == expected()
    assert tickets(world) == set()
    assert shell.ok("finding", "list", "--output", "json").json == []


def test_what_is_known_of_an_account_that_fails_stays(world: World, shell: Shell) -> None:
    shell("scan", "--account", HOUSE)
    before = shell.ok("finding", "list", "--output", "json").json
    world.sandbox.seed.role_trust(HOUSE, allowed=False)
    world.clock.advance(HOUR)
    answer = shell("scan", "--account", HOUSE)
    assert answer.code == 1
    assert "cannot be assumed" in answer.out
    after = shell.ok("finding", "list", "--output", "json").json
    assert [one["username"] for one in after] == [one["username"] for one in before]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Effect.THROTTLE, r"put off by AWS \(Throttling\).*iamflow scan --account 222233334444"),
        (Effect.ACCESS_DENIED, r"GetCredentialReport in us-east-1 is denied.*allow iam:GetCredentialReport"),
        (Effect.TIMEOUT_BEFORE, r"got no answer.*iamflow scan --account 222233334444"),
    ],
)
def test_an_account_that_does_not_answer_is_named_with_the_remedy_and_the_others_go_on(
    world: World, shell: Shell, fault: Effect, reason: str
) -> None:
    world.sandbox.faults.switch_on(fault, Scope(account=FORMULA, operation="GetCredentialReport"))
    answer = shell("scan", "--account", FORMULA, "--account", HOUSE, "--output", "json")
    assert answer.code == 1
    house, formula = answer.json["accounts"]
    assert (house["result"], formula["result"]) == ("scanned", "failed")
    assert re.search(reason, formula["reason"])
    assert formula["users"] is None
    assert {account for _, account, _, _ in tickets(world)} == {HOUSE}


def test_the_report_that_is_written_names_everybody_and_opens_the_same_tickets(
    world: World, shell: Shell, tmp_path: Path
) -> None:
    folder = world.folder / "reports"
    shell("scan", "--write-report", str(folder))
    users, roots = sorted(folder.iterdir())
    assert users.name.startswith("iam_audit_report_2026")
    assert users.stat().st_mode & 0o777 == 0o600
    with users.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["username"] for row in rows} == {person.name for person in PEOPLE} | {"iamflow-host"}
    assert {row["account_name"] for row in rows if row["account_id"] == FORMULA} == {"'=1+1 @home"}
    assert {row["access_key_id"] for row in rows if row["username"] == "young-key"} == {"AKIASCAN000010000000"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    imported = _imported(world, elsewhere, users, roots)
    # The audit tool's columns have no place for the credentials of single services.
    assert imported - expected() == {("delete-user", FORMULA, "idle-but-git", None)}
    assert expected() - imported == set()


def test_a_report_goes_to_s3_as_well(world: World, shell: Shell) -> None:
    with application(world.folder / "config.yaml", writer="test", clock=world.clock) as app:
        bucket = app.aws._sessions.base().changing("s3", "us-east-1")
        bucket.call("CreateBucket", Bucket="audits")
        answer = shell.ok("scan", "--account", FORMULA, "--write-report", "s3://audits/iam/", "--output", "json")
        listed = bucket.call("ListObjectsV2", Bucket="audits")["Contents"]
    names = [f"s3://audits/{one['Key']}" for one in listed]
    assert names == answer.json["files"]
    assert names[0].startswith("s3://audits/iam/iam_audit_report_")


def _imported(world: World, folder: Path, *files: Path) -> set[Ticketed]:
    """Return the tickets that a new database has once these files are imported."""
    config = folder / "config.yaml"
    config.write_text((world.folder / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with application(config, writer="test", clock=world.clock) as app:
        app.migrate()
        for file in files:
            import_report(app.intake_desk(), app.open_report(file))
        found = app.store.tickets(TicketFilter(), limit=1000)
        return {(one.workflow, one.account_id, one.username, one.access_key_id) for one in found}
