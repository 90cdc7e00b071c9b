"""Before a guardrail is attached, everybody whom it would deny is known, and what cannot be known stops it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.errors import ChangedError, RefusedError
from iamflow.domain.guardrail import Preview
from iamflow.domain.states import Resolution, State
from iamflow.engine import guardrails, queries, steer
from iamflow.engine.advance import advance
from iamflow.engine.opening import Named, open_by_hand
from iamflow.engine.ports import Change
from tests.engine.guarding import (
    CAROL,
    USER_KEY,
    a_key,
    a_safe_user,
    a_ticket,
    a_unit,
    approve,
    attached,
    awaiting,
    home,
    organizations,
    policies,
)
from tests.world import ACCOUNT, ALICE, BOB, OTHER, START, World

FOREIGN = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'


def preview_of(world: World, ref: str) -> Preview:
    guardrail = world.ticket(ref).progress.guardrail
    assert guardrail is not None
    assert guardrail.preview is not None
    return guardrail.preview


def scp(world: World, name: str, *targets: str) -> str:
    made = organizations(world).create_policy(Name=name, Description="", Type="SERVICE_CONTROL_POLICY", Content=FOREIGN)
    identifier = str(made["Policy"]["PolicySummary"]["Id"])
    for target in targets:
        organizations(world).attach_policy(PolicyId=identifier, TargetId=target)
    return identifier


def test_the_preview_names_whom_and_what_it_would_deny(world: World) -> None:
    a_key(world, idle=30)
    a_safe_user(world)
    world.user("carlos", password=True)
    world.sandbox.seed.root(ACCOUNT, mfa=False)
    damage = preview_of(world, awaiting(world)).damage
    assert [sentence.split(": ", 1)[1] for sentence in damage] == [
        "1 user with a password and no MFA: carlos",
        f"1 key in use, or of unknown use: {USER_KEY} of etl",
        "the root user has no MFA",
    ]


def test_a_key_without_a_use_on_record_counts_as_used(world: World) -> None:
    world.user()
    world.key(idle=None)
    assert "of unknown use" in preview_of(world, awaiting(world)).damage[0]


def test_a_key_that_was_idle_for_long_and_an_inactive_one_are_no_damage(world: World) -> None:
    a_key(world, idle=200)
    world.user("other")
    world.sandbox.seed.key(ACCOUNT, "other", "AKIAYF5JKDJQOTHERKEY", status="Inactive", last_used=START)
    assert preview_of(world, awaiting(world)).damage == ()


def test_damage_must_be_accepted_by_everybody_who_approves_with_a_comment(world: World) -> None:
    a_key(world)
    ref = awaiting(world)
    for refused in ({}, {"accept_damage": True}, {"comment": "fine"}):
        with pytest.raises(RefusedError, match="would deny what is in use"):
            steer.approve(world.desk(BOB), ref, **refused)  # type: ignore[arg-type]  # the options of approve
    steer.approve(world.desk(BOB), ref, accept_damage=True, comment="the key is retired today")
    with pytest.raises(RefusedError, match="--accept-damage"):
        steer.approve(world.desk(CAROL), ref)
    steer.approve(world.desk(CAROL), ref, accept_damage=True, comment="yes")
    world.pass_until(State.ATTACHED, ref, days=1)
    said = [event.detail for event in world.app.store.history(world.ticket(ref).id) if event.kind == "approved"]
    assert all('"accepts_damage":true' in detail.replace(" ", "") for detail in said)


def test_new_damage_voids_the_approvals(world: World) -> None:
    a_safe_user(world)
    ref = awaiting(world)
    steer.approve(world.desk(BOB), ref)
    before = world.ticket(ref).plan_digest
    world.user("carlos", password=True)
    world.pass_days(2)
    assert world.ticket(ref).plan_digest != before
    with pytest.raises(ChangedError):
        steer.approve(world.desk(CAROL), ref, digest=before)
    steer.approve(world.desk(CAROL), ref, accept_damage=True, comment="told him")
    world.pass_days(1)
    assert world.ticket(ref).state is State.AWAITING_APPROVAL
    assert policies(world) == []


def test_damage_that_is_gone_needs_no_accepting(world: World) -> None:
    world.user("carlos", password=True)
    ref = awaiting(world)
    assert world.sandbox.console.sign_in(ACCOUNT, "carlos").ok
    assert world.sandbox.console.enrol_mfa(ACCOUNT, "carlos").ok
    assert world.ticket(ref).progress.approval_reasons != ()
    world.pass_days(2)
    assert world.ticket(ref).progress.approval_reasons == ()
    approve(world, ref)
    world.pass_until(State.ATTACHED, ref, days=1)


def test_an_account_that_cannot_be_read_blocks_by_name(world: World) -> None:
    unit = a_unit(world, ACCOUNT, OTHER)
    world.sandbox.seed.role_trust(OTHER, allowed=False)
    ref = a_ticket(world, unit)
    ticket = world.pass_until(State.BLOCKED, ref, days=1)
    assert ticket.blocked_code == "preview_incomplete"
    assert OTHER in (ticket.blocked_reason or "")
    assert ticket.plan_digest is None
    world.sandbox.seed.role_trust(OTHER, allowed=True)
    world.clock.advance(world.engine.policy.timing.poll)
    steer.retry(world.desk(BOB), ref)
    world.pass_until(State.AWAITING_APPROVAL, ref, days=1)


def test_an_account_that_is_throttled_is_read_later_and_never_taken_for_empty(world: World) -> None:
    a_key(world)
    ref = a_ticket(world)
    with world.sandbox.faults.throttle(operation="ListUsers", times=9):
        world.tick()
        assert world.ticket(ref).state is State.OPEN
        assert world.ticket(ref).plan_digest is None
    world.pass_until(State.AWAITING_APPROVAL, ref, days=1)
    assert preview_of(world, ref).damage != ()


def test_a_protected_user_whom_it_would_deny_blocks_whatever_people_say(world: World) -> None:
    world.user("break-glass-1", password=True)
    ref = a_ticket(world)
    ticket = world.pass_until(State.BLOCKED, ref, days=1)
    assert ticket.blocked_code == "protected_user"
    assert "break-glass-1" in (ticket.blocked_reason or "")


def test_a_user_protected_by_tag_counts_too(world: World) -> None:
    a_key(world)
    world.sandbox.owner.tag_user(ACCOUNT, "etl", {"iamflow:protected": "yes"})
    assert world.pass_until(State.BLOCKED, a_ticket(world), days=1).blocked_code == "protected_user"


@pytest.mark.parametrize(
    "world", ['accounts: {enforce: ["123456789012", "562458925665"], contacts: {}}'], indirect=True
)
def test_no_account_is_reached_that_the_settings_do_not_enforce(world: World) -> None:
    assert home(world) == "123456789012"
    unit = a_unit(world, ACCOUNT, OTHER)
    ref = awaiting(world, unit)
    approve(world, ref)
    world.pass_days(1)
    ticket = world.ticket(ref)
    assert ticket.state is State.AWAITING_APPROVAL
    assert any(OTHER in sentence and "only observes" in sentence for sentence in ticket.progress.waiting_for)
    assert policies(world) == []


def test_the_management_account_is_refused_as_a_target(world: World) -> None:
    with pytest.raises(RefusedError, match="does not reach the management account"):
        open_by_hand(world.desk(ALICE), "org-mfa-guardrail", home(world), Named(target=home(world)))


def test_another_account_than_the_management_account_gets_nowhere(world: World) -> None:
    opened = open_by_hand(world.desk(ALICE), "org-mfa-guardrail", ACCOUNT, Named(target=OTHER))
    ticket = world.pass_until(State.BLOCKED, str(opened.id), days=1)
    assert "organizations:" in (ticket.blocked_reason or "")


@pytest.mark.parametrize("target", ["r-exam", "ou-x", "etl", "12345", "*"])
def test_what_is_no_target_is_refused(world: World, target: str) -> None:
    with pytest.raises(RefusedError, match="neither an organisational unit"):
        open_by_hand(world.desk(ALICE), "org-mfa-guardrail", home(world), Named(target=target))


def test_a_target_that_there_is_not_ends_the_ticket(world: World) -> None:
    ticket = world.pass_until(State.RESOLVED, a_ticket(world, "ou-exam-99999999"), days=1)
    assert ticket.resolution is Resolution.TARGET_GONE


def test_a_unit_without_accounts_blocks(world: World) -> None:
    unit = world.sandbox.seed.unit("empty")
    assert world.pass_until(State.BLOCKED, a_ticket(world, unit), days=1).blocked_code == "nobody_reached"


def test_policies_that_are_not_enabled_block(world: World) -> None:
    organizations(world).disable_policy_type(RootId="r-exam", PolicyType="SERVICE_CONTROL_POLICY")
    assert world.pass_until(State.BLOCKED, a_ticket(world), days=1).blocked_code == "scp_disabled"


def test_a_target_with_five_policies_blocks(world: World) -> None:
    for number in range(4):
        scp(world, f"company-{number}", ACCOUNT)
    assert world.pass_until(State.BLOCKED, a_ticket(world), days=1).blocked_code == "too_many_policies"


def test_a_policy_of_its_name_that_iamflow_did_not_write_is_never_touched(world: World) -> None:
    foreign = scp(world, "iamflow-mfa-guardrail-1", OTHER)
    ref = a_ticket(world)
    assert world.pass_until(State.BLOCKED, ref, days=1).blocked_code == "scp_foreign"
    content = organizations(world).describe_policy(PolicyId=foreign)["Policy"]["Content"]
    assert content == FOREIGN
    assert world.changes() == []


def test_a_policy_that_somebody_has_changed_is_not_touched_even_by_a_rollback(world: World) -> None:
    ref = attached(world)
    policy = world.ticket(ref).progress.guardrail
    assert policy is not None
    assert policy.policy is not None
    organizations(world).update_policy(PolicyId=policy.policy.policy_id, Content=FOREIGN)
    steer.rollback(world.desk(BOB), ref)
    ticket = world.pass_until(State.BLOCKED, ref, days=1)
    assert ticket.blocked_code == "scp_foreign"
    assert len(world.changes()) == 2


def test_a_policy_that_somebody_attached_elsewhere_too_is_detached_and_not_deleted(world: World) -> None:
    ref = attached(world)
    policy = world.ticket(ref).progress.guardrail
    assert policy is not None
    assert policy.policy is not None
    organizations(world).attach_policy(PolicyId=policy.policy.policy_id, TargetId=OTHER)
    steer.rollback(world.desk(BOB), ref)
    ticket = world.pass_until(State.BLOCKED, ref, days=1)
    assert OTHER in (ticket.blocked_reason or "")
    organizations(world).detach_policy(PolicyId=policy.policy.policy_id, TargetId=OTHER)
    steer.retry(world.desk(BOB), ref)
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    assert policies(world) == []


def test_a_policy_left_by_a_forgotten_past_is_taken_away_first(world: World) -> None:
    ref = attached(world)
    ticket = world.ticket(ref)
    guardrail = ticket.progress.guardrail
    assert guardrail is not None
    forgetful = replace(
        ticket,
        state=State.AWAITING_APPROVAL,
        progress=replace(ticket.progress, deactivated_at=None, guardrail=replace(guardrail, policy=None)),
        due_at=world.clock.now(),
    )
    world.app.store.commit([Change(before=replace(ticket, lease=None), after=forgetful)])
    world.pass_days(1)
    assert [change.operation for change in world.changes()][-2:] == ["DetachPolicy", "DeletePolicy"]
    assert policies(world) == []


def test_a_large_organisation_is_looked_at_a_part_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guardrails, "_WITHIN", timedelta(0))
    unit = a_unit(world, ACCOUNT, OTHER)
    ref = a_ticket(world, unit)
    advance(world.engine)
    assert [one.read_at is not None for one in preview_of(world, ref).accounts] == [True, False]
    assert world.ticket(ref).state is State.OPEN
    world.pass_until(State.AWAITING_APPROVAL, ref, days=1)
    assert {one.account_id for one in preview_of(world, ref).accounts} == {ACCOUNT, OTHER}


def test_why_tells_every_reason_against_it(world: World) -> None:
    a_key(world)
    ref = awaiting(world)
    codes = {refusal.code for refusal in queries.why(world.engine, ref).refusals}
    assert codes == {"approval_needed", "always_approved", "damage"}
