"""A ticket about a user without MFA reads as one: no word of a key, the policy by its name, and how to take it away by hand."""

import pytest

from iamflow.domain.states import State
from iamflow.engine import steer
from tests.cli.conftest import Office
from tests.engine import requiring
from tests.world import DAY, KEY, START

MANAGED = pytest.mark.parametrize("office", [requiring.MANAGED], indirect=True)
BOTH = pytest.mark.parametrize("office", ["", requiring.MANAGED], ids=["inline", "managed"], indirect=True)


def test_show_tells_the_plan_and_no_word_of_a_key(office: Office) -> None:
    ref = requiring.notified(office.world)

    shown = office.shell.ok("ticket", "show", ref).out

    assert "console password, no MFA" in shown
    assert "deny everything but enrolling an MFA device, by an inline policy, until the user has one" in shown
    assert "require MFA of the user by a policy when the grace period is over" in shown
    for word in ("access key", "deactivat", "delete"):
        assert word not in shown.lower()


def test_why_tells_each_reason(office: Office) -> None:
    ref = requiring.notified(office.world, enrols=False)
    assert "the grace period runs until" in office.shell.ok("ticket", "why", ref).out
    office.world.pass_until(State.AWAITING_APPROVAL, ref)

    why = office.shell.ok("ticket", "why", ref).out

    assert "on its way to: put_mfa_policy (iam:PutUserPolicy)" in why
    assert "the policy would lock the user out" in why
    assert "no policy allows the user iam:EnableMFADevice on himself" in why


def test_an_enforced_ticket_names_its_policy_and_waits_for_the_user(office: Office) -> None:
    ref = requiring.enforced(office.world)

    shown = office.shell.ok("ticket", "show", ref).out
    why = office.shell.ok("ticket", "why", ref).out

    assert "RequireMFAPolicy (inline)" in shown
    assert "the user's own policies allow it" in shown
    assert "Seen since access was taken" in shown
    assert "on its way to: no change to AWS" in why
    assert "take the policy away once the user has an MFA device; remind every week until then" in why


@BOTH
def test_a_rollback_is_done_at_once_and_says_what_was_observed(office: Office) -> None:
    ref = requiring.enforced(office.world)

    said = office.shell.ok("ticket", "rollback", ref, "--comment", "the payroll stopped").out

    assert f"the policy that required MFA of user {requiring.NAME} is gone, observed at " in said
    assert requiring.check_way_out(office.world, ref).state is State.ROLLED_BACK


@MANAGED
def test_where_it_cannot_be_done_the_managed_policy_is_taken_away_by_one_line(office: Office) -> None:
    ref = requiring.enforced(office.world)
    office.world.sandbox.faults.access_denied(service="iam", operation=requiring.DETACH)

    said = office.shell.ok("ticket", "rollback", ref).out

    assert (
        "  aws iam detach-user-policy --user-name maria "
        "--policy-arn arn:aws:iam::562458925665:policy/iamflow-RequireMFAPolicy\n"
    ) in said


def test_where_it_cannot_be_done_the_inline_policy_is_taken_away_by_one_line(office: Office) -> None:
    ref = requiring.enforced(office.world)
    office.world.sandbox.faults.access_denied(service="iam", operation=requiring.DELETE)

    said = office.shell.ok("ticket", "rollback", ref).out

    assert "  aws iam delete-user-policy --user-name maria --policy-name RequireMFAPolicy\n" in said


def test_approve_reject_hold_resume_extend_and_reply_work_from_the_command_line(office: Office) -> None:
    ref = requiring.notified(office.world, enrols=False)
    shell = office.shell
    shell.ok("ticket", "extend", ref, "--days", "1")
    shell.ok("ticket", "hold", ref)
    shell.ok("ticket", "resume", ref)
    assert shell("ticket", "approve", ref).code == 5
    office.world.pass_until(State.AWAITING_APPROVAL, ref)
    shell.ok("ticket", "approve", ref, "--comment", "it is a test user")
    office.world.pass_until(State.ENFORCED, ref)
    assert shell("ticket", "cancel", ref).code == 5
    assert shell("ticket", "extend", ref, "--days", "1").code == 5
    shell.ok("ticket", "reply", ref, "--keep")
    office.world.pass_until(State.ROLLED_BACK, ref)


