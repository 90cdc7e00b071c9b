"""An engine that is killed right before or right after its calls, as often as it makes one for the first time."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from iamflow.aws.clients import Answer, Api
from iamflow.domain.effect import Effect, EffectKind, OutcomeKind
from iamflow.engine import runner
from iamflow.sandbox.world import Mutation
from tests.world import World


class Killed(BaseException):
    """The end of the process, which nothing catches."""


@dataclass
class Death:
    """Kills once at each changing call: before it is sent, or once AWS has done it."""

    before: bool
    calls: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def lurking(self) -> Iterator[None]:
        """Lie in wait for as long as the block lasts."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Api, "_attempt", self._killing(Api._attempt))
            yield

    def _killing(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        def attempt(api: Api, operation: str, parameters: dict[str, object]) -> Answer:
            named = (operation, str(sorted((key, str(value)) for key, value in parameters.items())))
            if not api.attempt.changes or named in self.calls:
                return call(api, operation, parameters)
            self.calls.append(named)
            if not self.before:
                call(api, operation, parameters)
            raise Killed

        return attempt


def live_on(world: World, until: Callable[[], bool], days: float = 40) -> int:
    """Let time pass, each time with a new engine where the last one was killed; return how many died."""
    deaths = 0
    alive = False
    while not alive:
        try:
            world.pass_days(days, until=until)
            alive = True
        except Killed:
            deaths += 1
            world.app.store.take_over(f"successor-{deaths}")
            world.engine = world.another_engine(instance=f"successor-{deaths}")
            runner.begin(world.engine)
    return deaths


def done_to(made: Mutation) -> tuple[str, str]:
    """Return what a change was and what it was about."""
    return made.operation, str(sorted((key, str(value)) for key, value in made.parameters.items()))


def _bodies(effect: Effect) -> tuple[str, ...]:
    """Return what an effect puts by content, where AWS gives it a name of its own."""
    bodies = json.loads(effect.document) if effect.kind is EffectKind.RESTORE_SSH_KEYS and effect.document else {}
    return tuple(bodies.values())


def check_journal(world: World) -> None:
    """Check that no intent is open, that nothing was done twice or without an intent, and that the journal is whole."""
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    made = [done_to(change) for change in world.changes()]
    assert len(set(made)) == len(made), "something was done twice"
    tried = {
        (entry.intent.effect.kind.call.removeprefix("iam:"), target)
        for entry in stored
        if entry.outcome is not None and entry.outcome.kind is not OutcomeKind.NOT_ATTEMPTED
        for target in (*(entry.intent.effect.targets or (entry.intent.effect.username,)), *_bodies(entry.intent.effect))
    }
    for operation, parameters in made:
        assert any(operation == call and f"'{target}'" in parameters for call, target in tried), (operation, parameters)
    assert list(world.app.store.verify()) == []
