"""The commands speak of a user where a ticket is about one, and restore one that was deleted."""

from iamflow.domain.states import State
from tests.cli.conftest import Office
from tests.engine.deleting import CONFIRMED, FIRST, NAME, SECOND, a_leaver, belongings
from tests.world import ACCOUNT


def _watched(office: Office) -> str:
    """Approve the deletion of a user by hand, and let the quarantine be whole."""
    ticket = str(a_leaver(office.world))
    office.world.pass_until(State.AWAITING_APPROVAL, ticket)
    office.shell.ok("ticket", "approve", ticket, "--comment", CONFIRMED)
    office.world.pass_until(State.MONITORING, ticket)
    return ticket


def test_whoever_is_asked_sees_what_the_user_has(office: Office) -> None:
    ticket = str(a_leaver(office.world))
    office.world.pass_until(State.AWAITING_APPROVAL, ticket)
    shown = office.shell.ok("ticket", "show", ticket).out
    for word in (
        "What the user has", "path /staff/", "Team=data", "group-000, group-001", "policy/policy-001", "inline-000",
        f"{FIRST}, Active", f"{SECOND}, Inactive", ":mfa/leaver", "codecommit.amazonaws.com",
        "quarantine the user, watch it for 2 days, then delete it",
    ):  # fmt: skip
        assert word in shown
    assert "deactivat" not in shown
    snapshot = office.shell.ok("ticket", "show", ticket, "--output", "json").json["snapshot"]
    assert snapshot["groups"] == ["group-000", "group-001"]
    assert snapshot["inline"]["inline-000"].startswith("{")


def test_an_approval_without_a_word_on_who_confirmed_it_is_refused(office: Office) -> None:
    ticket = str(a_leaver(office.world))
    office.world.pass_until(State.AWAITING_APPROVAL, ticket)
    refused = office.shell("ticket", "approve", ticket)
    assert refused.code == 5
    assert "HR or IT" in refused.err
    asked = office.shell.ok("ticket", "approve", ticket, "--comment", CONFIRMED).out
    assert "quarantine the user, watch it" in asked
    assert "deactivate_key" not in asked


def test_why_speaks_of_the_user(office: Office) -> None:
    ticket = str(a_leaver(office.world))
    office.world.tick()
    answer = office.shell.ok("ticket", "why", ticket, "--output", "json").json
    assert {refusal["code"] for refusal in answer["refusals"]} >= {"always_approved", "not_in_snapshot", "in_grace"}
    office.world.pass_until(State.AWAITING_APPROVAL, ticket)
    office.shell.ok("ticket", "approve", ticket, "--comment", CONFIRMED)
    office.world.pass_until(State.MONITORING, ticket)
    codes = {row["code"] for row in office.shell.ok("ticket", "why", ticket, "--output", "json").json["refusals"]}
    assert codes == {"in_window", "sweep_inconclusive"}


def test_a_rollback_is_done_at_once_and_says_so(office: Office) -> None:
    ticket = _watched(office)
    done = office.shell.ok("ticket", "rollback", ticket, "--comment", "back from leave").out
    assert f"user {NAME} works again, observed at" in done
    assert office.world.ticket(ticket).state is State.ROLLED_BACK
    assert office.world.status(FIRST) == "Active"


def test_beside_a_daemon_a_rollback_says_all_that_must_be_done_by_hand(office: Office) -> None:
    ticket = _watched(office)
    with office.world.app.engine_lock():
        told = office.shell.ok("ticket", "rollback", ticket).out
    assert f"aws iam delete-user-policy --user-name {NAME} --policy-name iamflow-quarantine-{ticket}" in told
    assert f"aws iam update-access-key --user-name {NAME} --access-key-id {FIRST} --status Active" in told
    assert told.count("update-service-specific-credential") == 2
    assert SECOND not in told


def test_a_deleted_user_is_restored_with_one_command(office: Office) -> None:
    ticket = _watched(office)
    office.world.pass_until(State.DELETED, ticket)
    told = office.shell.ok("ticket", "restore", ticket).out
    assert "it is restored" in told
    assert "what cannot come back:" in told
    assert f"the access keys and their secrets: {FIRST}, {SECOND}" in told
    after = belongings(office.world)
    assert after is not None
    assert after.groups == ("group-000", "group-001")


def test_a_ticket_that_deleted_no_user_restores_none(office: Office) -> None:
    ticket = str(a_leaver(office.world))
    refused = office.shell("ticket", "restore", ticket)
    assert refused.code == 5
    assert "nothing to restore" in refused.err


def test_a_restoration_is_not_opened_by_a_name(office: Office) -> None:
    refused = office.shell("ticket", "open", "--workflow", "restore-user", "--account", ACCOUNT, "--user", NAME)
    assert refused.code == 5
    assert "iamflow ticket restore" in refused.err


def test_diagrams_and_permissions_are_told(office: Office) -> None:
    for workflow in ("delete-user", "restore-user"):
        assert "stateDiagram" in office.shell.ok("workflow", "diagram", workflow).out
        assert office.shell.ok("workflow", "show", workflow).out.startswith(f"{workflow}, version 1")
    assert "before the deletion begins" in office.shell.ok("workflow", "show", "delete-user").out
    reaper = office.shell.ok("policy", "show", "--workflow", "delete-user", "--role", "reaper").out
    assert "iam:DeleteVirtualMFADevice" in reaper
    assert "iam:CreateUser" not in reaper
    assert "iam:CreateUser" in office.shell.ok("policy", "show", "--workflow", "restore-user", "--role", "issuer").out
