"""What ``policy show --workflow migrate-to-role`` prints is enough for each way to a role and back, and its sessions are narrow."""

import pytest

from iamflow.aws.effects import CALLS
from iamflow.aws.permissions import SESSION_POLICY_MOST, policy_document, session_policy
from iamflow.aws.roles import Role
from iamflow.domain.blueprint import UNDOING, Blueprint, Scenario, Step
from iamflow.domain.effect import EffectKind
from iamflow.domain.ids import TicketId, UserName
from iamflow.domain.states import State
from iamflow.domain.subject import UserSubject
from iamflow.engine import steer
from tests.engine.migrating import WAYS, Way, provisioned
from tests.world import ACCOUNT, KEY, World

KINDS = (*UNDOING, *UNDOING.values())
ON_KEY = (EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.scenario.value)
def test_each_way_there_and_back_needs_nothing_else(world: World, way: Way) -> None:
    world.sandbox.seed.role_policy(ACCOUNT, policy_document(KINDS + ON_KEY))
    company = way.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    before = company.state()
    provisioned(world)
    way.take(world)
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)
    assert company.state() == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", Scenario)
def test_a_session_for_a_step_fits_and_names_the_one_role(kind: EffectKind, scenario: Scenario) -> None:
    name = f"iamflow-{'x' * 52}-1234"
    target = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{'f' * 64}"
    step = Step(kind=EffectKind.UPDATE_FUNCTION, target=target, document="{}")
    blueprint = Blueprint(
        ticket_id=TicketId(1234),
        scenario=scenario,
        role=name,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        steps=(step,) * 20,
        provider=f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.example.com/group",
    )
    subject = UserSubject(account_id=ACCOUNT, username=UserName("u" * 64), key_id=KEY, blueprint=blueprint)
    text = session_policy("aws-us-gov", subject, kind)
    assert len(text) <= SESSION_POLICY_MOST
    assert "iamflow-*" not in text
    assert "oidc-provider/*" not in text


def test_only_the_builder_makes_roles() -> None:
    assert {CALLS[kind].role for kind in KINDS} == {Role.BUILDER}
