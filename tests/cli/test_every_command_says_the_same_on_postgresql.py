"""A life by the command line, told by what each command prints: on PostgreSQL word for word what it is on SQLite."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from tests.cli.conftest import REPORT, Answer, Office, Shell
from tests.postgresql import Cluster
from tests.world import ACCOUNT, DAY, KEY, a_world

USED, THIRD, FOURTH = (KeyId(f"AKIAYF5JKDJQ{number:08d}") for number in (2, 3, 4))
Told = list[tuple[tuple[str, ...], Answer]]

READING = (
    ("ticket", "list"),
    ("ticket", "list", "--all", "--output", "json"),
    ("ticket", "list", "--user", "etl", "--output", "csv"),
    ("ticket", "list", "--account", ACCOUNT, "--state", "on_hold"),
    ("ticket", "list", "--limit", "1", "--after", "1"),
    ("ticket", "show", "1"),
    ("ticket", "show", USED, "--output", "json"),
    ("ticket", "history", "1"),
    ("ticket", "history", "2", "--output", "json"),
    ("ticket", "why", "1"),
    ("ticket", "why", "2", "--output", "json"),
    ("finding", "list"),
    ("finding", "list", "--output", "csv"),
    ("freeze", "status"),
    ("audit", "verify"),
    ("db", "current"),
    ("db", "check"),
)
BEFORE_THE_DEADLINE = (
    ("ticket", "hold", "1", "--comment", "wait for the owner"),
    ("ticket", "approve", "1"),
    ("ticket", "resume", "1"),
    ("ticket", "exempt", "3", "--until", "2027-03-31", "--reason", "the appliance goes in spring"),
    ("ticket", "comment", "2", "called them twice"),
    ("ticket", "reply", "4", "--keep", "--on-behalf-of", "anna@example.com"),
    ("ticket", "cancel", "4", "--comment", "double"),
    ("ticket", "open", "--workflow", "disable-key", "--account", ACCOUNT, "--user", "etl", "--key", KEY),
    ("ticket", "show", "99"),
    ("freeze", "on", "--reason", "incident 4711"),
    ("freeze", "status"),
    ("tick", "--output", "json"),
    ("freeze", "off"),
    ("tick",),
    ("ticket", "extend", "1", "--days", "1"),
)


def _live(office: Office) -> Told:
    """Live through what people do, and return everything that they were told."""
    told: Told = []

    def say(*commands: tuple[str, ...]) -> None:
        told.extend((command, office.shell(*command)) for command in commands)

    world = office.world
    for name in ("etl", "web", "batch", "cron"):
        world.user(name)
    keys = (world.key(), world.key(USED, "web", idle=2 * DAY), world.key(THIRD, "batch"), world.key(FOURTH, "cron"))
    world.take_in(*keys)
    say(*BEFORE_THE_DEADLINE, *READING)
    world.pass_until(State.MONITORING)
    say(("ticket", "rollback", "1", "--comment", "the payroll stopped"), ("ticket", "retry", "1"))
    world.pass_until(State.AWAITING_APPROVAL, USED)
    say(("ticket", "why", "2"), ("ticket", "approve", "2", "--comment", "nobody knows it"), ("ticket", "reject", "2"))
    say(("tick", "--output", "json"), *READING)
    report = str(REPORT)
    say(*READING, ("import", report, "--dry-run"), ("import", report), ("import", report, "--output", "json"))
    say(("ticket", "list", "--all", "--output", "csv"), ("finding", "list", "--output", "csv"), ("audit", "verify"))
    return told


@pytest.fixture
def lives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> Iterator[tuple[Told, Told]]:
    """What was told in the same life on SQLite, and on a PostgreSQL that was empty before."""
    lived = []
    with cluster.empty() as url:
        for name, extra in (("sqlite", ""), ("postgresql", f'database: {{url: "{url}"}}\n')):
            folder = tmp_path / name
            folder.mkdir()
            with a_world(folder, extra) as world:
                monkeypatch.setattr("iamflow.bootstrap.SystemClock", lambda _stop, at=world.clock: at)
                lived.append(_live(Office(world, Shell(folder / "config.yaml", capsys))))
                assert world.changes() != []
        yield lived[0], lived[1]


def _without_chance(text: str) -> str:
    """Return a text without what is different in every run: ids that AWS gives, what is hashed over them, names of processes."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "REQUEST", text)
    text = re.sub(r"\b(?=[0-9]*[a-f])[0-9a-f]{12,64}\b", "DIGEST", re.sub(r"\bAIDA\w+", "USER", text))
    text = re.sub(r"127\.0\.0\.1:\d+", "ENDPOINT", text)
    return re.sub(r"\b(test|cli)-[\w-]+-\d+-[0-9a-f]{6}", "PROCESS", text)


def test_what_is_said_is_the_same_and_the_exit_codes_too(lives: tuple[Told, Told]) -> None:
    ours, theirs = lives
    assert [command for command, _ in ours] == [command for command, _ in theirs]
    for (command, here), (_, there) in zip(ours, theirs, strict=True):
        for one, other in ((here.out, there.out), (here.err, there.err)):
            assert _without_chance(one) == _without_chance(other), command
        assert here.code == there.code, command
    codes = {command: answer.code for command, answer in theirs}
    refused = {command for command, code in codes.items() if code != 0}
    assert refused == {
        ("ticket", "approve", "1"),
        ("ticket", "open", "--workflow", "disable-key", "--account", ACCOUNT, "--user", "etl", "--key", KEY),
        ("ticket", "show", "99"),
        ("ticket", "retry", "1"),
    }
    assert "intact" in theirs[-1][1].out
