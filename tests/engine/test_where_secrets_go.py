"""A new key's secret goes into the secret store, straight from AWS's answer, and nowhere else at all."""

import json
import logging
import os
import stat
from pathlib import Path

import pytest
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends

from iamflow.aws.clients import Answer, Api
from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.engine import steer
from tests.engine.rotating import (
    NEW_CALLS,
    awaiting_adoption,
    keys_of,
    last_mail,
    new_key,
    opened,
    parameter,
    proven,
    rotation,
    secret,
    take,
    works,
)
from tests.world import ACCOUNT, KEY, World

SSM = pytest.mark.parametrize("world", ["workflows: {rotate-key: {sink: ssm}}"], indirect=True)
FILE = pytest.mark.parametrize("world", ["workflows: {rotate-key: {sink: file}}"], indirect=True)
NAMED = pytest.mark.parametrize(
    "world",
    ['workflows: {rotate-key: {name: "prod/{account_id}/{username}/key", region: eu-west-1, kms_key: alias/keys}}'],
    indirect=True,
)


def test_a_new_secret_holds_the_key_as_aws_names_its_parts_and_a_probe_before_it(world: World) -> None:
    awaiting_adoption(world)
    held, probe = secret(world), secret(world, stage="AWSPREVIOUS")
    assert held is not None
    assert set(held) == {"AccountId", "UserName", "AccessKeyId", "SecretAccessKey"}
    assert works(world, held)
    assert probe is not None
    assert "SecretAccessKey" not in probe


def test_a_secret_that_is_read_already_changes_only_with_the_new_key(world: World) -> None:
    _put_before(world)
    proven(world)
    assert secret(world) == {"AccessKeyId": KEY}, "the probe is no version that anybody reads"
    assert "iamflow" in (secret(world, stage="IAMFLOW_PROBE") or {})
    world.pass_until(State.AWAITING_ADOPTION)
    assert secret(world, stage="AWSPREVIOUS") == {"AccessKeyId": KEY}
    assert works(world, secret(world))
    assert world.calls_made() == [call for call in NEW_CALLS if call != "CreateSecret"]


def _put_before(world: World) -> None:
    """Let the owners keep the old key in the secret already."""
    secretsmanager_backends[ACCOUNT]["us-east-1"].create_secret(
        name="iamflow/etl",
        secret_string=json.dumps({"AccessKeyId": KEY}),
        secret_binary=None,
        description=None,
        tags=None,
        kms_key_id=None,
        client_request_token="a" * 32,
        replica_regions=[],
        force_overwrite=False,
    )


@SSM
def test_in_parameter_store_the_probe_is_a_parameter_of_its_own(world: World) -> None:
    awaiting_adoption(world)
    assert works(world, parameter(world, "/iamflow/etl"))
    probe = parameter(world, "/iamflow/etl-probe")
    assert probe is not None
    assert "SecretAccessKey" not in probe
    assert world.calls_made() == ["PutParameter", "CreateAccessKey", "PutParameter"]
    assert "the parameter /iamflow/etl of Systems Manager" in last_mail(world)


@FILE
def test_a_file_is_its_owners_alone_and_written_whole(world: World) -> None:
    awaiting_adoption(world)
    file = world.folder / "secrets" / "562458925665-etl.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert works(world, json.loads(file.read_text()))
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name, f"{file.name}.probe"]
    assert world.calls_made() == ["CreateAccessKey"]


@NAMED
def test_names_region_and_kms_key_are_as_the_settings_say(world: World) -> None:
    awaiting_adoption(world)
    found = secretsmanager_backends[ACCOUNT]["eu-west-1"].secrets
    made = found.get(f"prod/{ACCOUNT}/etl/key")
    assert made is not None
    assert made.kms_key_id == "alias/keys"
    assert "in eu-west-1" in last_mail(world)


def _two_keys(world: World) -> KeyId:
    """Open tickets about two keys of a user who may have four; return the second. The caps count users, so there are some."""
    second = KeyId("AKIAYF5JKDJQSECOND22")
    for number in range(3):
        world.user(f"colleague-{number}")
    world.sandbox.seed.quota(ACCOUNT, "AccessKeysPerUserQuota", 4)
    opened(world)
    opened(world, key_id=second, made=True)
    return second


