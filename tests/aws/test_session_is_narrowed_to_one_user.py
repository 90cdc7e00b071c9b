"""A mutating session is named after its ticket, and can do one thing to one user."""

import json
from datetime import timedelta

import pytest

from iamflow.aws.arns import session_name
from iamflow.aws.cloud import AwsCloud
from iamflow.aws.permissions import SESSION_POLICY_MOST, session_policy
from iamflow.aws.settings import AwsSettings
from iamflow.aws.step import AwsStep
from iamflow.domain.effect import EffectKind
from iamflow.domain.errors import BlockedError, PermanentError
from iamflow.domain.evidence import Attribute, TrailQuery
from iamflow.domain.ids import KeyId, Region, TicketId, UserName
from iamflow.domain.subject import UserSubject
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, SUBJECT, Opener, effect

OTHER_KEY = KeyId("AKIAYF5JKDJQOTHERKEY")
TICKET = TicketId(4711)


def as_subject(name: str, key_id: KeyId = OTHER_KEY) -> UserSubject:
    return UserSubject(account_id=ACCOUNT, username=UserName(name), key_id=key_id)


def turned_on(step: AwsStep, subject: UserSubject, kind: EffectKind) -> AwsStep:
    """A step whose session was opened for one thing, and that is made to try another."""
    return AwsStep(step._session, "us-east-1", (kind, subject), step._clock)


@pytest.mark.parametrize("name", ["another", "etl2", "my-etl", "ETL", "l"])
def test_the_session_cannot_touch_another_user(sandbox: Sandbox, cloud: AwsCloud, name: str) -> None:
    sandbox.seed.user(ACCOUNT, name, path="/etl/")
    sandbox.seed.key(ACCOUNT, name, OTHER_KEY)
    with cloud.step(SUBJECT, TICKET, EffectKind.DEACTIVATE_KEY) as step:
        assert isinstance(step, AwsStep)
        other = turned_on(step, as_subject(name), EffectKind.DEACTIVATE_KEY)
        with pytest.raises(BlockedError, match="no session policy allows"):
            other.apply(effect(EffectKind.DEACTIVATE_KEY, as_subject(name)))
    assert sandbox.key_status(ACCOUNT, OTHER_KEY) == "Active"


@pytest.mark.parametrize("kind", [EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY])
def test_a_session_for_a_status_cannot_delete(sandbox: Sandbox, cloud: AwsCloud, kind: EffectKind) -> None:
    with cloud.step(SUBJECT, TICKET, kind) as step:
        assert isinstance(step, AwsStep)
        with pytest.raises(BlockedError, match="no session policy allows"):
            turned_on(step, SUBJECT, EffectKind.DELETE_KEY).apply(effect(EffectKind.DELETE_KEY))
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


def test_a_session_for_a_deletion_cannot_change_the_status(sandbox: Sandbox, cloud: AwsCloud) -> None:
    with cloud.step(SUBJECT, TICKET, EffectKind.DELETE_KEY) as step:
        assert isinstance(step, AwsStep)
        with pytest.raises(BlockedError, match="no session policy allows"):
            turned_on(step, SUBJECT, EffectKind.DEACTIVATE_KEY).apply(effect(EffectKind.DEACTIVATE_KEY))
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"


@pytest.mark.parametrize("path", ["/", "/apps/", "/apps/of/finance/"])
def test_a_user_under_any_path_is_reached(sandbox: Sandbox, cloud: AwsCloud, path: str) -> None:
    sandbox.seed.user(ACCOUNT, "robot", path=path)
    sandbox.seed.key(ACCOUNT, "robot", OTHER_KEY)
    subject = as_subject("robot")
    with cloud.step(subject, TICKET, EffectKind.DEACTIVATE_KEY) as step:
        assert step.read().key(OTHER_KEY) is not None
        step.apply(effect(EffectKind.DEACTIVATE_KEY, subject))
    assert sandbox.key_status(ACCOUNT, OTHER_KEY) == "Inactive"


