"""Whatever the workflow, an engine may be killed around each of its changes, at every named point: the end is the same.

The matrix is made from the registry and from the engine's own source: a workflow without a story, or a point that no life
reaches, fails here.
"""

import pytest

from iamflow.workflows.registry import WORKFLOWS
from tests.faults.killing import live
from tests.faults.points import points
from tests.faults.stories import STORIES
from tests.faults.user_driver import done_to
from tests.world import World

PATIENT = "timing: {poll: 24h, retry: {base: 2m}}"


@pytest.fixture(autouse=True)
def _few_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAMFLOW_AWS__REGIONS", "us-east-1,eu-west-1")


def _one_life(world: World, workflow: str, first: int) -> list[str]:
    """Let a ticket live to its end, with an engine killed around each change, at the points in turn; return these."""
    story = STORIES[workflow]
    ref, acts = story.begins(world), dict(story.acts)
    died: list[str] = []
    while (state := world.ticket(ref).state) is not story.ends:
        act = acts.pop(state, None)
        if act is not None:
            act(world, ref)
        point = points()[(first + len(died)) % len(points())]
        killed = live(world, ref, point, until={story.ends, *acts})
        assert killed or world.ticket(ref).state is not state, f"it stays in {state}"
        died += [point] if killed else []
    story.check(world, ref)
    return died


def test_every_workflow_that_changes_anything_has_its_story() -> None:
    assert set(STORIES) == {workflow.name for workflow in WORKFLOWS if workflow.effects}


@pytest.mark.parametrize("world", [PATIENT], indirect=True)
@pytest.mark.parametrize(
    ("workflow", "life"), [(name, life) for name, story in STORIES.items() for life in range(story.lives)]
)
def test_killed_around_every_change_it_ends_as_it_would_have(world: World, workflow: str, life: int) -> None:
    story = STORIES[workflow]
    first = life * len(points()) // story.lives
    died = _one_life(world, workflow, first)
    due = {points()[(first + number) % len(points())] for number in range(-(-len(points()) // story.lives))}
    assert due <= set(died), "with as many lives as the story says, this one dies at its share of the points"
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    made = [done_to(change) for change in world.changes() if change.operation not in story.repeats]
    assert len(set(made)) == len(made), "something was done twice"
    assert list(world.app.store.verify()) == []
