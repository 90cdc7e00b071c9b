"""What the environment sets wins over the file, under names that a shell can hold; a name that sets nothing is refused."""

from pathlib import Path

import pytest

from iamflow.config import load
from iamflow.domain.errors import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_a_key_from_the_environment_leaves_the_files_other_keys_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("timing: {poll: 1h, recheck: 2h}")
    monkeypatch.setenv("IAMFLOW_TIMING__POLL", "5m")
    timing = load(file).policy().timing
    assert (timing.poll.total_seconds(), timing.recheck.total_seconds()) == (300, 7200)


def test_a_workflow_with_a_hyphen_is_set_with_an_underscore(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("workflows: {disable-key: {grace: 3d, monitor: 60h}}")
    monkeypatch.setenv("IAMFLOW_WORKFLOWS__DISABLE_KEY__GRACE", "5d")
    policy = load(file).policy().disable_key
    assert (policy.grace.days, policy.monitor.total_seconds()) == (5, 60 * 3600)


@pytest.mark.parametrize(
    ("text", "accounts"),
    [
        ("all", "all"),
        ("", []),
        ("012345678901", ["012345678901"]),
        ("012345678901, 123456789012", ["012345678901", "123456789012"]),
        ('["012345678901"]', ["012345678901"]),
    ],
)
def test_lists_are_written_with_commas_or_as_json(
    text: str, accounts: object, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("")
    monkeypatch.setenv("IAMFLOW_ACCOUNTS__ENFORCE", text)
    assert load(file).accounts.enforce == accounts


def test_null_takes_away_what_the_file_sets(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("aws: {role_name: other}")
    monkeypatch.setenv("IAMFLOW_AWS__ROLE_NAME", "null")
    assert load(file).aws.role_name is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("IAMFLOW_ACCOUNT__ENFORCE", "did you mean IAMFLOW_ACCOUNTS"),
        ("IAMFLOW_MODES", "did you mean IAMFLOW_MODE"),
        ("IAMFLOW_QUITE__ELSE", "there are: mode"),
        ("IAMFLOW_ACCOUNTS__ENFORC", "did you mean enforce"),
    ],
)
def test_a_variable_that_sets_nothing_is_refused_by_name(
    name: str, hint: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("")
    monkeypatch.setenv(name, "all")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert name in str(caught.value)
    assert hint in str(caught.value)


def test_a_wrong_value_is_blamed_on_the_variable_and_not_on_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("timing: {poll: 1h}")
    monkeypatch.setenv("IAMFLOW_TIMING__POLL", "soon")
    with pytest.raises(ConfigError, match=r"^IAMFLOW_TIMING__POLL: timing\.poll: 'soon' is no duration"):
        load(file)


def test_the_file_is_found_by_argument_then_variable_then_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "iamflow").mkdir()
    for name, poll in (("given", "1m"), ("named", "2m"), ("iamflow/config", "3m")):
        (tmp_path / f"{name}.yaml").write_text(f"timing: {{poll: {poll}}}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load().timing.poll.total_seconds() == 180
    monkeypatch.setenv("IAMFLOW_CONFIG", str(tmp_path / "named.yaml"))
    assert load().timing.poll.total_seconds() == 120
    assert load(tmp_path / "given.yaml").timing.poll.total_seconds() == 60