def test_json_holds_the_policy_and_whether_the_user_can_enrol(office: Office) -> None:
    ref = requiring.enforced(office.world)

    progress = office.shell.ok("ticket", "show", ref, "--output", "json").json["progress"]

    assert progress["mfa_policy"]["shape"]["name"] == "RequireMFAPolicy"
    assert progress["mfa_policy"]["attached_at"] is not None
    assert progress["enrolment"]["lacking"] == []


def test_the_workflow_is_listed_shown_and_drawn(office: Office) -> None:
    assert "enforce-mfa" in office.shell.ok("workflow", "list").out
    assert "remediated" in office.shell.ok("workflow", "show", "enforce-mfa").out
    assert "enforced --> remediated" in office.shell.ok("workflow", "diagram", "enforce-mfa").out


@pytest.mark.parametrize(
    ("office", "calls"),
    [("", {"iam:PutUserPolicy", "iam:DeleteUserPolicy"}),
     (requiring.MANAGED, {"iam:CreatePolicy", "iam:AttachUserPolicy", "iam:DetachUserPolicy"})],
    ids=["inline", "managed"],
    indirect=["office"],
)  # fmt: skip
def test_the_permissions_are_those_of_the_way_that_is_set(office: Office, calls: set[str]) -> None:
    document = office.shell.ok("policy", "show", "--workflow", "enforce-mfa", "--role", "operator").json
    changing = {
        action
        for statement in document["Statement"]
        for action in statement["Action"]
        if not action.split(":")[1].startswith(("Get", "List", "Describe", "Lookup"))
    }
    assert changing == calls
    if "iam:AttachUserPolicy" in calls:
        (attaching,) = [s for s in document["Statement"] if "iam:AttachUserPolicy" in s["Action"]]
        arns = attaching["Condition"]["ArnEquals"]["iam:PolicyARN"]
        assert all("policy/iamflow-RequireMFAPolicy" in arn for arn in arns)


def test_the_work_is_done_with_these_permissions_and_no_more(office: Office) -> None:
    world = office.world
    document = office.shell.ok("policy", "show", "--workflow", "enforce-mfa", "--workflow", "disable-key").json
    world.sandbox.seed.role_policy("562458925665", document)
    ref = requiring.enforced(world)
    steer.rollback(world.desk(), ref)
    world.pass_until(State.ROLLED_BACK, ref)


@MANAGED
def test_so_is_the_work_with_a_managed_policy(office: Office) -> None:
    world = office.world
    document = office.shell.ok("policy", "show", "--workflow", "enforce-mfa").json
    world.sandbox.seed.role_policy("562458925665", document)
    ref = requiring.enforced(world)
    assert requiring.enrol(world).ok
    world.pass_until(State.REMEDIATED, ref)


def test_a_ticket_is_opened_by_hand_for_a_user_and_not_for_a_key(office: Office) -> None:
    requiring.a_user(office.world)
    user = ("--workflow", "enforce-mfa", "--account", "562458925665", "--user", requiring.NAME)
    assert office.shell("ticket", "open", *user, "--key", "AKIAYF5JKDJQS3LDLOIV").code == 5

    office.shell.ok("ticket", "open", *user)

    office.world.pass_until(State.ENFORCED, "1")
    assert requiring.enrol(office.world).ok
    office.world.pass_until(State.REMEDIATED, "1")


@pytest.mark.parametrize("office", ["rules: {}"], indirect=True)
def test_an_audit_that_finds_a_user_without_mfa_leads_to_the_policy(office: Office) -> None:
    world = office.world
    requiring.a_user(world)
    world.key(name=requiring.NAME, age=10 * DAY, idle=9 * DAY)
    report = office.shell.folder / "iam_audit_report_20261124_001111.csv"
    report.write_text(
        "account_id,account_name,username,password_status,password_last_used,access_key_id,status,created_date,"
        "last_used_date,service_name,mfa_status\n"
        f"562458925665,payments,{requiring.NAME},Configurada,Nunca,{KEY},Active,"
        f"{START - 10 * DAY},{START - 9 * DAY},s3,None\n",
        encoding="utf-8",
    )

    office.shell.ok("import", str(report))

    (ticket,) = office.shell.ok("ticket", "list", "--output", "json").json
    assert (ticket["workflow"], ticket["username"], ticket["access_key_id"]) == ("enforce-mfa", requiring.NAME, None)
    world.pass_until(State.ENFORCED, str(ticket["id"]))
