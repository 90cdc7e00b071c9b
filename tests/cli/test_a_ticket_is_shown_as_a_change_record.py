"""``ticket show`` tells what was found, whom it concerns, what is planned, what comes next and when, and how it ended."""

from iamflow.domain.states import State
from tests.cli.conftest import Office
from tests.world import DAY, HOUR, KEY


def _section(text: str, heading: str) -> str:
    """Return the part of a record under a heading."""
    parts = text.split(f"\n\n{heading}\n")
    assert len(parts) == 2, text
    return parts[1].split("\n\n")[0]


def test_before_the_deactivation_it_tells_finding_owner_plan_and_dates(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.NOTIFIED)
    text = office.shell.ok("ticket", "show", "1").out
    assert text.startswith("Ticket 1: disable-key, notified since ")
    assert KEY in _section(text, "Finding")
    assert "300 days ago" in _section(text, "Finding")
    assert "payments@example.com (from contact)" in _section(text, "Owner")
    assert "last used" in _section(text, "Impact")
    plan = _section(text, "Plan")
    for label in ("planned", "digest", "next look", "grace until", "expected end"):
        assert label in plan
    assert "deactivate the key when the grace period is over" in plan


def test_while_it_is_watched_it_tells_what_the_key_was_used_for(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_days(6)
    office.world.sandbox.use_key(
        KEY,
        service="s3",
        operation="ListBuckets",
        region="eu-west-1",
        source_ip="198.51.100.24",
        user_agent="exporter/2.3",
    )
    office.world.pass_until(State.AWAITING_APPROVAL)
    office.shell.ok("ticket", "approve", "1", "--comment", "moved to a role")
    office.world.pass_until(State.MONITORING, days=1)
    text = office.shell.ok("ticket", "show", "1").out
    impact = _section(text, "Impact")
    assert "ListBuckets in eu-west-1: 1 call from 198.51.100.24 with exporter/2.3" in impact
    assert "moved to a role" in _section(text, "Plan")
    assert "watched until" in _section(text, "Plan")
    assert "deactivated" in _section(text, "Seen after the deactivation")


def test_a_failure_is_told_with_where_what_and_who(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.MONITORING)
    office.world.sandbox.faults.propagation("eu-west-1", HOUR)
    office.world.pass_days(0.02)
    office.world.sandbox.use_key(
        KEY,
        service="sts",
        operation="GetCallerIdentity",
        region="eu-west-1",
        source_ip="203.0.113.77",
        user_agent="payroll/1.9",
    )
    office.world.pass_until(State.ROLLED_BACK)
    text = office.shell.ok("ticket", "show", "1").out
    assert "sts eu-west-1" in _section(text, "Seen after the deactivation")
    assert "rolled_back" in _section(text, "End")
    shown = office.shell.ok("ticket", "show", "1", "--output", "json").json
    assert shown["signals"][0]["kind"] == "key_used"
    assert shown["signals"][0]["sentence"] in office.shell.ok("ticket", "list", "--all").out


def test_the_end_tells_resolution_sweep_and_confirmation(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.DELETED)
    office.world.pass_days(1)
    end = _section(office.shell.ok("ticket", "show", "1").out, "End")
    assert "confirmed by CloudTrail event" in end
    assert "conclusive" in end


def test_why_tells_every_reason_and_what_comes_next(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key(idle=DAY))
    office.world.pass_until(State.AWAITING_APPROVAL)
    office.shell.ok("freeze", "on", "--reason", "incident 4711")
    text = office.shell.ok("ticket", "why", "1").out
    assert "everything is frozen: incident 4711" in text
    assert "needs an approval" in text
    assert "delete the key once it is approved" in text


def test_why_says_when_aws_cannot_be_read(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.NOTIFIED)
    office.world.sandbox.seed.role_trust("562458925665", allowed=False)
    office.world.clock.set(office.world.clock.now() + DAY)
    assert "AWS could not be read now" in office.shell.ok("ticket", "why", "1").out
