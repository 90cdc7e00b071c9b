"""What a person sees of a guardrail, and of a root user, on the screens, and does to them."""

import pytest

from iamflow.domain.states import State
from tests.cli.conftest import REPORT, Office
from tests.engine.guarding import USER_KEY, a_key, awaiting, home, policies, watched
from tests.world import ACCOUNT, World

ROOT_REPORT = REPORT.with_name("root_audit_report_20261124_001111.csv")


def opened(office: Office, *more: str) -> str:
    return office.shell.ok(
        "ticket", "open", "--workflow", "org-mfa-guardrail", "--account", home(office.world), *more
    ).out


def test_a_ticket_is_opened_by_its_target(office: Office) -> None:
    assert f"opened; it is open (<{ACCOUNT}> in" in opened(office, "--target", ACCOUNT)
    refused = office.shell("ticket", "open", "--workflow", "org-mfa-guardrail", "--account", home(office.world))
    assert (refused.code, "give --target alone" in refused.complaint) == (5, True)
    asked = ("ticket", "open", "--workflow", "org-mfa-guardrail", "--account", home(office.world))
    assert "does not reach the management account" in office.shell(*asked, "--target", home(office.world)).complaint


def test_the_record_shows_whom_it_would_deny(office: Office) -> None:
    a_key(office.world)
    office.world.user("carlos", password=True)
    ref = awaiting(office.world)
    shown = office.shell.ok("ticket", "show", ref).out
    for told in ("target", ACCOUNT, "Guardrail", "would deny", "carlos", USER_KEY, "1 without MFA, 1 keys in use"):
        assert told in shown
    assert "last used" not in shown
    assert "deactivat" not in shown
    record = office.shell.ok("ticket", "show", ref, "--output", "json").json
    assert record["facts"]["target"] == ACCOUNT
    assert record["progress"]["guardrail"]["preview"]["accounts"][0]["people"][0]["username"] == "carlos"


def test_why_tells_what_has_to_be_accepted(office: Office) -> None:
    a_key(office.world)
    said = office.shell.ok("ticket", "why", awaiting(office.world)).out
    assert "create_scp (organizations:CreatePolicy)" in said
    assert "needs the approval of 2 people" in said
    assert "which nobody has accepted" in said


def test_damage_is_accepted_on_the_command_line(office: Office) -> None:
    a_key(office.world)
    ref = awaiting(office.world)
    assert "--accept-damage" in office.shell("ticket", "approve", ref, "--yes").complaint
    said = office.shell.ok("ticket", "approve", ref, "--yes", "--accept-damage", "--comment", "retired today").out
    assert f"<{ACCOUNT}>" in said
    assert "delete_key" not in said
    assert "damage accepted" in office.shell.ok("ticket", "show", ref).out


def test_it_is_kept_by_the_answer_keep(office: Office) -> None:
    ref = watched(office.world)
    office.shell.ok("ticket", "reply", ref, "--keep", "--comment", "agreed")
    office.world.pass_until(State.REMEDIATED, ref, days=1)
    assert "kept" in office.shell.ok("ticket", "show", ref).out
    assert "ticket" in office.shell("ticket", "rollback", ref).complaint


def test_a_rollback_is_done_at_once(office: Office) -> None:
    ref = watched(office.world)
    said = office.shell.ok("ticket", "rollback", ref, "--comment", "no").out
    assert f"the guardrail on {ACCOUNT} is gone" in said
    assert policies(office.world) == []


def test_a_rollback_that_cannot_be_done_says_how_to_do_it_by_hand(office: Office) -> None:
    ref = watched(office.world)
    with office.world.sandbox.faults.throttle(service="organizations"):
        said = office.shell.ok("ticket", "rollback", ref).out
    assert "aws organizations detach-policy --policy-id p-" in said
    assert f"--target-id {ACCOUNT}" in said
    assert "aws organizations delete-policy --policy-id p-" in said


def test_a_root_user_reads_well(office: Office) -> None:
    world: World = office.world
    world.sandbox.seed.root(ACCOUNT, mfa=False)
    office.shell.ok("ticket", "open", "--workflow", "root-hygiene", "--account", ACCOUNT)
    world.pass_until(State.NOTIFIED, "1")
    world.pass_days(1)
    shown = office.shell.ok("ticket", "show", "1").out
    assert "the account's root user" in shown
    assert "MFA: no, access key: no" in shown
    assert "deactivat" not in shown
    why = office.shell.ok("ticket", "why", "1").out
    assert "on its way to: no change to AWS" in why
    assert "has taken nothing yet" in office.shell("ticket", "rollback", "1").complaint


def test_a_root_audit_is_imported_and_listed(office: Office) -> None:
    said = office.shell.ok("import", str(ROOT_REPORT)).out
    assert "5 findings: 5 opened" in said
    listed = office.shell.ok("finding", "list", "--rule", "root-without-mfa", "--output", "csv").out.splitlines()
    assert len(listed) == 6
    assert all("<root_account>" in line for line in listed[1:])
    assert "5 already under way" in office.shell.ok("import", str(ROOT_REPORT)).out


@pytest.mark.parametrize("workflow", ["root-hygiene", "org-mfa-guardrail"])
def test_they_are_drawn_and_listed(office: Office, workflow: str) -> None:
    assert "stateDiagram" in office.shell.ok("workflow", "diagram", workflow).out
    assert workflow in office.shell.ok("workflow", "list").out
    assert "remediated" in office.shell.ok("workflow", "show", workflow).out
    needs = office.shell.ok("policy", "show", "--workflow", workflow).out
    assert ("organizations:AttachPolicy" in needs) is (workflow == "org-mfa-guardrail")
