"""Safety rule 16: after a whole journey, no secret that iamflow held is in any file that it wrote, or in its log."""

import logging
import os

import pytest

from iamflow.domain.states import State
from iamflow.engine import steer
from tests.world import KEY, World


def test_no_secret_is_left_behind(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    world.sandbox.faults.access_denied(times=2, service="iam")
    world.pass_days(0.4)
    steer.rollback(world.desk(), KEY)
    world.tick()
    secrets = [
        os.environ["AWS_SECRET_ACCESS_KEY"],
        world.sandbox.seed.secret(KEY),
        world.app.settings.journal.key.read(world.folder),
    ]
    assert all(len(secret) > 20 for secret in secrets)
    kept = [file for file in world.folder.rglob("*") if file.is_file() and file.name != "journal.key"]
    assert len(kept) > 3
    for file in kept:
        content = file.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], file
    assert not [secret for secret in secrets if secret in caplog.text]
    assert "SessionToken" not in caplog.text


def test_whole_key_ids_are_in_no_mail(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.DELETED)
    assert world.mails()
    assert not [mail for mail in world.mails() if KEY in mail]
