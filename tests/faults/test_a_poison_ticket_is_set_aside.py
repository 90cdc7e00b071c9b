"""A ticket that fails in a way nobody has thought of is set aside after some tries, says so, and holds up no other."""

from dataclasses import dataclass
from typing import Any

import pytest

from iamflow.domain.facts import UserReading
from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.domain.subject import UserSubject
from iamflow.engine import steer
from iamflow.engine.deps import Engine
from tests.faults.record import Witness, check
from tests.world import DAY, HOUR, KEY, World

OTHERS = [KeyId(f"AKIAYF5JKDJQSOUND{number:03}") for number in range(3)]


@dataclass
class Poisoned:
    """AWS, but for one key whose reading ends in an error that nobody expects."""

    cloud: Any
    key_id: KeyId

    def read(self, subject: UserSubject) -> UserReading:
        if subject.key_id == self.key_id:
            message = "an answer that no parser has ever seen, with AKIASECRETSECRETSECR in it"
            raise ValueError(message)
        reading: UserReading = self.cloud.read(subject)
        return reading

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cloud, name)


def _poisoned(world: World) -> Engine:
    return world.another_engine(cloud=Poisoned(world.engine.cloud, KEY))


def _seed(world: World) -> None:
    world.user()
    findings = [world.key()]
    for number, key in enumerate(OTHERS):
        world.user(f"sound-{number}")
        findings.append(world.key(key, f"sound-{number}"))
    world.take_in(*findings)


@pytest.mark.parametrize("world", ["timing: {poll: 8h, retry: {tries: 3}}"], indirect=True)
def test_it_is_set_aside_after_its_tries_while_the_others_go_their_way(world: World, witness: Witness) -> None:
    _seed(world)
    sound, world.engine = world.engine, _poisoned(world)
    world.tick()
    assert [world.ticket(key).state for key in OTHERS] == [State.NOTIFIED] * 3
    assert world.ticket().state is State.OPEN
    assert world.ticket().attempts == 1
    world.pass_days(HOUR / DAY)
    ticket = world.ticket()
    assert ticket.state is State.BLOCKED
    assert ticket.blocked_code == "poison"
    assert "ValueError" in (ticket.blocked_reason or "")
    assert "SECRET" not in (ticket.blocked_reason or "")
    world.pass_days(11)
    assert [world.ticket(key).state for key in OTHERS] == [State.DELETED] * 3
    assert world.ticket().state is State.BLOCKED
    world.engine = sound
    steer.retry(world.desk(), KEY)
    world.pass_until(State.DELETED)
    check(world, witness)


@pytest.mark.parametrize("world", ["timing: {poll: 8h, retry: {tries: 3}}"], indirect=True)
def test_a_deactivated_key_whose_ticket_is_poisoned_can_still_be_given_back(world: World, witness: Witness) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    sound, world.engine = world.engine, _poisoned(world)
    world.pass_days(1)
    assert world.ticket().state is State.BLOCKED
    world.engine = sound
    steer.rollback(world.desk(), KEY)
    world.pass_until(State.ROLLED_BACK, days=1)
    assert world.status() == "Active"
    check(world, witness)
