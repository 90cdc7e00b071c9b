"""On the way to a role nothing foreign is overwritten, nothing unknown is guessed, and a person's word counts at any time."""

import json
from dataclasses import replace

import pytest

from iamflow.domain.blueprint import Scenario
from iamflow.domain.migration import Choice
from iamflow.domain.states import Resolution, State
from iamflow.engine import steer
from iamflow.sandbox.seed import PastCall
from tests.engine.browning import iam
from tests.engine.migrating import (
    ADDRESS,
    FUNCTION,
    MAY_READ,
    REGION,
    ROLE,
    ROLE_ARN,
    WAYS,
    WITH_KEY,
    a_ticket,
    a_user,
    check_journal,
    check_no_secret,
    choose,
    planned,
    provisioned,
    take_role,
)
from tests.world import ACCOUNT, ALICE, HOUR, KEY, START, World

OBSERVE = "mode: observe"
NARROW = "workflows: {migrate-to-role: {narrow: true}}"
TRUST_EC2 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _made(world: World) -> None:
    company = a_user(world)
    company.function()
    planned(world)
    provisioned(world)


def test_nothing_found_is_unknown_and_waits_for_a_person(world: World) -> None:
    a_user(world)
    a_ticket(world)
    ticket = world.pass_until(State.PLANNED)
    world.pass_days(10)
    ticket = world.ticket()
    assert ticket.state is State.PLANNED
    assert "iamflow ticket plan" in ticket.progress.waiting_for[0]
    assert sum("A person must say" in mail for mail in world.mails()) == 1
    assert world.changes() == []


def test_a_key_that_is_used_in_two_ways_is_not_guessed_at(world: World) -> None:
    company = a_user(world)
    company.function()
    company.service()
    a_ticket(world)
    ticket = world.pass_until(State.PLANNED)
    assert ticket.migration is not None
    assert ticket.migration.discovery is not None
    assert ticket.migration.discovery.proposed is None
    choose(world, Choice(scenario=Scenario.LAMBDA, resources=(FUNCTION,)))
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert ticket.migration is not None
    assert ticket.migration.blueprint is not None
    assert any("service/prod/etl seems to use the key too" in line for line in ticket.migration.blueprint.warnings)


def test_a_role_of_that_name_that_somebody_made_stops_the_ticket_and_stays(world: World) -> None:
    company = a_user(world)
    company.function()
    iam(world).create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST_EC2))
    before = company.state()
    planned(world)
    steer.approve(world.desk(ALICE), KEY)
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "foreign"
    assert world.changes() == []
    assert company.state() == before


def test_an_instance_with_a_profile_is_left_alone(world: World) -> None:
    company = a_user(world)
    instance = world.sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.7", public_ip=ADDRESS)
    world.sandbox.seed.trail_event(PastCall(access_key_id=KEY, at=START - HOUR, source_ip=ADDRESS))
    iam(world).create_instance_profile(InstanceProfileName="its-own")
    company.client("ec2").associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": "its-own"})
    a_ticket(world)
    world.pass_until(State.PLANNED)
    world.pass_days(1)
    ticket = world.ticket()
    assert ticket.state is State.PLANNED
    assert "has the instance profile" in ticket.progress.waiting_for[0]


def test_a_policy_that_changes_voids_the_approval(world: World) -> None:
    a_user(world).function()
    first = planned(world)
    steer.approve(world.desk(ALICE), KEY)
    more = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    iam(world).put_user_policy(UserName="etl", PolicyName="more", PolicyDocument=json.dumps(more))
    world.pass_days(2)
    ticket = world.ticket()
    assert (ticket.state, ticket.plan_digest != first.plan_digest) == (State.AWAITING_APPROVAL, True)
    assert world.changes() == []
    assert any("plan has changed" in " ".join(mail.split()) for mail in world.mails())
    provisioned(world)
    assert "02-user-reads" in iam(world).list_role_policies(RoleName=ROLE)["PolicyNames"]


def test_a_function_that_changes_while_the_role_is_made_is_not_overwritten(world: World) -> None:
    company = a_user(world)
    company.function()
    planned(world)
    steer.approve(world.desk(ALICE), KEY)
    world.tick()
    other = company.role("other", "lambda.amazonaws.com")
    company.client("lambda").update_function_configuration(FunctionName="etl", Role=other)
    world.pass_until(State.BLOCKED)
    function = company.client("lambda").get_function_configuration(FunctionName="etl")
    assert (function["Role"], function["Environment"]["Variables"]) == (other, WITH_KEY)
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)
    assert company.client("lambda").get_function_configuration(FunctionName="etl")["Role"] == other
    assert ROLE not in company.state()["roles"]
    check_journal(world)


def test_variables_that_were_set_meanwhile_stay_after_a_rollback(world: World) -> None:
    _made(world)
    client = world.sandbox.owner.client(ACCOUNT, "lambda", REGION)
    client.update_function_configuration(FunctionName="etl", Environment={"Variables": {"STAGE": "test", "NEW": "1"}})
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)
    variables = client.get_function_configuration(FunctionName="etl")["Environment"]["Variables"]
    assert variables == {**WITH_KEY, "STAGE": "test", "NEW": "1"}
    check_no_secret(world)


def test_a_role_that_is_changed_during_the_cut_over_blocks_the_deactivation(world: World) -> None:
    _made(world)
    take_role(world)
    iam(world).detach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/writes")
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "role_changed"
    assert world.status() == "Active"


def test_the_key_stays_while_it_is_used(world: World) -> None:
    _made(world)
    take_role(world)
    for _ in range(4):
        world.pass_days(0.7)
        world.sandbox.use_key(KEY)
    assert world.ticket().state is State.AWAITING_CUTOVER
    world.pass_until(State.DEACTIVATED)


