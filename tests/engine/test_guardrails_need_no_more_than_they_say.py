"""The permissions that are shown for guardrails are enough, and each step's session can do no more than its one call."""

import json
from collections.abc import Mapping

import pytest

from iamflow.aws.effects import guardrails
from iamflow.aws.permissions import SESSION_POLICY_MOST, policy_document, session_policy
from iamflow.aws.roles import Role
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError, PermanentError
from iamflow.domain.guardrail import named, policy_name
from iamflow.domain.ids import TicketId
from iamflow.domain.states import State
from iamflow.domain.subject import Governed, UserSubject
from iamflow.engine import steer
from iamflow.workflows.org_mfa_guardrail import WORKFLOW
from tests.engine.guarding import a_safe_user, a_unit, approve, attached, awaiting, check_gone, home, on, organizations
from tests.world import ACCOUNT, BOB, OTHER, World

LONGEST = "ou-" + "a" * 32 + "-" + "b" * 32


def grant(world: World, role: Role) -> None:
    document: Mapping[str, object] = policy_document(WORKFLOW.effects, role)
    for account in (home(world), ACCOUNT, OTHER):
        world.sandbox.seed.role_policy(account, document)


def subject(world: World, target: str) -> UserSubject:
    governed = Governed(target=target, policy=policy_name(TicketId(1)))
    return UserSubject(account_id=home(world), username=named(target), governed=governed)


def test_the_operators_permissions_are_enough_for_the_whole_way(world: World) -> None:
    grant(world, Role.OPERATOR)
    ref = attached(world, a_unit(world, ACCOUNT, OTHER))
    world.pass_until(State.MONITORING, ref, days=1)
    world.pass_days(3)
    steer.rollback(world.desk(BOB), ref)
    world.pass_until(State.ROLLED_BACK, ref, days=1)
    check_gone(world, ref)


def test_the_observer_sees_everything_and_changes_nothing(world: World) -> None:
    grant(world, Role.OBSERVER)
    a_safe_user(world)
    ref = awaiting(world)
    approve(world, ref)
    ticket = world.pass_until(State.BLOCKED, ref, days=1)
    assert "organizations:CreatePolicy" in (ticket.blocked_reason or "")
    assert world.changes() == []


@pytest.mark.parametrize("kind", WORKFLOW.effects)
@pytest.mark.parametrize("target", [LONGEST, ACCOUNT])
def test_a_session_may_make_its_one_call_on_its_one_target(kind: EffectKind, target: str) -> None:
    policy = session_policy("aws-us-gov", UserSubject(account_id=ACCOUNT, username=named(target)), kind)
    assert len(policy) <= SESSION_POLICY_MOST
    reads, call = json.loads(policy)["Statement"]
    assert not [
        action for action in reads["Action"] if not action.startswith(("organizations:Describe", "organizations:List"))
    ]
    assert call["Action"] == [kind.call]
    if kind in {EffectKind.ATTACH_SCP, EffectKind.DETACH_SCP}:
        assert call["Resource"][1].endswith(f"/{target}")


def test_a_session_for_one_effect_refuses_every_other(world: World) -> None:
    target = subject(world, ACCOUNT)
    effect = WORKFLOW.effect_of
    a_safe_user(world)
    ticket = world.ticket(awaiting(world))
    with world.app.cloud.step(target, ticket.id, EffectKind.ATTACH_SCP) as step, pytest.raises(PermanentError):
        step.apply(effect(ticket, EffectKind.CREATE_SCP, world.engine.policy))
    assert world.changes() == []


def test_aws_itself_refuses_what_a_session_is_not_for(world: World) -> None:
    ref = attached(world)
    policy = world.ticket(ref).progress.guardrail
    assert policy is not None
    assert policy.policy is not None
    with world.app.cloud.step(subject(world, ACCOUNT), TicketId(1), EffectKind.ATTACH_SCP) as step:
        api = step._session.connection.changing("organizations", "us-east-1")  # type: ignore[attr-defined]
        with pytest.raises(BlockedError, match="AccessDenied"):
            api.call("DetachPolicy", PolicyId=policy.policy.policy_id, TargetId=ACCOUNT)
        with pytest.raises(BlockedError, match="AccessDenied"):
            api.call("DeletePolicy", PolicyId=policy.policy.policy_id)
    assert on(world, ACCOUNT) == [policy_name(TicketId(int(ref)))]
    assert organizations(world).describe_policy(PolicyId=policy.policy.policy_id)["Policy"]


def test_the_name_of_a_target_never_reaches_a_call_about_users(world: World) -> None:
    attached(world)
    world.pass_days(1)
    asked = {(account, operation) for account, _, service, operation in world.sandbox.calls() if service == "iam"}
    assert (ACCOUNT, "ListUsers") in asked
    assert {operation for account, operation in asked if account == home(world)} <= {"GetAccountSummary"}


def test_every_effect_has_its_call() -> None:
    assert set(guardrails.EFFECTS) == set(WORKFLOW.effects)
