"""Security Hub is told how tickets stand: in the account of each, only what changed, until it is accepted; boto3 calls our simulator."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from iamflow.domain.facts import Finding
from iamflow.domain.hub import REFRESH
from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, State
from iamflow.engine import steer
from iamflow.engine.hub import Teller, Tellings
from iamflow.sandbox.world import Hub
from tests.world import ACCOUNT, ALICE, DAY, HOUR, KEY, OTHER, World, on_both

ENABLED = "security_hub: {enabled: true}"
OF_KEY = f"iamflow/{ACCOUNT}/key-too-old/{KEY}"
SECOND_KEY = KeyId("AKIAYF5JKDJQS3LDLOIW")

pytestmark = [pytest.mark.parametrize("world", [ENABLED], indirect=True)]


def _hub(world: World, account: str = ACCOUNT) -> Hub:
    return world.sandbox.seed.security_hub(account)


def _told(world: World) -> Tellings:
    """Tell as a daemon does, one that has just been started."""
    return world.app.teller().tell()


def _calls(world: World) -> Counter[str]:
    calls = world.sandbox.calls()
    return Counter(
        {operation: count for (_, _, service, operation), count in calls.items() if service == "securityhub"}
    )


def _open(world: World) -> None:
    world.user()
    world.take_in(world.key())


@on_both
def test_a_ticket_becomes_a_finding_and_nothing_is_sent_again_while_nothing_changes(world: World) -> None:
    hub = _hub(world)
    _open(world)
    assert _told(world) == Tellings(sent=1)
    finding = hub.finding(OF_KEY)
    assert finding["ProductArn"] == f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product/{ACCOUNT}/default"
    assert finding["AwsAccountId"] == ACCOUNT
    assert finding["Severity"] == {"Label": "MEDIUM", "Original": "MEDIUM"}
    assert (finding["RecordState"], finding["Workflow"]) == ("ACTIVE", {"Status": "NEW"})
    calls = _calls(world)
    assert _told(world) == Tellings()
    assert _calls(world) == calls == Counter(BatchImportFindings=1)


def test_each_step_of_a_ticket_is_told_with_a_later_date_and_the_end_archives_it(world: World) -> None:
    hub = _hub(world)
    _open(world)
    seen = []
    for state in (State.OPEN, State.NOTIFIED, State.MONITORING, State.DELETED):
        if state is not State.OPEN:
            world.pass_until(state)
        _told(world)
        finding = hub.finding(OF_KEY)
        seen.append((finding["ProductFields"]["iamflow/state"], finding["RecordState"], finding["Workflow"]["Status"]))
    assert seen == [
        ("open", "ACTIVE", "NEW"),
        ("notified", "ACTIVE", "NOTIFIED"),
        ("monitoring", "ACTIVE", "NOTIFIED"),
        ("deleted", "ARCHIVED", "RESOLVED"),
    ]
    assert hub.ignored == []
    assert hub.finding(OF_KEY)["Note"]["Text"] == "iamflow: Ended as deleted."
    assert len(hub.findings) == 1


def test_what_did_not_change_about_a_watched_key_costs_no_call(world: World) -> None:
    _hub(world)
    _open(world)
    world.pass_until(State.MONITORING)
    _told(world)
    calls = _calls(world)
    world.pass_days(1)
    assert world.ticket().state is State.MONITORING
    told = _told(world)
    assert (told.sent, told.said, told.unchanged) == (0, 0, 1)
    assert _calls(world) == calls


def test_an_exemption_suppresses_and_its_end_brings_the_finding_back(world: World) -> None:
    hub = _hub(world)
    _open(world)
    _told(world)
    until = world.clock.now() + 30 * DAY
    steer.exempt(world.desk(ALICE), KEY, until=until, reason="migration \x1b[31min January")
    _told(world)
    finding = hub.finding(OF_KEY)
    assert finding["Workflow"] == {"Status": "SUPPRESSED"}
    assert finding["Note"]["Text"] == f"iamflow: Exempt until {until:%Y-%m-%d}: migration \\x1b[31min January"
    world.pass_days(30)
    world.pass_until(State.NOTIFIED)
    _told(world)
    assert hub.finding(OF_KEY)["Workflow"] == {"Status": "NOTIFIED"}


def test_a_rollback_is_archived_and_never_called_resolved_and_a_new_ticket_wakes_the_same_finding(world: World) -> None:
    hub = _hub(world)
    _open(world)
    world.pass_until(State.MONITORING)
    _told(world)
    created = hub.finding(OF_KEY)["CreatedAt"]
    steer.reply(world.desk(), KEY, steer.Reply.KEEP, on_behalf_of="etl team")
    world.pass_until(State.ROLLED_BACK)
    _told(world)
    finding = hub.finding(OF_KEY)
    assert (finding["RecordState"], finding["Workflow"]["Status"]) == ("ARCHIVED", "SUPPRESSED")
    assert "the access may still be there" in finding["Note"]["Text"]
    world.pass_days(31)
    world.take_in(_finding_again(world), as_of=world.clock.now())
    _told(world)
    finding = hub.finding(OF_KEY)
    assert (finding["RecordState"], finding["Workflow"]["Status"]) == ("ACTIVE", "NEW")
    assert finding["CreatedAt"] == created
    assert finding["ProductFields"]["iamflow/ticket"] == "2"
    assert len(hub.findings) == 1


def _finding_again(world: World) -> Finding:
    """Return what a new report says of the key."""
    ticket = world.ticket()
    return Finding(
        account_id=ticket.account_id,
        account_name=ticket.account_name,
        username=ticket.username,
        key_id=ticket.access_key_id,
        facts=ticket.facts,
    )


@on_both
def test_a_finding_that_is_refused_is_named_and_told_again_until_it_is_accepted(world: World) -> None:
    hub = _hub(world)
    _open(world)
    hub.refusals = 2
    told = _told(world)
    assert (told.sent, told.postponed) == (0, 1)
    assert [(one.finding_id, one.error) for one in told.failures] == [
        (OF_KEY, "InternalFailure: An internal error occurred.")
    ]
    assert [one.error for one in world.app.store.untold_errors(10)] == [told.failures[0].error]
    assert _told(world) == Tellings()  # its time has not come yet
    world.clock.advance(timedelta(minutes=4))
    assert _told(world).postponed == 1
    world.clock.advance(timedelta(minutes=8))
    assert _told(world) == Tellings(sent=1)
    assert world.app.store.untold_errors(10) == []


def test_an_account_without_security_hub_is_named_once_with_what_to_do_and_the_others_go_on(world: World) -> None:
    hub = _hub(world, OTHER)
    _open(world)
    world.user("lab", OTHER)
    world.take_in(world.key(SECOND_KEY, "lab", OTHER))
    teller = world.app.teller()
    told = teller.tell()
    assert told.sent == 1
    assert list(told.accounts) == [ACCOUNT]
    assert "Security Hub is not enabled in us-east-1: enable it there" in told.accounts[ACCOUNT]
    assert len(hub.findings) == 1
    calls = _calls(world)
    world.take_in(world.key(KeyId("AKIAYF5JKDJQS3LDLOIX")))
    assert teller.tell() == Tellings()  # the account is left alone for a while, whatever changes in it
    assert _calls(world) == calls
    late = _hub(world)
    world.clock.advance(HOUR)
    assert teller.tell().sent == 2
    assert len(late.findings) == 2


def test_a_role_that_may_not_tell_is_named_with_the_permission(world: World) -> None:
    _hub(world)
    _open(world)
    world.sandbox.seed.role_policy(ACCOUNT, world.app.permissions(None, "observer"))
    told = _told(world)
    assert "securityhub:BatchImportFindings" in told.accounts[ACCOUNT]
    whole = world.app.permissions(None, None)
    world.sandbox.seed.role_policy(ACCOUNT, whole)
    assert world.app.teller().tell(by_hand=True).sent == 1


def test_an_answer_that_is_lost_is_followed_by_a_later_date_although_the_clock_went_back(world: World) -> None:
    hub = _hub(world)
    _open(world)
    world.sandbox.faults.timeout_after(service="securityhub", operation="BatchImportFindings", times=1)
    told = _told(world)
    assert told.postponed == 1
    before = hub.finding(OF_KEY)["UpdatedAt"]
    engine = replace(world.engine, clock=_Behind(world))
    hub_port = world.app.aws.security_hub(None)
    assert Teller(engine, hub_port).tell(by_hand=True).sent == 1
    assert hub.finding(OF_KEY)["UpdatedAt"] > before
    assert hub.ignored == []


class _Behind:
    """A clock that was put back by a day."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock

    def now(self) -> datetime:
        return self._clock.now() - DAY

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


