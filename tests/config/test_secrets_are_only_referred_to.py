"""A secret is never in the settings: they say where it is, and whoever may read it there may not be everybody."""

import os
from pathlib import Path

import pytest

from iamflow.config import load
from iamflow.config.secrets import SecretRef, read_private_file, write_private_file
from iamflow.domain.errors import ConfigError

MADE_UP = "hunter2-hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"journal: {{key: {MADE_UP}}}",
        f"journal: {MADE_UP}",
        f"notify: {{smtp: {{password: {MADE_UP}}}}}",
        f"notify: {{smtp: {{password: [{MADE_UP}]}}}}",
        f"database: {{url: 'postgresql://iamflow:{MADE_UP}@db.example.com/iamflow'}}",
    ],
)
def test_a_literal_secret_is_refused_and_not_repeated(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert MADE_UP not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_database_url_with_a_password_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql://iamflow:{MADE_UP}@db.example.com/iamflow"
    file = tmp_path / "config.yaml"
    file.write_text("")
    monkeypatch.setenv("IAMFLOW_DATABASE__URL", url)
    assert load(file).database_url == url


def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private_file(file, "s")
    assert read_private_file(file) == "s"
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_private_file(file)


def test_a_new_secret_file_is_its_owners_alone_and_overwrites_nothing(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "secret"
    write_private_file(file, "first")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_private_file(file, "second")
    assert read_private_file(file) == "first"


def test_a_secret_file_behind_a_link_is_refused(tmp_path: Path) -> None:
    write_private_file(tmp_path / "secret", "s")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="cannot be read"):
        SecretRef(file=Path("link")).read(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigError, match="not a regular file"):
        SecretRef(file=Path("pipe")).read(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70_000, "larger than 64 KiB")]
)
def test_a_file_that_can_be_no_secret_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=reason):
        read_private_file(file)


def test_a_secret_comes_from_the_environment_or_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "one")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "key").write_text("two\n")
    assert SecretRef(env="SOME_SECRET").read(tmp_path) == "one"
    assert SecretRef(credential="key").read(tmp_path) == "two"
    with pytest.raises(ConfigError, match="no name of a credential"):
        SecretRef(credential="../key").read(tmp_path)


def test_secrets_manager_is_asked_only_when_the_secret_is_needed(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(name: str) -> str:
        asked.append(name)
        return "three"

    reference = SecretRef(secretsmanager="iamflow/smtp")
    assert asked == []
    assert reference.read(tmp_path, fetch) == "three"
    assert asked == ["iamflow/smtp"]
    with pytest.raises(ConfigError, match="Secrets Manager"):
        reference.read(tmp_path)


def test_a_secret_is_in_one_place(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("journal: {key: {file: a, env: B}}")
    with pytest.raises(ConfigError, match="exactly one of file, env, credential, secretsmanager"):
        load(file)
