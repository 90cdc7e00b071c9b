"""The settings of rotate-key: safe by default, and what could lose or mix up secrets is refused in one line."""

from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.config import load
from iamflow.domain.errors import ConfigError
from iamflow.domain.ids import AccountId, KeyId, UserName
from iamflow.domain.sink import Sink, SinkKind

ACCOUNT, USER, KEY = AccountId("012345678901"), UserName("etl"), KeyId("AKIAIOSFODNN7EXAMPLE")

WRONG = {
    "{sink: vault}": "'secretsmanager', 'ssm' or 'file'",
    "{name: iamflow/keys}": "two users would share one secret",
    '{name: "{user}/key"}': "and nothing else, in braces",
    '{name: "{username}{"}': "and nothing else, in braces",
    '{name: "{username!r}"}': "and nothing else, in braces",
    '{sink: file, name: "{username}.json"}': "accounts have users of the same name",
    "{sink: file, kms_key: alias/keys}": "a file takes no kms_key",
    "{sink: file, region: eu-west-1}": "a file takes no kms_key and no region",
    "{region: everywhere}": "not the name of a region",
    "{remind: 1m}": "workflows.rotate-key.remind must be 1h or more outside the sandbox",
    "{idle: 1m}": "workflows.rotate-key.idle must be 1h or more outside the sandbox",
    "{monitor: 1h}": "workflows.rotate-key.monitor must be 24h or more outside the sandbox",
    "{delivery_lag: 1m}": "workflows.rotate-key.delivery_lag must be 15m or more outside the sandbox",
    "{free_after: 1d}": "workflows.rotate-key.free_after must be 30d or more outside the sandbox",
    "{monitor: 60d}": "at most 60d together",
}


def _loaded(tmp_path: Path, text: str) -> Sink:
    file = tmp_path / "config.yaml"
    file.write_text(f"workflows: {{rotate-key: {text}}}")
    return load(file).policy().rotate_key.sink


@pytest.mark.parametrize(("text", "reason"), WRONG.items())
def test_a_wrong_setting_is_named_with_its_reason(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _loaded(tmp_path, text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{}", "iamflow/etl"),
        ("{sink: ssm}", "/iamflow/etl"),
        ('{name: "prod/{account_id}/{access_key_id}"}', f"prod/{ACCOUNT}/{KEY}"),
    ],
)
def test_a_secret_has_a_name_of_its_users_own(text: str, name: str, tmp_path: Path) -> None:
    assert _loaded(tmp_path, text).of(ACCOUNT, USER, KEY).name == name


def test_a_relative_file_lies_beside_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    sink = _loaded(tmp_path, "{sink: file}")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert sink.kind is SinkKind.FILE
    assert sink.of(ACCOUNT, USER, KEY).name == str(tmp_path / "secrets" / f"{ACCOUNT}-etl.json")


@pytest.mark.parametrize(
    ("username", "kind", "begins"),
    [
        ("ana@example.com", SinkKind.SECRETSMANAGER, "iamflow/ana@example.com"),
        ("ana@example.com", SinkKind.SSM, "/iamflow/ana-example.com-"),
        ("a,b", SinkKind.SECRETSMANAGER, "iamflow/a-b-"),
    ],
)
def test_what_a_secrets_name_cannot_hold_is_replaced_and_told_apart(username: str, kind: SinkKind, begins: str) -> None:
    pattern = {SinkKind.SECRETSMANAGER: "iamflow/{username}", SinkKind.SSM: "/iamflow/{username}"}[kind]
    assert Sink(kind=kind, name=pattern).of(ACCOUNT, UserName(username), KEY).name.startswith(begins)


def test_a_role_with_a_path_is_known_by_its_bare_name(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("aws: {role_name: 'security/iamflow-flow'}")
    assert load(file).policy().own_role == "iamflow-flow"
    file.write_text("aws: {role_name: null}")
    assert load(file).policy().own_role is None


def test_by_default_a_new_key_takes_no_grace_and_the_old_one_a_day_of_rest(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("mode: observe")
    waits = load(file).policy().rotate_key
    assert (waits.grace, waits.idle, waits.monitor) == (timedelta(0), timedelta(days=1), timedelta(days=2))