def test_an_open_finding_is_refreshed_before_security_hub_forgets_it(world: World) -> None:
    hub = _hub(world)
    _open(world)
    steer.exempt(world.desk(ALICE), KEY, until=world.clock.now() + 200 * DAY, reason="migration")
    _told(world)
    before = hub.finding(OF_KEY)["UpdatedAt"]
    world.clock.advance(REFRESH - DAY)
    assert _told(world) == Tellings()
    world.clock.advance(DAY)
    assert _told(world).sent == 1
    assert hub.finding(OF_KEY)["UpdatedAt"] > before
    assert hub.finding(OF_KEY)["Workflow"] == {"Status": "SUPPRESSED"}


def test_many_findings_go_a_hundred_at_a_time(world: World) -> None:
    hub = _hub(world)
    world.user()
    world.take_in(*[world.key(KeyId(f"AKIAYF5JKDJQS3LD{number:04d}")) for number in range(201)])
    assert _told(world).sent == 201
    assert len(hub.findings) == 201
    assert _calls(world)["BatchImportFindings"] == 3


def test_where_iamflow_only_observes_nothing_is_told_except_by_hand(world: World) -> None:
    hub = _hub(world)
    _open(world)
    policy = replace(world.engine.policy, mode=Mode.OBSERVE)
    port = world.app.aws.security_hub(None)
    teller = Teller(world.another_engine(policy=policy), port)
    assert teller.tell() == Tellings()
    elsewhere = replace(world.engine.policy, scope=AccountScope(enforce=frozenset({AccountId(OTHER)})))
    assert Teller(world.another_engine(policy=elsewhere), port).tell() == Tellings()
    assert hub.findings == {}
    assert teller.tell(by_hand=True).sent == 1


