"""With ``protect.managed: notice`` the owner is told once, nothing is changed, and the ticket ends when the code has changed it."""

import pytest

from iamflow.domain.states import Resolution, State
from tests.world import ACCOUNT, KEY, World

NOTICE = 'protect: {managed: notice, users: ["break-glass*"]}'


@pytest.mark.parametrize("world", [NOTICE], indirect=True)
def test_a_managed_user_is_told_of_once_and_not_touched(world: World) -> None:
    world.user(tags={"ManagedBy": "terraform"})
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.pass_days(40)
    assert (world.ticket().state, world.changes()) == (State.NOTIFIED, [])
    (mail,) = world.mails()
    assert "where it is managed" in mail
    world.sandbox.owner.delete_key(ACCOUNT, "etl", KEY)
    world.pass_days(2)
    assert world.ticket().resolution is Resolution.KEY_GONE
