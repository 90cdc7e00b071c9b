"""No ticket opens on a lead alone: AWS is read first, and what it says is the finding."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.facts import KeyStatus
from iamflow.domain.ids import KeyId
from iamflow.domain.lead import Lead, LeadState
from iamflow.domain.root import ROOT_USER
from iamflow.domain.rule_settings import RuleName
from iamflow.engine import follow_up, intake
from iamflow.engine.follow_up import Followed
from tests.world import ACCOUNT, DAY, KEY, OTHER, START, Listed, World, on_both

SECOND = KeyId("AKIAYF5JKDJQSECOND22")
EVERY_RULE = "rules: {open: {}}"


def lead(name: str = "etl", rule: RuleName = RuleName.KEY_TOO_OLD, **more: object) -> Lead:
    """Build what a report that names no keys would say."""
    usual = Lead(
        account_id=ACCOUNT, account_name="", username=name, rule=rule, as_of=START, source="prowler:out.csv", row=2
    )
    return replace(usual, **more)  # type: ignore[arg-type]  # the lead's own fields


class Leads(Listed):
    """A report that tells of leads alone."""

    def __init__(self, *leads: Lead) -> None:
        super().__init__([])
        self._leads = leads

    def leads(self) -> Iterator[Lead]:
        return iter(self._leads)


def noted(world: World, *leads: Lead) -> intake.Intake:
    return intake.import_report(world.desk(), Leads(*leads))


def followed(world: World) -> Followed:
    return follow_up.follow_up(world.desk(), world.app.cloud, limit=1000)


def waiting(world: World) -> list[str]:
    return [one.reason for one in world.app.store.waiting_leads()]


@on_both
def test_a_lead_opens_nothing_until_aws_names_the_key(world: World) -> None:
    world.user()
    world.key()
    taken = noted(world, lead())
    assert (taken.leads, taken.findings, taken.opened) == (1, 0, 0)
    assert world.app.store.counts() == {}
    assert waiting(world) == ["AWS has not been read yet"]

    done = followed(world)

    assert (done.states[LeadState.CONFIRMED], done.count("opened")) == (1, 1)
    ticket = world.ticket(KEY)
    assert (ticket.account_name, ticket.facts.source) == (ACCOUNT, "live, after prowler:out.csv")
    assert ticket.key_facts.last_use.at == START - 200 * DAY
    assert waiting(world) == []
    (stored,) = world.app.store.findings()
    assert (stored.rule, stored.finding.key_id) == ("key-too-old", KEY)


@on_both
def test_the_same_lead_again_is_one_row_and_opens_nothing_twice(world: World) -> None:
    world.user()
    world.key()
    noted(world, lead(), lead())
    noted(world, lead(as_of=START - DAY))
    assert len(waiting(world)) == 1
    followed(world)
    noted(world, lead())
    done = followed(world)
    assert (done.leads, done.count("opened"), done.count("existing")) == (1, 0, 1)


def test_two_keys_of_the_same_second_are_each_judged_by_what_aws_says_of_them(world: World) -> None:
    world.user()
    made = START - 300 * DAY
    world.sandbox.seed.key(ACCOUNT, "etl", KEY, created=made, status="Inactive")
    world.sandbox.seed.key(ACCOUNT, "etl", SECOND, created=made)
    noted(world, lead(created_at=made))
    followed(world)
    assert [stored.finding.key_id for stored in world.app.store.findings()] == [SECOND]
    assert world.ticket(SECOND).key_facts.status is KeyStatus.ACTIVE


@pytest.mark.parametrize("world", [EVERY_RULE], indirect=True)
def test_what_does_not_hold_by_the_live_reading_is_closed_with_that_word(world: World) -> None:
    world.user()
    world.key()
    world.user("idle")
    world.user("safe", password=True, mfa="Virtual")
    world.sandbox.seed.user(ACCOUNT, "young", created=START - 5 * DAY)
    world.sandbox.seed.key(ACCOUNT, "young", "AKIAYF5JKDJQYOUNG222", created=START - 5 * DAY)
    expected = {
        lead("nobody"): "the user does not exist any more",
        lead(created_at=START - 200 * DAY): "the user has no such key any more",
        lead(key_id=SECOND): "the user has no such key any more",
        lead("young"): "no such key is Active and older than the rule allows",
        lead("idle"): "the user has no access keys",
        lead("idle", RuleName.CONSOLE_WITHOUT_MFA): "the user has no console password",
        lead("safe", RuleName.CONSOLE_WITHOUT_MFA): "the user has an MFA device",
        lead("young", RuleName.USER_UNUSED): "the user was made or active on 2026-11-19",
        lead(
            ROOT_USER, RuleName.ROOT_WITHOUT_MFA
        ): "the root user has an MFA device (of which kind, AWS does not tell)",
        lead(ROOT_USER, RuleName.ROOT_WITH_ACCESS_KEYS): "the root user has no access keys",
    }
    noted(world, *expected)
    done = followed(world)
    assert done.states == {LeadState.UNFOUNDED: len(expected)}
    assert world.app.store.counts() == {}
    assert waiting(world) == []
    assert sorted(_ends(world)) == sorted(expected.values())


def _ends(world: World) -> list[str]:
    """Return how the leads ended, as the database has it."""
    from sqlalchemy import select

    from iamflow.store.schema import LEADS

    with world.app._store.database.reading() as connection:
        return list(connection.execute(select(LEADS.c.reason).where(LEADS.c.ended_at.is_not(None))).scalars())


@pytest.mark.parametrize("world", [EVERY_RULE], indirect=True)
def test_users_and_root_users_are_found_too(world: World) -> None:
    world.user(password=True)
    world.sandbox.seed.root(ACCOUNT, mfa=False, access_keys=True)
    noted(
        world,
        lead(rule=RuleName.CONSOLE_WITHOUT_MFA),
        lead(ROOT_USER, RuleName.ROOT_WITHOUT_MFA),
        lead(ROOT_USER, RuleName.ROOT_WITH_ACCESS_KEYS),
    )
    done = followed(world)
    assert (done.states[LeadState.CONFIRMED], done.count("opened")) == (3, 2)
    workflows = {workflow for workflow, _ in world.app.store.counts()}
    # Nobody has used the user either, and that comes first.
    assert workflows == {"delete-user", "root-hygiene"}


def test_a_protected_user_is_refused_without_reading_aws(world: World) -> None:
    taken = noted(world, lead("break-glass-1"))
    assert (taken.leads, taken.rejected) == (0, 1)
    assert waiting(world) == []


def test_a_key_that_is_too_young_by_the_report_itself_is_no_lead(world: World) -> None:
    assert noted(world, lead(created_at=START - 10 * DAY)).leads == 0


class Failing:
    """AWS that answers with an error."""

    def __init__(self, error: Exception) -> None:
        self.error, self.asked = error, 0

    def read(self, _subject: object) -> object:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "least"),
    [
        (TemporaryError("throttled"), 2),
        (BlockedError("the role cannot be assumed", code="access"), 3600),
        (RuntimeError("a bug"), 3600),
    ],
)
def test_what_cannot_be_read_keeps_waiting_with_the_reason_and_is_asked_again_later(
    world: World, error: Exception, least: int
) -> None:
    world.user()
    world.key()
    noted(world, lead())
    cloud = Failing(error)
    desk = world.desk()
    for _ in range(3):
        follow_up.follow_up(desk, cloud, limit=1000)  # type: ignore[arg-type]  # what of AWS is asked here
    assert cloud.asked == 1
    (reason,) = waiting(world)
    assert (str(error) if not isinstance(error, RuntimeError) else "unexpected RuntimeError") in reason
    (stored,) = world.app.store.waiting_leads()
    assert stored.due_at is not None
    assert (stored.due_at - START).total_seconds() >= least
    world.clock.set(stored.due_at)
    assert followed(world).count("opened") == 1


def test_a_pass_looks_into_a_bounded_number_of_leads(world: World) -> None:
    noted(world, *(lead(f"user-{number}") for number in range(7)))
    done = follow_up.follow_up(world.desk(), world.app.cloud, limit=3)
    assert done.leads == 3
    assert len(waiting(world)) == 4


@on_both
def test_leads_that_somebody_has_taken_are_nobody_elses_until_he_must_be_dead(world: World) -> None:
    noted(world, lead(), lead("web"))
    store, now = world.app.store, world.clock.now()
    first = store.take_leads(now, now + DAY, 1)
    second = store.take_leads(now, now + DAY, 10)
    assert [len(first), len(second)] == [1, 1]
    assert {one.lead.username for one in (*first, *second)} == {"etl", "web"}
    assert store.take_leads(now, now + DAY, 10) == []
    assert len(store.take_leads(now + DAY, now + 2 * DAY, 10)) == 2


def test_a_tick_follows_leads_up(world: World) -> None:
    world.user()
    world.key()
    noted(world, lead())
    world.app.tick()
    assert world.ticket(KEY).facts.source == "live, after prowler:out.csv"


def test_one_account_that_lets_nobody_in_holds_up_no_other(world: World) -> None:
    world.user()
    world.key()
    world.sandbox.seed.role_trust(OTHER, allowed=False)
    noted(world, lead("dev", account_id=OTHER), lead())
    done = followed(world)
    assert (done.states[LeadState.CONFIRMED], done.states[LeadState.WAITING]) == (1, 1)
    assert "cannot be assumed" in waiting(world)[0]


def test_how_a_lead_ended_is_forgotten_in_time(world: World) -> None:
    noted(world, lead("nobody"))
    followed(world)
    assert len(_ends(world)) == 1
    world.clock.set(_later(START))
    followed(world)
    assert _ends(world) == []


def _later(start: datetime) -> datetime:
    return start + follow_up.REMEMBERED + DAY


@pytest.mark.parametrize("world", ["rules: {open: {key-in-use: none}}"], indirect=True)
def test_a_key_in_use_that_no_workflow_deals_with_is_closed_with_that_word(world: World) -> None:
    world.user()
    world.key(idle=DAY)
    noted(world, lead())
    assert followed(world).states == {LeadState.UNFOUNDED: 1}
    assert _ends(world) == ["the settings name no workflow for such a key (rules.open)"]
