"""A brown-out on the screen: since when, until when, what ends it, and how to take the deny off by hand."""

import pytest

from iamflow.domain.states import State
from tests.cli.conftest import Office
from tests.engine.browning import HALF_A_DAY, browned_out
from tests.world import HOUR, KEY, on_both

pytestmark = pytest.mark.parametrize("office", [HALF_A_DAY], indirect=True)

BY_HAND = "aws iam delete-user-policy --user-name etl --policy-name iamflow-brownout-1"


@pytest.fixture
def denied(office: Office) -> Office:
    """A key that is being denied."""
    browned_out(office.world)
    return office


@on_both
def test_a_rollback_takes_the_deny_off_at_once_and_says_so(denied: Office) -> None:
    answer = denied.shell.ok("ticket", "rollback", "1", "--comment", "payroll is down")
    assert f"the brown-out of key {KEY} is over: its calls are not denied any more, observed at" in answer.out
    assert "Active again" not in answer.out
    assert denied.world.ticket().state is State.ROLLED_BACK


def test_beside_a_daemon_a_rollback_says_how_to_take_the_deny_off_by_hand(denied: Office) -> None:
    with denied.world.app.engine_lock() as held:
        assert held
        answer = denied.shell.ok("ticket", "rollback", "1")
    assert BY_HAND in answer.out
    assert "update-access-key" not in answer.out


def test_show_tells_the_policy_and_from_when_until_when_it_denies(denied: Office) -> None:
    shown = denied.shell.ok("ticket", "show", "1").out
    assert "iamflow-brownout-1, on the user etl" in shown
    assert "denied since" in shown
    assert "denied until     2026-12-01 12:1" in shown


def test_show_tells_in_json_too(denied: Office) -> None:
    brownout = denied.shell.ok("ticket", "show", "1", "--output", "json").json["progress"]["brownout"]
    assert brownout["policy"] == "iamflow-brownout-1"
    assert brownout["attached_at"] is not None
    assert brownout["lifted_at"] is None


def test_why_says_until_when_and_not_that_it_is_done_at_the_next_look(denied: Office) -> None:
    told = denied.shell.ok("ticket", "why", "1").out
    assert "on its way to: lift_brownout (iam:DeleteUserPolicy)" in told
    assert "the brown-out lasts until 2026-12-01 12:1" in told
    assert "nothing stands against it" not in told


def test_afterwards_why_says_that_cloudtrail_is_waited_for(denied: Office) -> None:
    denied.world.pass_days(1, until=lambda: not denied.world.ticket().is_denied)
    told = denied.shell.ok("ticket", "why", "1").out
    assert "on its way to: deactivate_key" in told
    assert "CloudTrail has not been read conclusively for the whole brown-out" in told
    shown = denied.shell.ok("ticket", "show", "1").out
    assert "removed" in shown
    assert "before its time" not in shown


def test_what_was_seen_is_not_said_to_be_seen_after_a_deactivation(denied: Office) -> None:
    denied.world.clock.advance(HOUR)
    denied.world.sandbox.use_key(KEY, source_ip="203.0.113.77")
    denied.world.pass_until(State.ROLLED_BACK, days=1)
    shown = denied.shell.ok("ticket", "show", "1").out
    assert "Seen after the brown-out began" in shown
    assert "203.0.113.77" in shown
    assert "before its time" in shown
    assert "deactivated" not in shown


def test_tickets_in_their_brownout_are_listed(denied: Office) -> None:
    assert KEY in denied.shell.ok("ticket", "list", "--state", "brownout").out
    assert KEY not in denied.shell.ok("ticket", "list", "--state", "notified").out


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        (("cancel", "1"), "iamflow ticket rollback 1"),
        (("exempt", "1", "--until", "2027-01-30", "--reason", "later"), "iamflow ticket hold 1"),
    ],
)
def test_what_a_brownout_refuses_names_what_to_do_instead(
    denied: Office, command: tuple[str, ...], instead: str
) -> None:
    answer = denied.shell("ticket", *command)
    assert answer.code == 5
    assert "brown-out" in answer.complaint
    assert instead in answer.complaint


def test_permissions_for_the_policy_are_shown_only_where_a_brownout_is_asked_for(office: Office) -> None:
    config = office.shell.config
    shown = office.shell.ok("policy", "show", "--workflow", "disable-key").out
    assert "iam:PutUserPolicy" in shown
    config.write_text(config.read_text(encoding="utf-8").replace("brownout: 12h", "brownout: null"), encoding="utf-8")
    assert "iam:PutUserPolicy" not in office.shell.ok("policy", "show", "--workflow", "disable-key").out
