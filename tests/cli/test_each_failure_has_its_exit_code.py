"""0 done, 1 error, 2 usage, 3 declined, 4 not authorised, 5 refused, 6 changed since it was viewed."""

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from tests.cli.conftest import Office, Shell, on_a_terminal, opened
from tests.world import DAY, KEY, World

NOBODY_APPROVES = 'approvers: {groups: {security: ["somebody-else"]}}'


def _awaiting(world: World) -> int:
    """Bring a ticket about a key in daily use to where it waits for an approval."""
    world.user()
    world.take_in(world.key(idle=DAY))
    return world.pass_until(State.AWAITING_APPROVAL).id


def test_what_was_done_is_0(shell: Shell) -> None:
    assert shell("ticket", "list").code == 0


def test_an_error_is_1(shell: Shell) -> None:
    assert shell("ticket", "show", "99").code == 1
    misspelt = shell("ticket", "list", "--workflow", "disable-keys")
    assert misspelt.code == 1
    assert "disable-key," in misspelt.complaint


def test_what_can_be_approved_no_more_is_refused_without_a_plan(shell: Shell) -> None:
    opened(shell, "etl")
    shell.ok("ticket", "cancel", "1")
    answer = shell("ticket", "approve", "1")
    assert answer.code == 5
    assert answer.out == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ("ticket", "show"),
        ("ticket", "show", "etl"),
        ("ticket", "show", "AKIA1234"),
        ("ticket", "show", "-1"),
        ("ticket", "show", "1", "--output", "xml"),
        ("ticket", "list", "--state", "gone"),
        ("ticket", "list", "--limit", "0"),
        ("ticket", "extend", "1", "--days", "0"),
        ("ticket", "extend", "1", "--days", "99999999999"),
        ("ticket", "exempt", "1", "--until", "soon", "--reason", "r"),
        ("ticket", "exempt", "1", "--until", "9999-12-31T23:00-12:00", "--reason", "r"),
        ("ticket", "exempt", "1", "--until", "2027-01-01"),
        ("ticket", "reply", "1"),
        ("ticket", "reply", "1", "--keep", "--go-ahead"),
        ("ticket", "approve", "1", "2", "--digest", "0123456789ab"),
        ("ticket", "approve", "1", "--digest", "0123"),
        ("ticket", "open", "--workflow", "disable-key", "--account", "1", "--user", "u", "--key", KEY),
        ("freeze", "on", "--reason", " "),
        ("policy", "show", "--role", "king"),
        ("import", "report.csv", "--format", "pdf"),
        ("rescan",),
        ("--colour",),
    ],
    ids=" ".join,
)
def test_a_mistake_in_usage_is_2_and_one_line(shell: Shell, wrong: tuple[str, ...]) -> None:
    answer = shell(*wrong)
    assert answer.code == 2
    assert answer.out == ""
    assert "--help" in answer.complaint


@pytest.mark.parametrize(
    "group", ["ticket", "finding", "daemon", "db", "freeze", "audit", "workflow", "policy", "sandbox"]
)
def test_a_noun_without_a_command_is_2_and_tells_the_commands(shell: Shell, group: str) -> None:
    answer = shell(group)
    assert answer.code == 2
    assert answer.out == ""
    assert "Commands:" in answer.err


def test_a_question_answered_with_no_is_3_and_nothing_is_done(shell: Shell) -> None:
    opened(shell, "etl")
    for answer in ("n\n", "\n", "maybe\n", "\x04"):
        declined = on_a_terminal(shell, "ticket", "cancel", "1", answer=answer)
        assert declined.code == 3, declined
        assert "[y/N]" in declined.out
    assert shell.ok("ticket", "show", "1", "--output", "json").json["state"] == "open"


def test_a_question_answered_with_yes_is_0(shell: Shell) -> None:
    opened(shell, "etl")
    assert on_a_terminal(shell, "ticket", "cancel", "1", answer="y\n").code == 0
    assert shell.ok("ticket", "show", "1", "--output", "json").json["state"] == "cancelled"


def test_yes_given_with_the_command_asks_nothing(shell: Shell) -> None:
    opened(shell, "etl")
    answer = on_a_terminal(shell, "ticket", "cancel", "1", "--yes")
    assert answer.code == 0
    assert "[y/N]" not in answer.out


def test_without_a_terminal_nothing_is_asked(shell: Shell) -> None:
    opened(shell, "etl")
    assert shell("ticket", "cancel", "1").code == 0


@pytest.mark.parametrize("office", [NOBODY_APPROVES], indirect=True)
def test_a_person_who_may_not_is_4(office: Office) -> None:
    ref = str(_awaiting(office.world))
    assert office.shell("ticket", "approve", ref).code == 4
    assert office.world.ticket().state is State.AWAITING_APPROVAL


def test_a_refusal_is_5(shell: Shell) -> None:
    opened(shell, "etl")
    assert shell("ticket", "resume", "1").code == 5
    assert shell("ticket", "rollback", "1").code == 5


def test_a_plan_that_is_another_than_the_viewed_one_is_6(office: Office) -> None:
    ref = str(_awaiting(office.world))
    answer = office.shell("ticket", "approve", ref, "--digest", "0" * 12)
    assert answer.code == 6
    assert "has changed since it was viewed" in answer.err


def test_the_digest_that_show_gives_is_the_one_that_approve_takes(office: Office) -> None:
    ref = str(_awaiting(office.world))
    shown = office.shell.ok("ticket", "show", ref).out
    digest = next(line.split()[1] for line in shown.splitlines() if line.strip().startswith("digest"))
    assert len(digest) == 12
    approved = office.shell.ok("ticket", "approve", ref, "--digest", digest, "--comment", "agreed")
    assert "approved by" in approved.out
    approvals = office.shell.ok("ticket", "show", ref, "--output", "json").json["approvals"]
    assert [approval["comment"] for approval in approvals] == ["agreed"]


def test_of_several_approvals_one_refusal_stops_no_other_and_decides_the_code(office: Office) -> None:
    ref = _awaiting(office.world)
    office.world.user("idle")
    other = office.world.key(KeyId(KEY[:-1] + "A"), "idle")
    office.world.take_in(other)
    waiting = office.world.ticket(other.key_id).id
    answer = office.shell("ticket", "approve", str(waiting), str(ref))
    assert answer.code == 5
    assert len(office.shell.ok("ticket", "show", str(ref), "--output", "json").json["approvals"]) == 1


def test_a_rule_that_there_is_not_is_no_list_without_findings(shell: Shell) -> None:
    answer = shell("finding", "list", "--rule", "key-to-old")
    assert answer.code == 2
    assert "there is no rule key-to-old: use one of key-too-old" in " ".join(answer.err.split())
    assert shell("finding", "list", "--rule", "user-unused").code == 0