@pytest.mark.parametrize("name", ["*", "et?", "a/b", "${aws:username}", "x" * 65, "", "é", "etl\n"])
def test_a_name_that_no_user_can_bear_never_gets_into_a_policy(cloud: AwsCloud, sandbox: Sandbox, name: str) -> None:
    with (
        pytest.raises(PermanentError, match="cannot be the name"),
        cloud.step(as_subject(name), TICKET, EffectKind.DEACTIVATE_KEY),
    ):
        pass
    with pytest.raises(PermanentError, match="cannot be the name"):
        cloud.read(as_subject(name))
    assert not any(service == "iam" for _, _, service, _ in sandbox.calls())


def test_an_effect_that_the_session_was_not_opened_for_is_not_called(cloud: AwsCloud, sandbox: Sandbox) -> None:
    with (
        cloud.step(SUBJECT, TICKET, EffectKind.DEACTIVATE_KEY) as step,
        pytest.raises(PermanentError, match="nothing was called"),
    ):
        step.apply(effect(EffectKind.DELETE_KEY))
    assert not sandbox.mutations(role_name="iamflow")


def test_the_session_bears_the_ticket_in_the_trail(opened: Opener, sandbox: Sandbox, clock: VirtualClock) -> None:
    cloud = opened(AwsSettings(instance="bastion-1"))
    with cloud.step(SUBJECT, TICKET, EffectKind.DEACTIVATE_KEY) as step:
        receipt = step.apply(effect(EffectKind.DEACTIVATE_KEY))
    clock.advance(timedelta(minutes=6))
    query = TrailQuery(
        attribute=Attribute.USERNAME,
        value="iamflow-bastion-1-4711",
        start=clock.now() - timedelta(hours=1),
        end=clock.now(),
    )
    found = [event for event in cloud.look_up(ACCOUNT, Region("us-east-1"), query).events if event.target_key_id == KEY]
    assert [event.request_id for event in found] == [receipt.request_id]


def test_each_step_has_a_session_of_its_own_that_is_asked_once_who_it_is(cloud: AwsCloud, sandbox: Sandbox) -> None:
    for number in range(3):
        with cloud.step(SUBJECT, TicketId(number), EffectKind.DEACTIVATE_KEY) as step:
            step.read()
            step.apply(effect(EffectKind.DEACTIVATE_KEY))
    calls = sandbox.calls()
    assert calls["123456789012", "us-east-1", "sts", "AssumeRole"] == 3
    assert calls[ACCOUNT, "us-east-1", "sts", "GetCallerIdentity"] == 3


def test_a_long_instance_never_cuts_the_ticket_off() -> None:
    name = session_name("host name/with:odd characters " * 5, TicketId(1234567))
    assert len(name) == 64
    assert name.startswith("iamflow-host-name-with-odd-characters-")
    assert name.endswith("-1234567")


def test_the_longest_name_fits_into_a_session_policy() -> None:
    text = session_policy("aws-us-gov", as_subject("x" * 64), EffectKind.DEACTIVATE_KEY)
    assert len(text) < SESSION_POLICY_MOST
    assert json.loads(text)["Statement"][0]["Resource"] == [
        f"arn:aws-us-gov:iam::{ACCOUNT}:user/{'x' * 64}",
        f"arn:aws-us-gov:iam::{ACCOUNT}:user/*/{'x' * 64}",
    ]


def test_a_session_in_another_account_is_refused(opened: Opener, sandbox: Sandbox) -> None:
    cloud = opened(AwsSettings(role_name=None))
    with pytest.raises(BlockedError, match="are those of account 123456789012") as caught:
        cloud.read(SUBJECT)
    assert caught.value.code == "access"
    with pytest.raises(BlockedError), cloud.step(SUBJECT, TICKET, EffectKind.DELETE_KEY):
        pass