@pytest.mark.parametrize("world", ["timing: {poll: 24h, retry: {base: 30m, most: 8h}}"], indirect=True)
def test_two_keys_of_a_user_take_turns_at_one_place_for_their_secrets(world: World) -> None:
    second = _two_keys(world)
    world.pass_days(3)
    states = sorted(world.ticket(ref).state.value for ref in (KEY, second))
    assert states == ["awaiting_adoption", "notified"]
    (waiting,) = [ticket for ref in (KEY, second) if (ticket := world.ticket(ref)).state is State.NOTIFIED]
    assert "into the same place" in " ".join(waiting.progress.waiting_for)
    assert len(keys_of(world)) == 3
    take(world)
    world.pass_until(State.AWAITING_ADOPTION, second)
    assert world.ticket().state is State.DELETED
    assert works(world, secret(world))
    assert rotation(world, second).new_key != new_key(world)


@pytest.mark.parametrize("world", ['workflows: {rotate-key: {name: "{access_key_id}"}}'], indirect=True)
def test_two_keys_of_a_user_are_replaced_one_after_the_other_where_their_places_differ(world: World) -> None:
    second = _two_keys(world)
    world.pass_days(1)
    assert {world.ticket(ref).state for ref in (KEY, second)} == {State.AWAITING_ADOPTION}
    for ref in (KEY, second):
        held = secret(world, name=ref)
        assert held is not None
        assert held["AccessKeyId"] == rotation(world, ref).new_key
        assert works(world, held)
    assert len(keys_of(world)) == 4


def test_a_store_that_takes_no_write_stops_everything_before_a_key_is_made(world: World) -> None:
    world.sandbox.faults.access_denied(service="secretsmanager", operation="PutSecretValue")
    opened(world)
    ticket = world.pass_until(State.BLOCKED)
    assert "secretsmanager:PutSecretValue" in (ticket.blocked_reason or "")
    assert keys_of(world) == {KEY: "Active"}


@FILE
def test_a_folder_that_cannot_be_written_stops_everything_before_a_key_is_made(world: World) -> None:
    (world.folder / "secrets").write_text("not a folder")
    opened(world)
    ticket = world.pass_until(State.BLOCKED)
    assert "cannot be used" in (ticket.blocked_reason or "")
    assert keys_of(world) == {KEY: "Active"}


@SSM
def test_a_parameter_that_keeps_its_value_unencrypted_stops_everything_before_a_key_is_made(world: World) -> None:
    opened(world)
    backend = ssm_backends[ACCOUNT]["us-east-1"]
    backend.put_parameter("/iamflow/etl", "", "x", "String", "", "", False, [], "text", tier=None, policies=None)
    ticket = world.pass_until(State.BLOCKED)
    assert "no SecureString" in (ticket.blocked_reason or "")
    assert keys_of(world) == {KEY: "Active"}


@pytest.mark.parametrize(
    "world", ["", "workflows: {rotate-key: {sink: ssm}}"], indirect=True, ids=["secretsmanager", "ssm"]
)
def test_the_secret_is_in_no_file_log_mail_or_argument(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    started: list[str] = []
    monkeypatch.setattr("os.posix_spawn", lambda *given: started.append(str(given)))
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *given, **more: started.append(str((given, more))))
    opened(world)
    service, operation = ("ssm", "PutParameter") if _uses_ssm(world) else ("secretsmanager", "PutSecretValue")
    seen = _secrets_that_were_made(world, monkeypatch)
    world.pass_days(0.0001)
    world.sandbox.faults.access_denied(service=service, operation=operation, times=1)
    world.pass_until(State.AWAITING_ADOPTION)
    take(world)
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY)
    world.tick()
    assert len(seen) >= 1
    assert all(len(text) >= 40 for text in seen)
    for file in _everything_written(world.folder):
        content = file.read_bytes()
        assert not [text for text in seen if text.encode() in content], file
    told = caplog.text + "".join(started) + "".join(os.environ.values()) + Path("/proc/self/cmdline").read_text()
    assert not [text for text in seen if text in told]
    assert not [text for text in seen for event in world.app.store.export() if text in event.detail]
    assert new_key(world) in keys_of(world)


def _uses_ssm(world: World) -> bool:
    return world.app.settings.workflows.rotate_key.sink.value == "ssm"


def _secrets_that_were_made(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect every secret that AWS hands out from now on, by looking over iamflow's shoulder."""
    found: list[str] = []
    call = Api._attempt

    def attempt(api: Api, operation: str, parameters: dict[str, object]) -> Answer:
        answer = call(api, operation, parameters)
        if operation == "CreateAccessKey":
            found.append(answer["AccessKey"]["SecretAccessKey"])
        return answer

    monkeypatch.setattr(Api, "_attempt", attempt)
    return found


def _everything_written(folder: Path) -> list[Path]:
    kept = [file for file in folder.rglob("*") if file.is_file()]
    assert len(kept) > 3
    return kept
