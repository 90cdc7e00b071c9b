"""Settings that cannot be used are refused with the file, the key and the reason, in one line."""

from pathlib import Path

import pytest

from iamflow.config import load
from iamflow.config.secrets import SecretRef, read_private_file, write_private_file
from iamflow.domain.errors import ConfigError

WRONG = {
    "mode: enforc": "mode",
    "mod: enforce": "did you mean mode",
    "timing: {pol: 3h}": "did you mean poll",
    "accounts: {enforce: [123456789012]}": "must be quoted",
    "accounts: {enforce: ['12345678901']}": "12 digits",
    "accounts: {enforce: al}": "accounts.enforce",
    "accounts: {enforce: ['123456789012'], exclude: ['123456789012']}": "accounts.exclude leaves out",
    "workflows: {disable-key: {grace: 1s}}": "1d or more outside the sandbox",
    "workflows: {disable-key: {monitor: 1h}}": "24h or more outside the sandbox",
    "workflows: {disable-key: {delivery_lag: 1m}}": "15m or more outside the sandbox",
    "workflows: {disable-key: {grace: 7}}": "needs a unit",
    "workflows: {disable-key: {grace: soon}}": "no duration",
    "workflows: {disable-key: {brownout: 1h}}": "not available in this version",
    "rules: {auto_deactivate_after: 180d}": "not available in this version",
    "aws: {endpoint_url: 'http://127.0.0.1:1'}": "only for the sandbox",
    "a: &a 1\nb: *a": "aliases",
    "mode: observe\nmode: enforce": "stands twice",
    "1: 2": "must be text",
    "- a": "key: value",
    "mode: [": "line 1",
    "notify: {team: nobody}": "no mail address",
    "notify: {smtp: {username: a}}": "starttls",
    "journal: {key: hunter2-hunter2}": "journal.key",
    "notify: {smtp: {password: hunter2-hunter2}}": "password",
    "timing: {fresh_read: 10m}": "fresh_read",
    "daemon: {lease: 10s}": "1m or more",
}


@pytest.mark.parametrize(("text", "reason"), WRONG.items())
def test_a_wrong_setting_is_named_with_its_reason(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    sentence = str(caught.value)
    assert reason in sentence
    assert str(file) in sentence
    assert "\n" not in sentence
    assert "hunter2" not in sentence


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no settings file"):
        load(tmp_path / "none.yaml")


def test_the_sandbox_may_wait_for_seconds_only(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("sandbox: true\nworkflows: {disable-key: {grace: 1s, monitor: 2s, delivery_lag: 1s}}")
    assert load(file).policy().disable_key.grace.total_seconds() == 1


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("timing: {poll: 1h, recheck: 2h}")
    monkeypatch.setenv("IAMFLOW_TIMING__POLL", "5m")
    timing = load(file).policy().timing
    assert (timing.poll.total_seconds(), timing.recheck.total_seconds()) == (300, 7200)


def test_a_relative_database_lies_beside_the_settings_file_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("database: {url: 'sqlite:///some.db'}")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load(file).database_url == f"sqlite:///{tmp_path / 'some.db'}"


def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private_file(file, "s")
    assert read_private_file(file) == "s"
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_private_file(file)


def test_a_secret_file_behind_a_link_is_refused(tmp_path: Path) -> None:
    write_private_file(tmp_path / "secret", "s")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="cannot be read"):
        SecretRef(file=Path("link")).read(tmp_path)


def test_a_secret_comes_from_the_environment_or_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "one")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "key").write_text("two\n")
    assert SecretRef(env="SOME_SECRET").read(tmp_path) == "one"
    assert SecretRef(credential="key").read(tmp_path) == "two"
    with pytest.raises(ConfigError, match="no name of a credential"):
        SecretRef(credential="../key").read(tmp_path)