def test_a_role_that_nothing_uses_takes_no_keys_place_but_by_the_owners_word(world: World) -> None:
    _made(world)
    world.pass_days(20)
    assert world.ticket().state is State.AWAITING_CUTOVER
    assert sum("Reminder: the role" in mail for mail in world.mails()) >= 2
    steer.reply(world.desk(), KEY, steer.Reply.MIGRATED, on_behalf_of="anna@example.com")
    world.pass_until(State.DELETED)
    check_journal(world)


def test_a_use_of_the_deactivated_key_undoes_everything_by_itself(world: World) -> None:
    company = a_user(world)
    company.function()
    before = company.state()
    planned(world)
    provisioned(world)
    take_role(world)
    world.sandbox.faults.propagation("us-east-1", 3 * HOUR, account=ACCOUNT)
    world.pass_until(State.MONITORING)
    world.clock.advance(HOUR)
    assert world.sandbox.use_key(KEY, service="sts", operation="GetCallerIdentity").ok
    world.pass_until(State.ROLLED_BACK)
    assert company.state() == before
    check_journal(world)


def test_an_owner_who_sets_the_key_to_active_again_gets_everything_back(world: World) -> None:
    company = a_user(world)
    company.function()
    before = company.state()
    planned(world)
    provisioned(world)
    take_role(world)
    world.pass_until(State.MONITORING)
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    ticket = world.pass_until(State.ROLLED_BACK)
    assert ticket.resolution is Resolution.ROLLED_BACK
    assert company.state() == before


@pytest.mark.parametrize("state", [State.AWAITING_CUTOVER, State.ON_HOLD])
def test_a_rollback_before_the_deactivation_undoes_everything(world: World, state: State) -> None:
    company = a_user(world)
    company.function()
    before = company.state()
    planned(world)
    provisioned(world)
    if state is State.ON_HOLD:
        steer.hold(world.desk(), KEY)
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)
    assert company.state() == before
    check_journal(world)


def test_a_rollback_works_under_freeze(world: World) -> None:
    company = a_user(world)
    company.function()
    before = company.state()
    planned(world)
    provisioned(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)
    assert company.state() == before


def test_a_rollback_works_while_the_clock_is_wrong(world: World) -> None:
    company = a_user(world)
    company.function()
    before = company.state()
    planned(world)
    provisioned(world)
    steer.rollback(world.desk(), KEY)
    skewed = world.another_engine(
        policy=replace(world.engine.policy, timing=replace(world.engine.policy.timing, clock_skew=-HOUR))
    )
    for _ in range(12):
        world.tick(skewed)
        world.clock.advance(HOUR)
    assert world.ticket().state is State.ROLLED_BACK
    assert company.state() == before


def test_a_provider_that_others_trust_by_now_stays(world: World) -> None:
    way = next(way for way in WAYS if way.scenario is Scenario.CI_OIDC)
    company = way.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    provisioned(world)
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    federated = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [federated]})
    iam(world).create_role(RoleName="other-pipeline", AssumeRolePolicyDocument=document)
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK)
    state = company.state()
    assert state["providers"] == [provider]
    assert ROLE not in state["roles"]


def test_a_pipeline_of_another_repository_does_not_get_the_role(world: World) -> None:
    way = next(way for way in WAYS if way.scenario is Scenario.CI_OIDC)
    way.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    provisioned(world)
    for subject in (
        "repo:acme/other:ref:refs/heads/main",
        "repo:acme/app:ref:refs/heads/dev",
        "repo:evil/app:ref:refs/heads/main",
    ):
        assert not world.sandbox.use_pipeline(ROLE_ARN, subject=subject).ok


def test_an_issuer_that_is_set_by_its_address_gets_a_provider(world: World) -> None:
    company = a_user(world)
    a_ticket(world)
    world.pass_until(State.PLANNED)
    choose(
        world,
        Choice(
            scenario=Scenario.CI_OIDC, issuer="https://ci.example.com/acme", audience="aws", subject="project:42:main"
        ),
    )
    world.pass_until(State.AWAITING_APPROVAL)
    provisioned(world)
    assert company.state()["providers"] == [f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example.com/acme"]


@pytest.mark.parametrize("world", [OBSERVE], indirect=True)
def test_observing_makes_no_plan_and_changes_nothing(world: World) -> None:
    a_user(world).function()
    a_ticket(world)
    world.pass_days(10)
    assert world.ticket().state is State.OPEN
    assert world.changes() == []
    assert world.mails() == []


@pytest.mark.parametrize("world", [NARROW], indirect=True)
def test_a_narrowed_role_is_denied_what_the_key_was_not_seen_to_do(world: World) -> None:
    a_user(world).function()
    world.sandbox.seed.trail_event(
        PastCall(access_key_id=KEY, at=START - HOUR, source="ec2.amazonaws.com", name="DescribeVpcs")
    )
    planned(world)
    provisioned(world)
    document = iam(world).get_role_policy(RoleName=ROLE, PolicyName="iamflow-narrowed")["PolicyDocument"]
    (statement,) = document["Statement"]
    assert (statement["Effect"], statement["NotAction"]) == ("Deny", ["ec2:DescribeVpcs", "sts:GetCallerIdentity"])


def test_the_role_gets_the_users_boundary(world: World) -> None:
    company = a_user(world)
    company.function()
    boundary = world.sandbox.seed.policy(ACCOUNT, "limits", MAY_READ)
    iam(world).put_user_permissions_boundary(UserName="etl", PermissionsBoundary=boundary)
    planned(world)
    provisioned(world)
    role = iam(world).get_role(RoleName=ROLE)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
