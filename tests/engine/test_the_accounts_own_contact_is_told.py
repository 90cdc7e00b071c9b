"""Where nothing else leads to an owner, the contact that the account itself names is told; a denial stops nothing."""

import pytest

from iamflow.domain.states import State
from tests.world import ACCOUNT, KEY, World

NOBODY = 'accounts: {enforce: all}\nowners: {default: "desk@example.com"}'
OFF = 'accounts: {enforce: all}\nowners: {default: "desk@example.com", account_contact: false}'
ONLY_IAM = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["iam:*", "cloudtrail:*", "ec2:*", "sts:*"], "Resource": "*"},
    ],
}


def _told(world: World) -> tuple[str, str]:
    world.user()
    world.take_in(world.key())
    owner = world.pass_until(State.NOTIFIED, KEY).owner
    assert owner is not None
    return owner.address, owner.source


@pytest.mark.parametrize("world", [NOBODY], indirect=True)
def test_it_is_told_and_counts_as_an_owner(world: World) -> None:
    world.sandbox.seed.security_contact(ACCOUNT, "payments-security@example.com")
    assert _told(world) == ("payments-security@example.com", "account")
    assert world.ticket().progress.told_owner
    assert "payments-security@example.com" in world.mails()[0]


@pytest.mark.parametrize("world", [NOBODY], indirect=True)
def test_a_role_that_may_not_ask_tells_the_default(world: World) -> None:
    world.sandbox.seed.security_contact(ACCOUNT, "payments-security@example.com")
    world.sandbox.seed.role_policy(ACCOUNT, ONLY_IAM)
    assert _told(world) == ("desk@example.com", "default")
    assert not world.ticket().progress.told_owner


@pytest.mark.parametrize("world", [OFF], indirect=True)
def test_it_is_not_asked_where_the_settings_say_so(world: World) -> None:
    world.sandbox.seed.security_contact(ACCOUNT, "payments-security@example.com")
    assert _told(world) == ("desk@example.com", "default")
