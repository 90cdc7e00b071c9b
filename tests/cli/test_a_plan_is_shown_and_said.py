"""``ticket plan`` shows what would be made and takes a person's word; ``ticket open --from`` follows a ticket that was rolled back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.domain.states import State
from iamflow.engine import steer
from tests.cli.conftest import Shell
from tests.engine.migrating import FUNCTION, ROLE_ARN, SECRET, a_ticket, a_user, planned
from tests.world import ACCOUNT, ALICE, DAY, KEY, START, World, a_world, finding


@pytest.fixture(name="shell")
def _shell(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr("iamflow.bootstrap.SystemClock", lambda _stop: world.clock)
    return Shell(world.folder / "config.yaml", capsys)


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


def test_the_plan_tells_every_step_its_undoing_and_what_to_change_in_code(world: World, shell: Shell) -> None:
    a_user(world).function()
    planned(world)
    told = shell.ok("ticket", "plan", str(KEY)).out
    for part in (FUNCTION, ROLE_ARN.rsplit("/", 1)[-1], "undone by deleting it", "undone from the published version"):
        assert part in told
    assert 'client = boto3.client("s3")' in told
    assert SECRET not in told
    shown = shell.ok("ticket", "show", str(KEY)).out
    assert "Where the key is used" in shown
    assert "its environment holds the key (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)" in shown
    record = shell.ok("ticket", "plan", str(KEY), "--output", "json").json
    assert [step["kind"] for step in record["blueprint"]["steps"]][-1] == "update_function"


def test_the_plan_is_told_as_terraform_with_the_same_documents(world: World, shell: Shell) -> None:
    a_user(world).function()
    ticket = planned(world)
    told = shell.ok("ticket", "plan", str(KEY), "--terraform").out
    assert told.count('resource "aws_iam_role_policy" ') == 3
    assert 'resource "aws_iam_role" "this" {' in told
    assert ticket.migration is not None
    assert ticket.migration.blueprint is not None
    trust = json.loads(ticket.migration.blueprint.steps[0].document)["trust"]
    assert json.dumps(json.dumps(trust)) in told


def test_a_person_says_how_the_application_runs_and_the_plan_follows(world: World, shell: Shell) -> None:
    a_user(world)
    a_ticket(world)
    world.pass_until(State.PLANNED)
    assert "unknown" in shell.ok("ticket", "show", str(KEY)).out
    said = ("--scenario", "ci-oidc", "--issuer", "github", "--subject", "repo:acme/app:environment:prod")
    shell.ok("ticket", "plan", str(KEY), *said)
    world.pass_until(State.AWAITING_APPROVAL)
    told = shell.ok("ticket", "plan", str(KEY)).out
    assert "role-to-assume" in told
    assert "repo:acme/app:environment:prod" in told


@pytest.mark.parametrize(
    "said",
    [
        ("--resource", "i-0"),
        ("--scenario", "lambda", "--resource", "not-found"),
        ("--scenario", "lambda", "--resource", "arn:aws:lambda:eu-west-1:111111111111:function:other"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(world: World, shell: Shell, said: tuple[str, ...]) -> None:
    a_user(world)
    a_ticket(world)
    world.pass_until(State.PLANNED)
    answer = shell("ticket", "plan", str(KEY), *said)
    assert answer.code in {2, 5}
    assert answer.err


@pytest.mark.parametrize("subject", ["*", "repo:*", "repo:acme/*", "repo:*/app:ref:refs/heads/main", "repo:acme/app"])
def test_a_trust_that_would_let_anybody_in_is_no_plan(world: World, shell: Shell, subject: str) -> None:
    a_user(world)
    a_ticket(world)
    world.pass_until(State.PLANNED)
    shell.ok("ticket", "plan", str(KEY), "--scenario", "ci-oidc", "--issuer", "github", "--subject", subject)
    world.pass_days(1)
    ticket = world.ticket()
    assert (ticket.state, ticket.plan_digest) == (State.PLANNED, None)
    assert "--subject" in ticket.progress.waiting_for[0]


def test_a_ticket_that_was_rolled_back_is_followed_by_one_that_waits_for_its_window(world: World, shell: Shell) -> None:
    a_user(world).function()
    world.take_in(finding(KEY, "etl", ACCOUNT, created=START - 300 * DAY, used=None))
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY, text="the loader stopped")
    first = world.pass_until(State.ROLLED_BACK)
    assert "iamflow ticket open --from ID" in shell.ok("ticket", "show", str(first.id)).out
    done = len(world.changes())
    window = world.clock.now() + 20 * DAY

    shell.ok("ticket", "open", "--from", str(first.id), "--not-before", window.isoformat())

    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert (ticket.workflow, ticket.parent_id) == ("migrate-to-role", first.id)
    assert ticket.migration is not None
    assert ticket.migration.discovery is not None
    assert "seen by the ticket before" in ticket.migration.discovery.why
    world.clock.set(window - 5 * DAY)
    steer.approve(world.desk(ALICE), KEY)
    world.tick()
    assert len(world.changes()) == done
    world.pass_until(State.AWAITING_CUTOVER)
    assert world.changes()[done].at >= window
    assert shell("ticket", "open", "--from", str(first.id)).code == 5


def test_only_what_was_rolled_back_is_followed(world: World, shell: Shell) -> None:
    a_user(world)
    a_ticket(world)
    assert shell("ticket", "open", "--from", "1").code == 5
    assert shell("ticket", "open", "--from", "1", "--workflow", "disable-key").code == 2
    assert shell("ticket", "open", "--workflow", "disable-key").code == 2
