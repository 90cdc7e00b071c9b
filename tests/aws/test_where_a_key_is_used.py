"""What uses a key is found by what holds it, or by an address; what could not be looked through is said, never left out."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from iamflow.aws import functions
from iamflow.aws.clients import Answer, Api
from iamflow.aws.cloud import AwsCloud
from iamflow.aws.functions import environment
from iamflow.aws.usage import holding
from iamflow.domain.blueprint import Scenario
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, SUBJECT

REGION = "eu-west-1"
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab"


@pytest.mark.parametrize(
    ("variables", "held"),
    [
        (
            {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "STAGE": "x"},
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ),
        ({"KEY": KEY, "PASS": SECRET}, ("KEY", "PASS")),
        ({"KEY": KEY, "MY_SECRET": SECRET, "TOKEN": SECRET[::-1]}, ("KEY", "MY_SECRET")),
        ({"KEY": KEY, "A": SECRET, "B": SECRET[::-1]}, ("KEY",)),
        ({"AWS_SECRET_ACCESS_KEY": SECRET}, ()),
        ({"KEY": f"{KEY}X"}, ()),
        ({}, ()),
    ],
)
def test_the_variables_that_hold_a_key_are_known_by_its_id(variables: dict[str, str], held: tuple[str, ...]) -> None:
    assert holding(variables, KEY) == held


def test_an_environment_that_cannot_be_decrypted_is_never_taken_for_empty() -> None:
    with pytest.raises(BlockedError):
        environment({"FunctionArn": "arn", "Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}})
    assert environment({}) == {}


def _function(sandbox: Sandbox, name: str, variables: dict[str, str], region: str = REGION) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam: Any = sandbox.owner.client(ACCOUNT, "iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=f"runs-{name}", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): pass")
    sandbox.owner.client(ACCOUNT, "lambda", region).create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="f.handler",
        Environment={"Variables": variables}, Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip


def test_functions_in_every_region_are_found_by_the_key_and_others_are_not(sandbox: Sandbox, cloud: AwsCloud) -> None:
    for number in range(60):
        _function(sandbox, f"other-{number:02d}", {"STAGE": "x"})
    _function(sandbox, "zz-uses-it", {"ID": KEY, "S": SECRET})
    _function(sandbox, "far", {"ID": KEY}, region="sa-east-1")
    found = cloud.usage(SUBJECT, (), ())
    assert {place.arn.rsplit(":", 1)[-1] for place in found.places} == {"zz-uses-it", "far"}
    assert {place.scenario for place in found.places} == {Scenario.LAMBDA}
    assert found.unread == ()
    assert SECRET not in repr(found)


def test_an_instance_is_found_by_each_kind_of_address_and_once(sandbox: Sandbox, cloud: AwsCloud) -> None:
    instance = sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.7", public_ip="198.51.100.7")
    sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.8")
    found = cloud.usage(SUBJECT, ("198.51.100.7", "10.0.3.7", "AWS Internal"), ())
    assert [place.arn.rsplit("/", 1)[-1] for place in found.places] == [instance]


def test_what_is_denied_is_noted_and_the_rest_is_found(sandbox: Sandbox, cloud: AwsCloud) -> None:
    _function(sandbox, "etl", {"ID": KEY})
    with sandbox.faults.access_denied(service="ecs", region=REGION):
        found = cloud.usage(SUBJECT, (), ())
    assert [what for what, _ in found.unread] == [f"ecs in {REGION}"]
    assert len(found.places) == 1


def test_what_fails_for_now_is_no_answer(sandbox: Sandbox, cloud: AwsCloud) -> None:
    with sandbox.faults.server_error(service="lambda", region=REGION), pytest.raises(TemporaryError):
        cloud.usage(SUBJECT, (), ())


def test_what_a_person_names_is_looked_at_though_it_does_not_seem_to_use_the_key(
    sandbox: Sandbox, cloud: AwsCloud
) -> None:
    _function(sandbox, "etl", {"AWS_SECRET_ACCESS_KEY": SECRET})
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:etl"
    (place,) = cloud.usage(SUBJECT, (), (arn, f"{arn}-that-is-not-there")).places
    assert (place.arn, place.variables) == (arn, ("AWS_SECRET_ACCESS_KEY",))


def test_one_environment_that_cannot_be_read_hides_no_other_function(
    sandbox: Sandbox, cloud: AwsCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    _function(sandbox, "a-sealed", {"ID": KEY})
    _function(sandbox, "b-open", {"ID": KEY})
    listed = functions.listed

    def sealed(api: Api) -> Iterator[Answer]:
        for one in listed(api):
            error = {"Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}}
            yield {**one, **error} if one["FunctionName"] == "a-sealed" else one

    monkeypatch.setattr(functions, "listed", sealed)
    found = cloud.usage(SUBJECT, (), ())
    assert [place.arn.rsplit(":", 1)[-1] for place in found.places] == ["b-open"]
    assert [what.rsplit(":", 1)[-1] for what, _ in found.unread] == ["a-sealed"]
