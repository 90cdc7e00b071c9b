"""Secrets Manager and Parameter Store keep a new key's secret, and no record shows it."""

from typing import Any

import pytest

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events, Refused

NAME = "iamflow/prod/etl"
SECRET = "wJalrXUtnFEMI-very-secret"
TOKEN = "a" * 32


@pytest.fixture(name="manager")
def _manager(aws: Aws) -> Any:
    return aws.role("secretsmanager", name="iamflow-1-7")


@pytest.fixture(name="parameters")
def _parameters(aws: Aws) -> Any:
    return aws.role("ssm", name="iamflow-1-7")


def test_a_secret_is_created_and_read_and_dated_by_the_sandboxs_clock(manager: Any, clock: VirtualClock) -> None:
    made = manager.create_secret(Name=NAME, SecretString=SECRET)
    read = manager.get_secret_value(SecretId=made["ARN"])
    assert (read["SecretString"], read["VersionId"], read["CreatedDate"]) == (SECRET, made["VersionId"], clock.now())


def test_a_name_is_taken_once(manager: Any, refused: Refused) -> None:
    manager.create_secret(Name=NAME, SecretString=SECRET)
    assert refused(manager.create_secret, Name=NAME, SecretString="x") == "ResourceExistsException"


def test_a_new_value_is_current_and_the_old_one_previous(manager: Any) -> None:
    first = manager.create_secret(Name=NAME, SecretString="old")["VersionId"]
    second = manager.put_secret_value(SecretId=NAME, SecretString=SECRET)["VersionId"]
    assert manager.get_secret_value(SecretId=NAME)["SecretString"] == SECRET
    assert manager.get_secret_value(SecretId=NAME, VersionStage="AWSPREVIOUS")["SecretString"] == "old"
    staged = manager.describe_secret(SecretId=NAME)["VersionIdsToStages"]
    assert staged == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}


def test_a_token_makes_a_write_repeatable_and_another_value_under_it_refused(manager: Any, refused: Refused) -> None:
    manager.create_secret(Name=NAME, SecretString="old")
    named = {"SecretId": NAME, "ClientRequestToken": TOKEN}
    for _ in range(2):
        assert manager.put_secret_value(SecretString=SECRET, **named)["VersionId"] == TOKEN
    assert refused(manager.put_secret_value, SecretString="other", **named) == "ResourceExistsException"


def test_a_secret_that_is_not_there_is_not_found(manager: Any, refused: Refused) -> None:
    for call in (manager.describe_secret, manager.get_secret_value):
        assert refused(call, SecretId="none") == "ResourceNotFoundException"
    assert refused(manager.put_secret_value, SecretId="none", SecretString="x") == "ResourceNotFoundException"


def test_a_secret_marked_for_deletion_takes_and_gives_no_value(manager: Any, refused: Refused) -> None:
    manager.create_secret(Name=NAME, SecretString=SECRET)
    manager.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    assert refused(manager.get_secret_value, SecretId=NAME) == "InvalidRequestException"
    assert refused(manager.put_secret_value, SecretId=NAME, SecretString="x") == "InvalidRequestException"
    assert refused(manager.create_secret, Name=NAME, SecretString="x") == "InvalidRequestException"
    manager.restore_secret(SecretId=NAME)
    assert manager.get_secret_value(SecretId=NAME)["SecretString"] == SECRET


def test_a_secure_parameter_is_written_once_unless_overwriting_is_asked_for(parameters: Any, refused: Refused) -> None:
    named = {"Name": f"/{NAME}", "Type": "SecureString"}
    assert parameters.put_parameter(Value="old", **named)["Version"] == 1
    assert refused(parameters.put_parameter, Value=SECRET, **named) == "ParameterAlreadyExists"
    assert parameters.put_parameter(Value=SECRET, Overwrite=True, **named)["Version"] == 2
    read = parameters.get_parameter(Name=f"/{NAME}", WithDecryption=True)["Parameter"]
    assert (read["Value"], read["Type"], read["Version"]) == (SECRET, "SecureString", 2)
    assert parameters.get_parameter(Name=f"/{NAME}")["Parameter"]["Value"] != SECRET


def test_a_parameter_that_is_not_there_is_not_found(parameters: Any, refused: Refused) -> None:
    assert refused(parameters.get_parameter, Name="/none") == "ParameterNotFound"
    assert refused(parameters.delete_parameter, Name="/none") == "ParameterNotFound"


def test_no_secret_is_in_the_trail_or_in_the_proof(
    sandbox: Sandbox, manager: Any, parameters: Any, events: Events
) -> None:
    manager.create_secret(Name=NAME, SecretString=SECRET)
    manager.put_secret_value(SecretId=NAME, SecretString=SECRET + "2")
    parameters.put_parameter(Name=f"/{NAME}", Value=SECRET, Type="SecureString")
    found = {
        event["EventName"]: event
        for source in ("secretsmanager.amazonaws.com", "ssm.amazonaws.com")
        for event in events(EventSource=source)
    }
    assert sorted(found) == ["CreateSecret", "PutParameter", "PutSecretValue"]
    assert all(event["Username"] == "iamflow-1-7" for event in found.values())
    assert "wJalr" not in repr(found) + repr(sandbox.mutations())
    assert [done.service for done in sandbox.mutations()] == ["secretsmanager", "secretsmanager", "ssm"]


def test_a_store_that_denies_says_so_in_its_own_words(sandbox: Sandbox, manager: Any, refused: Refused) -> None:
    with sandbox.faults.access_denied(service="secretsmanager", operation="PutSecretValue"):
        manager.create_secret(Name=NAME, SecretString="old")
        assert refused(manager.put_secret_value, SecretId=NAME, SecretString=SECRET) == "AccessDeniedException"