def test_a_process_that_dies_while_it_tells_leaves_it_to_the_next(world: World) -> None:
    hub = _hub(world)
    _open(world)
    store = world.app.store
    claimed = store.claim_untold([ACCOUNT], now=world.clock.now(), limit=10, lease=5 * timedelta(minutes=1))
    assert len(claimed.pairs) == 1
    steer.hold(world.desk(), KEY, comment="wait")
    assert _told(world) == Tellings()  # another one has it
    world.clock.advance(timedelta(minutes=5))
    assert _told(world).sent == 1
    (_, stale) = claimed.pairs[0]
    store.record_told([replace(stale, error="too late")])  # whoever was overtaken changes nothing
    assert store.untold_errors(10) == []
    assert len(hub.findings) == 1


@on_both
def test_two_that_tell_at_once_tell_nothing_twice(world: World) -> None:
    hub = _hub(world)
    world.user()
    world.take_in(*[world.key(KeyId(f"AKIAYF5JKDJQS3LD{number:04d}")) for number in range(120)])
    tellers = [world.app.teller(), world.app.teller()]
    with ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda teller: teller.tell(), tellers))
    assert sum(one.sent for one in told) == len(hub.findings) == 120
    assert hub.ignored == []
    assert [_told(world), world.app.store.untold_errors(1)] == [Tellings(), []]


def test_the_journal_knows_nothing_of_it_and_verifies(world: World) -> None:
    _hub(world)
    _open(world)
    before = len(world.app.store.history(world.ticket().id))
    _told(world)
    assert len(world.app.store.history(world.ticket().id)) == before
    assert world.app.store.verify() == []


def test_tick_tells_too(world: World) -> None:
    hub = _hub(world)
    _open(world)
    assert world.app.tick() is not None
    assert hub.finding(OF_KEY)["Workflow"] == {"Status": "NOTIFIED"}
