"""The stage: a simulated organisation, a fresh database, and iamflow's own engine on a clock that jumps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iamflow.bootstrap import Application, application
from iamflow.demo import roles, story, users
from iamflow.domain.people import Identity
from iamflow.engine import intake, runner
from iamflow.engine.steer import Desk
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.organisation import read_audit, seed_from_audit
from iamflow.sandbox.server import Sandbox
from iamflow.sandbox.settings import SandboxSettings

AUDIT = Path(__file__).parent / "data" / "iam_audit_report_20261124_001111.csv"
ROOTS = Path(__file__).parent / "data" / "root_audit_report_20261124_001111.csv"
START = datetime(2026, 11, 24, 0, 11, 11, tzinfo=UTC)
"""The report's own date: the demonstration begins when the report was written."""

_CONFIG = """\
# Written by `iamflow demo`. The endpoint answers only while the demonstration runs; the database and the mails stay.
mode: enforce
sandbox: true
database: {{url: "sqlite:///iamflow.db"}}
journal: {{key: {{file: journal.key}}}}
aws: {{endpoint_url: "{endpoint}", trail_lookups_per_second: 100}}
accounts:
  enforce: all
  contacts:
    "562458925665": payments@example.com
    "328251269083": development@example.com
    "896592267449": data@example.com
    "346100584235": shared@example.com
timing: {{poll: 8h}}
# Shorter than the 14 days that users are really given, so that nine days show it all.
workflows: {{delete-user: {{grace: 3d}}}}
notify: {{channels: [file], sender: iamflow@example.com, team: cloud-security@example.com, file: {{folder: mails}}}}
limits: {{per_account_per_day: 100, percent_of_users: 100}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Everything that a scene can reach."""

    sandbox: Sandbox
    app: Application
    clock: VirtualClock
    folder: Path
    say: Callable[[str], None]

    def desk(self, person: Identity) -> Desk:
        """Return iamflow's desk with this person sitting at it."""
        return replace(self.app.desk(), person=person)


@contextmanager
def staged(folder: Path, say: Callable[[str], None]) -> Iterator[Stage]:
    """Set everything up in ``folder``: the organisation of the report, a migrated database, the settings."""
    clock = VirtualClock(START)
    settings = SandboxSettings(lookups_per_second=1000)
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(clock=clock, settings=settings))
        seed_from_audit(sandbox, read_audit(AUDIT))
        sandbox.seed.role_trust(story.UNREACHABLE, allowed=False)
        stack.enter_context(_environment(sandbox.environment()))
        config = folder / "config.yaml"
        config.write_text(_CONFIG.format(endpoint=sandbox.endpoint_url), encoding="utf-8")
        app = stack.enter_context(application(config, writer="demo", clock=clock))
        app.migrate()
        stage = Stage(sandbox=sandbox, app=app, clock=clock, folder=folder, say=say)
        users.furnish(stage)
        roles.furnish(stage)
        yield stage


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Lend the process the simulated host's credentials, and take them back."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def take_in(stage: Stage) -> intake.Intake:
    """Import the reports as ``iamflow import`` does; returns what came of the one about users and keys."""
    intake.import_report(stage.app.desk(), stage.app.open_report(ROOTS))
    return intake.import_report(stage.app.desk(), stage.app.open_report(AUDIT))


def play(stage: Stage, show: Callable[[datetime, str | None], None]) -> None:
    """Let nine days pass: whatever falls due first, a ticket or a scene, happens next.

    ``show`` is told after each step: the time, and the scene's title if there was one.
    """
    engine = stage.app.engine()
    runner.begin(engine)
    scenes = sorted(story.SCENES, key=lambda scene: scene.after)
    end = START + story.LENGTH
    stage.app.run_tick(engine)
    show(stage.clock.now(), None)
    while True:
        due = stage.app.store.next_due()
        scene_at = START + scenes[0].after if scenes else end
        upcoming = min(at for at in (due, scene_at, end) if at is not None)
        stage.clock.set(max(upcoming, stage.clock.now() + timedelta(seconds=1)))
        title = None
        if scenes and scene_at <= stage.clock.now():
            scene = scenes.pop(0)
            title = scene.title
            show(stage.clock.now(), title)
            scene.play(stage)
        stage.app.run_tick(engine)
        show(stage.clock.now(), None)
        if stage.clock.now() >= end:
            return
