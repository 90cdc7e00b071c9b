"""Settings that cannot be used are refused with the file, the key and the reason, in one line."""

from pathlib import Path

import pytest

from iamflow.config import load
from iamflow.domain.errors import ConfigError
from iamflow.domain.ids import AccountId
from iamflow.domain.states import Mode

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
    "workflows: {disable-key: {brownout: 5m}}": "workflows.disable-key.brownout must be 30m or more outside the sandbox",
    "workflows: {disable-key: {brownout: 8d}}": "at most 7d",
    "sandbox: true\nworkflows: {disable-key: {brownout: 0s}}": "longer than nothing",
    "rules: {auto_deactivate_after: 3d}": "as long as recent_use at least",
    "rules: {overrides: [{max_key_age: 60d}]}": "must name accounts, or tags",
    "rules: {overrides: [{accounts: ['prod-*']}]}": "must say what differs",
    "rules: {overrides: [{accounts: [562458925665], max_key_age: 60d}]}": "rules.overrides.0.accounts",
    "rules: {overrides: [{tags: {env: dev}, open: {key-too-old: rotate-key}}]}": "open can only say none",
    "rules: {overrides: [{accounts: ['*'], max_key_age: 60d}, {tags: {a: b}, max_key_age: 9d}]}": "overrides.1 never counts",
    "rules: {overrides: [{accounts: [a, b], max_key_age: 60d}, {accounts: [B], max_key_age: 9d}]}": "overrides.1 never counts",
    "rules: {overrides: [{tags: {a: b}, max_key_age: 9d}, {accounts: [b], tags: {a: b}, max_key_age: 9d}]}": "never counts",
    "rules: {overrides: [{accounts: [a], max_age: 60d}]}": "no setting rules.overrides.0.max_age",
    "workflows: {root-hygiene: {remind: 1h}}": "workflows.root-hygiene.remind must be 1d or more outside the sandbox",
    "workflows: {root-hygiene: {escalate_after: 1h}}": "escalate_after must be 1d or more outside the sandbox",
    "workflows: {migrate-to-role: {remind: 1m}}": "workflows.migrate-to-role.remind must be 1h or more outside the sandbox",
    "sandbox: true\nworkflows: {root-hygiene: {remind: 0s}}": "1s or more",
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
    "daemon: {interval: 0s}": "1s or more",
    "accounts: {enforce: ['123456789012'], include: ['210987654321']}": "accounts.include does not",
    "accounts: {enforce: [012345670123]}": "must be quoted",
    "accounts: {enforce: [5.62459E+11]}": "must be quoted",
    "accounts: {contacts: {012345670123: a@example.com}}": "'012345670123' must be text: put it in quotes",
    "workflows: {disable-key: {monitor: 60d}}": "at most 60d together",
    "workflows: {disable-key: {grace: 99999d}}": "ten years",
    "workflows: {disable-key: {grace: 99999999999999999999d}}": "no duration",
    "workflows: {disable-key: {grace: -7d}}": "no duration",
    "workflows: {delete-users: {grace: 7d}}": "did you mean delete-user",
    "timing: {hold_leaves: 1h}": "24h or more outside the sandbox",
    "timing: {propagation: 2h}": "at most 1h",
    "timing: {retry: {base: 0s}}": "timing.retry: base must be more than 0s",
    "timing: 5": "timing: is a section",
    "aws: {regions: []}": "a list of regions",
    "aws: {regions: [everywhere]}": "not the name of a region",
    "aws: {regions_excused: {ap-east-1: ''}}": "aws.regions_excused.ap-east-1",
    "aws: {trail_lookups_per_second: 3}": "AWS allows 2",
    "aws: {trail: lookup}": "aws.trail: is a section",
    "aws: {trail: {s3: {region: eu-west-1}}}": "aws.trail.s3.bucket",
    "aws: {trail: {s3: {bucket: org-trail}}}": "aws.trail.s3.region",
    "aws: {trail: {s3: {bucket: 's3://org-trail', region: eu-west-1}}}": "no s3://",
    "aws: {trail: {s3: {bucket: org-trail, region: eu-west-1, prefix: /logs}}}": "a trail's prefix",
    "aws: {trail: {s3: {bucket: org-trail, region: eu-west-1, prefix: logs/}}}": "a trail's prefix",
    "aws: {trail: {s3: {bucket: org-trail, region: eu-west-1, organization: acme}}}": "id of an organisation",
    "aws: {trail: {s3: {bucket: org-trail, region: eu-west-1, account: 1}}}": "must be quoted",
    "aws: {trail: {s3: {bucket: org-trail, region: eu-west-1, role: x}}}": "aws.trail.s3.role",
    "aws: {trail_lookups_per_second: .nan}": "trail_lookups_per_second",
    "owners: {allowed_domains: ['@example.com']}": "without an @",
    "notify: {channels: [file, file]}": "stands twice",
    "notify: {channels: [pigeon]}": "'smtp' or 'file'",
    "notify: {smtp: {username: a, starttls: true}}": "go together",
    "sandbox: perhaps": "valid boolean",
    '"mode\\nmode": 1': "there is no setting mode\\x0amode",
    '"\\u202emode": 1': "there is no setting \\u202emode",
    "evidence: 2026-02-31": "readable YAML",
    "!!python/object/apply:os.system [id]": "constructor",
    "[" * 3000: "readable YAML",
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


def test_a_section_with_nothing_in_it_keeps_its_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("timing:\n  # poll: 1h\nmode: enforce\n")
    assert load(file).policy().timing.poll.total_seconds() == 1800


def test_settings_of_later_workflows_are_read_already(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("workflows: {enforce-mfa: {grace: 3d}, delete-user: {approvals: 2}, rotate-key: {idle: 48h}}")
    assert load(file).workflows.delete_user.approvals == 2


def test_nothing_is_enforced_unless_the_settings_say_so() -> None:
    policy = load().policy()
    assert policy.mode is Mode.OBSERVE
    assert not policy.scope.enforced(AccountId("123456789012"))


def test_the_sandbox_may_wait_for_seconds_only(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("sandbox: true\nworkflows: {disable-key: {grace: 1s, monitor: 2s, delivery_lag: 1s}}")
    assert load(file).policy().disable_key.grace.total_seconds() == 1


def test_a_relative_database_lies_beside_the_settings_file_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("database: {url: 'sqlite:///some.db'}")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load(file).database_url == f"sqlite:///{tmp_path / 'some.db'}"
