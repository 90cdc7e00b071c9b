"""Outside the sandbox every call goes to AWS, whatever the environment says; inside it, none does."""

from pathlib import Path

import pytest

from iamflow.aws.cloud import open_cloud
from iamflow.aws.endpoints import is_aws
from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import BlockedError, ConfigError
from iamflow.domain.ids import AccountId
from iamflow.sandbox.clock import VirtualClock
from tests.aws.conftest import ACCOUNT, SUBJECT
from tests.aws.scripted import Scripted

FOREIGN = "http://127.0.0.1:5000"
OWN = "https://vpce-0abc-xyz.sts.us-east-1.vpce.amazonaws.com"


def refused(clock: VirtualClock, settings: AwsSettings | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        open_cloud(settings or AwsSettings(), clock)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def configure(text: str, tmp_path: Path) -> None:
    (tmp_path / "aws-config").write_text(text)


def test_aws_itself_is_reached_without_any_endpoint(clock: VirtualClock) -> None:
    open_cloud(AwsSettings(), clock).close()


def test_an_endpoint_in_the_settings_is_refused(clock: VirtualClock) -> None:
    assert refused(clock, AwsSettings(endpoint_url=FOREIGN)).startswith("aws.endpoint_url: http://127.0.0.1 is not")


@pytest.mark.parametrize(
    "name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_S3"]
)
def test_an_endpoint_in_the_environment_is_refused(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, FOREIGN)
    assert refused(clock).startswith(f"environment variable {name}: ")


def test_an_endpoint_in_the_config_file_is_refused(clock: VirtualClock, tmp_path: Path) -> None:
    configure(f"[default]\nendpoint_url = {FOREIGN}\n", tmp_path)
    assert "AWS config file, profile default" in refused(clock)


def test_an_endpoint_in_a_services_section_is_refused(clock: VirtualClock, tmp_path: Path) -> None:
    configure(f"[default]\nservices = local\n[services local]\niam =\n  endpoint_url = {FOREIGN}\n", tmp_path)
    assert "profile default, services iam" in refused(clock)


def test_an_endpoint_of_an_accounts_profile_is_refused(clock: VirtualClock, tmp_path: Path) -> None:
    configure(f"[profile prod]\nendpoint_url = {FOREIGN}\n", tmp_path)
    assert "profile prod" in refused(clock, AwsSettings(profiles={ACCOUNT: "prod"}))


def test_an_endpoint_of_a_profile_that_credentials_come_from_is_refused(clock: VirtualClock, tmp_path: Path) -> None:
    configure(
        f"[profile prod]\nrole_arn = x\nsource_profile = base\n[profile base]\nsource_profile = prod\nendpoint_url = {FOREIGN}\n",
        tmp_path,
    )
    assert "profile base" in refused(clock, AwsSettings(profiles={ACCOUNT: "prod"}))


def test_an_endpoint_of_the_chosen_profile_is_refused(
    clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(f"[profile lab]\nendpoint_url = {FOREIGN}\n", tmp_path)
    open_cloud(AwsSettings(), clock).close()
    monkeypatch.setenv("AWS_PROFILE", "lab")
    assert "profile lab" in refused(clock)


def test_a_password_in_an_endpoint_is_not_shown(clock: VirtualClock) -> None:
    assert "hush" not in refused(clock, AwsSettings(endpoint_url="https://ana:hush@sts.example.com/hush?hush"))


def test_an_endpoint_of_awss_own_is_let_through(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", OWN)
    open_cloud(AwsSettings(), clock).close()


@pytest.mark.parametrize(
    "url",
    [
        "https://iam.amazonaws.com", "https://sts.eu-west-1.amazonaws.com", "https://sts.us-gov-west-1.amazonaws.com:443/",
        "https://iam.us-gov.amazonaws.com", "https://ec2.cn-north-1.amazonaws.com.cn", "https://iam.global.api.aws",
        "https://sts-fips.us-east-1.amazonaws.com", OWN,
    ],
)  # fmt: skip
def test_awss_own_endpoints_are_known(url: str) -> None:
    assert is_aws(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://iam.amazonaws.com", "https://iam.amazonaws.com:8443", "https://iam.amazonaws.com.example.com",
        "https://iam.amazonaws.com@example.com", "https://example.com/iam.amazonaws.com", "https://evil-amazonaws.com",
        "https://ec2-198-51-100-7.compute-1.amazonaws.com", "https://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
        "https://lb-1.us-east-1.elb.amazonaws.com", "https://abc.execute-api.us-east-1.amazonaws.com",
        "https://bucket.s3.us-east-1.amazonaws.com", "https://bucket.s3.amazonaws.com",
        "https://vpce-0abc-xyz.vpce-svc-0123.us-east-1.vpce.amazonaws.com", "https://[broken", "https://", "", "iam",
        "https://iam.amazonaws.com\n.example.com", "https://localhost", "https://127.0.0.1:443",
    ],
)  # fmt: skip
def test_whatever_a_customer_can_own_is_not_awss(url: str) -> None:
    assert not is_aws(url)


def test_a_sandbox_without_an_endpoint_is_refused(clock: VirtualClock) -> None:
    assert "aws.endpoint_url or AWS_ENDPOINT_URL" in refused(clock, AwsSettings(sandbox=True))


@pytest.mark.parametrize("url", ["https://iam.amazonaws.com", "https://sts.eu-west-1.amazonaws.com"])
def test_a_sandbox_at_aws_is_refused(clock: VirtualClock, url: str) -> None:
    assert "is AWS itself" in refused(clock, AwsSettings(sandbox=True, endpoint_url=url))


@pytest.mark.parametrize("url", ["127.0.0.1:5000", "ftp://127.0.0.1", "nonsense", "http://[broken"])
def test_a_sandbox_at_no_address_is_refused(clock: VirtualClock, url: str) -> None:
    assert "no address" in refused(clock, AwsSettings(sandbox=True, endpoint_url=url))


def test_in_the_sandbox_every_service_goes_to_its_endpoint(
    clock: VirtualClock, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("STS", "IAM"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", scripted.url)
    cloud = open_cloud(AwsSettings(sandbox=True), clock)
    assert cloud.read(SUBJECT).user_id == "AIDAEXAMPLE"
    assert scripted.calls["AssumeRole"] == 1
    cloud.close()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (AwsSettings(profiles={ACCOUNT: "nowhere"}), "no profile 'nowhere'"),
        (AwsSettings(profiles={AccountId("123"): "x"}), "'123' is not an AWS account id"),
        (AwsSettings(role_name="arn:aws:iam::123456789012:role/x"), "names one account"),
        (AwsSettings(regions=()), "the list is empty"),
        (AwsSettings(connect_timeout=0), "longer than 0 seconds"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    clock: VirtualClock, settings: AwsSettings, told: str
) -> None:
    assert told in refused(clock, settings)


def test_an_unknown_profile_of_the_environment_is_refused(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    assert "AWS_PROFILE" in refused(clock)


def test_a_config_file_that_cannot_be_read_is_refused(clock: VirtualClock, tmp_path: Path) -> None:
    configure("[default\n", tmp_path)
    assert "AWS config file cannot be read" in refused(clock)


def test_an_endpoint_that_appears_later_is_refused_before_the_first_call(
    clock: VirtualClock, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = open_cloud(AwsSettings(), clock)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", scripted.url)
    with pytest.raises(BlockedError, match=r"sts: http://127\.0\.0\.1 is not an endpoint of AWS"):
        cloud.read(SUBJECT)
    assert not scripted.calls
