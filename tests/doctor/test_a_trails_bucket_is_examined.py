"""Where events come from a bucket, one line for each account tells whether the bucket can be read and delivers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from iamflow.sandbox.settings import SandboxSettings
from tests.doctor.conftest import Clinic, fails_alone
from tests.world import ACCOUNT, a_world

TRAIL = f"cloudtrail {ACCOUNT}"
SETTINGS = """
aws: {trail: {s3: {bucket: org-trail, region: us-east-1, organization: o-exampleorgid}}}
accounts: {enforce: all, include: ["562458925665"], contacts: {"562458925665": payments@example.com}}
"""


@pytest.fixture
def clinic(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    from iamflow.cli.main import main

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--config", str(tmp_path / "config.yaml"), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    with a_world(tmp_path, SETTINGS, SandboxSettings(trail_bucket="org-trail")) as world:
        made = Clinic(world, run, monkeypatch)
        made.tell_time(world.clock)
        world.app.aws.user_count(ACCOUNT)  # a call that the trail tells of
        world.clock.advance(timedelta(minutes=6))
        made.a_living_daemon()
        yield made


def test_a_bucket_that_delivers_is_one_good_line(clinic: Clinic) -> None:
    said = clinic.doctor()
    assert said.of(TRAIL)["sentence"] == "the bucket org-trail can be read; last delivered at 2026-11-24 00:16 UTC"
    assert said.worst == []
    assert not any(operation == "LookupEvents" for _, _, _, operation in clinic.world.sandbox.calls())


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
def test_a_bucket_that_cannot_be_read(clinic: Clinic, operation: str) -> None:
    clinic.world.sandbox.faults.access_denied(service="s3", operation=operation)
    sentence = fails_alone(clinic, TRAIL, "allow s3:ListBucket, s3:GetObject and kms:Decrypt on org-trail")
    assert "s3://org-trail/AWSLogs/o-exampleorgid/562458925665/CloudTrail/us-east-1/2026/11/2" in sentence


def test_a_bucket_in_which_nothing_is_delivered(clinic: Clinic) -> None:
    clinic.set("o-exampleorgid", "o-another12345")
    assert "nothing of the account's IAM" in fails_alone(clinic, TRAIL, "check prefix and organization")
