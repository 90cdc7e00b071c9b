"""SSH keys, signing certificates and service-specific credentials, as IAM keeps them."""

import pytest

from iamflow.sandbox.belongings import certificate
from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, KEY, Aws, Refused

GIT = "codecommit.amazonaws.com"
BEDROCK = "bedrock.amazonaws.com"


def test_a_service_credential_shows_its_password_once(aws: Aws) -> None:
    iam = aws.role("iam")
    made = iam.create_service_specific_credential(UserName="etl", ServiceName=GIT)["ServiceSpecificCredential"]
    assert made["ServicePassword"]
    (listed,) = iam.list_service_specific_credentials(UserName="etl")["ServiceSpecificCredentials"]
    assert listed == {name: made[name] for name in made if name != "ServicePassword"}
    assert listed["ServiceUserName"] == f"etl-at-{ACCOUNT}"


def test_a_service_credential_is_switched_off_reset_and_deleted(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    made = iam.create_service_specific_credential(UserName="etl", ServiceName=GIT)["ServiceSpecificCredential"]
    named = {"UserName": "etl", "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    iam.update_service_specific_credential(**named, Status="Inactive")
    (listed,) = iam.list_service_specific_credentials(UserName="etl")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Inactive"
    again = iam.reset_service_specific_credential(**named)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    iam.delete_service_specific_credential(**named)
    assert refused(iam.delete_service_specific_credential, **named) == "NoSuchEntity"


def test_a_user_has_two_credentials_of_a_service_at_most(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    names = [
        iam.create_service_specific_credential(UserName="etl", ServiceName=GIT)["ServiceSpecificCredential"]
        for _ in range(2)
    ]
    assert len({made["ServiceUserName"] for made in names}) == 2
    assert refused(iam.create_service_specific_credential, UserName="etl", ServiceName=GIT) == "LimitExceeded"
    iam.create_service_specific_credential(UserName="etl", ServiceName="cassandra.amazonaws.com")


def test_an_api_key_has_an_alias_and_may_expire(aws: Aws) -> None:
    iam = aws.role("iam")
    made = iam.create_service_specific_credential(UserName="etl", ServiceName=BEDROCK, CredentialAgeDays=30)
    shown = made["ServiceSpecificCredential"]
    assert shown["ServiceCredentialSecret"]
    assert "ServicePassword" not in shown
    assert (shown["ExpirationDate"] - shown["CreateDate"]).days == 30


def test_credentials_of_a_service_are_found_over_all_users(sandbox: Sandbox, aws: Aws) -> None:
    sandbox.seed.user(ACCOUNT, "ana")
    iam = aws.role("iam")
    for user in ("ana", "etl"):
        iam.create_service_specific_credential(UserName=user, ServiceName=BEDROCK)
    listed = iam.list_service_specific_credentials(AllUsers=True, ServiceName=BEDROCK)["ServiceSpecificCredentials"]
    assert sorted(credential["UserName"] for credential in listed) == ["ana", "etl"]


def test_a_service_without_such_credentials_is_refused(aws: Aws, refused: Refused) -> None:
    call = aws.role("iam").create_service_specific_credential
    assert refused(call, UserName="etl", ServiceName="s3.amazonaws.com") == "NotSupportedService"


def test_an_ssh_key_is_read_switched_off_and_deleted(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    made = iam.upload_ssh_public_key(UserName="etl", SSHPublicKeyBody="ssh-rsa AAAA etl")["SSHPublicKey"]
    named = {"UserName": "etl", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"]["SSHPublicKeyBody"] == "ssh-rsa AAAA etl"
    iam.update_ssh_public_key(**named, Status="Inactive")
    assert iam.list_ssh_public_keys(UserName="etl")["SSHPublicKeys"][0]["Status"] == "Inactive"
    iam.delete_ssh_public_key(**named)
    assert refused(iam.delete_ssh_public_key, **named) == "NoSuchEntity"


def test_a_certificate_is_uploaded_listed_switched_off_and_deleted(aws: Aws, clock: VirtualClock) -> None:
    iam = aws.role("iam")
    body = certificate("etl", clock.now())
    made = iam.upload_signing_certificate(UserName="etl", CertificateBody=body)["Certificate"]
    named = {"UserName": "etl", "CertificateId": made["CertificateId"]}
    iam.update_signing_certificate(**named, Status="Inactive")
    (listed,) = iam.list_signing_certificates(UserName="etl")["Certificates"]
    assert (listed["Status"], listed["CertificateBody"].strip()) == ("Inactive", body.strip())
    iam.delete_signing_certificate(**named)
    assert iam.list_signing_certificates(UserName="etl")["Certificates"] == []


def test_a_user_has_two_certificates_and_five_ssh_keys_at_most(aws: Aws, clock: VirtualClock, refused: Refused) -> None:
    iam = aws.role("iam")
    body = certificate("etl", clock.now())
    for _ in range(2):
        iam.upload_signing_certificate(UserName="etl", CertificateBody=body)
    assert refused(iam.upload_signing_certificate, UserName="etl", CertificateBody=body) == "LimitExceeded"
    for number in range(5):
        iam.upload_ssh_public_key(UserName="etl", SSHPublicKeyBody=f"ssh-rsa AAAA {number}")
    assert refused(iam.upload_ssh_public_key, UserName="etl", SSHPublicKeyBody="ssh-rsa AAAA") == "LimitExceeded"


@pytest.mark.parametrize(
    ("operation", "identifier"),
    [
        ("update_ssh_public_key", "SSHPublicKeyId"),
        ("update_signing_certificate", "CertificateId"),
        ("update_service_specific_credential", "ServiceSpecificCredentialId"),
    ],
)
def test_a_status_that_is_none_is_refused(aws: Aws, refused: Refused, operation: str, identifier: str) -> None:
    call = getattr(aws.role("iam"), operation)
    named = {"UserName": "etl", identifier: "APKAEXAMPLEEXAMPLE12"}
    assert refused(call, **named, Status="Disabled") == "ValidationError"
    assert refused(call, **named, Status="Inactive") == "NoSuchEntity"


def test_a_user_need_not_name_himself(aws: Aws) -> None:
    iam = aws.key("iam", KEY)
    iam.upload_ssh_public_key(UserName="etl", SSHPublicKeyBody="ssh-rsa AAAA")
    assert len(iam.list_ssh_public_keys()["SSHPublicKeys"]) == 1
    assert iam.list_groups_for_user(UserName="etl")["Groups"] == []
