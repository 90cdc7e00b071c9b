"""The way of a user without MFA: told, waited for, denied, reminded, and free again as soon as a device is seen."""

import pytest

from iamflow.domain.states import Confirmation, Resolution, State
from tests.engine.requiring import (
    ATTACH,
    CREATE,
    DELETE,
    DETACH,
    MANAGED,
    NAME,
    PUT,
    check_way_out,
    enforced,
    enrol,
    notified,
    required_of,
)
from tests.world import ACCOUNT, DAY, World, a_world


def test_the_policy_comes_after_the_promised_date_and_goes_once_a_device_is_seen(world: World) -> None:
    ref = enforced(world)
    promised = world.ticket(ref).progress.promised_at
    assert promised is not None
    assert world.changes()[0].at >= promised
    assert enrol(world).ok

    ticket = world.pass_until(State.REMEDIATED, ref)

    assert ticket.resolution is Resolution.MFA_ENABLED
    assert world.calls_made() == [PUT, DELETE]
    world.pass_days(1)
    assert check_way_out(world, ref).confirmation is Confirmation.CONFIRMED
