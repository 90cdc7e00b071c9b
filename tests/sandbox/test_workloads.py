"""Functions, tasks and instances are found, changed and put back as in AWS."""

import io
import json
import zipfile
from typing import Any

import pytest

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, KEY, Aws, Events, Refused

REGION = "eu-west-1"
WITH_KEY = {"Variables": {"AWS_ACCESS_KEY_ID": KEY, "STAGE": "prod"}}


def made_role(aws: Aws, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(aws.role("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


@pytest.fixture(name="functions")
def _functions(aws: Aws) -> Any:
    return aws.role("lambda", region=REGION, name="iamflow-1-7")


@pytest.fixture(name="tasks")
def _tasks(aws: Aws) -> Any:
    client = aws.role("ecs", region=REGION, name="iamflow-1-7")
    client.create_cluster(clusterName="prod")
    return client


@pytest.fixture(name="machines")
def _machines(aws: Aws) -> Any:
    return aws.role("ec2", region=REGION, name="iamflow-1-7")


def function(functions: Any, role: str, name: str = "etl", environment: Any = WITH_KEY) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): pass")
    functions.create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="f.handler", Environment=environment,
        Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip


def task(tasks: Any, **more: Any) -> str:
    environment = [{"name": "AWS_ACCESS_KEY_ID", "value": KEY}]
    container = {"name": "app", "image": "app:1", "memory": 128, "environment": environment}
    made = tasks.register_task_definition(family="etl", containerDefinitions=[container], **more)
    return str(made["taskDefinition"]["taskDefinitionArn"])


def test_functions_and_versions_are_listed_in_pages_with_their_environment(aws: Aws, functions: Any) -> None:
    role = made_role(aws, "fn", "lambda.amazonaws.com")
    for number in range(5):
        function(functions, role, f"etl-{number}")
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    found = [[item["FunctionName"] for item in page["Functions"]] for page in pages]
    assert found == [["etl-0", "etl-1"], ["etl-2", "etl-3"], ["etl-4"]]
    assert functions.list_functions()["Functions"][0]["Environment"] == WITH_KEY


def test_a_published_version_keeps_what_was_changed_later(aws: Aws, functions: Any) -> None:
    function(functions, made_role(aws, "fn", "lambda.amazonaws.com"))
    version = functions.publish_version(FunctionName="etl", Description="before iamflow-7")["Version"]
    other = made_role(aws, "other", "lambda.amazonaws.com")
    functions.update_function_configuration(
        FunctionName="etl", Role=other, Environment={"Variables": {"STAGE": "prod"}}
    )
    now = functions.get_function_configuration(FunctionName="etl")
    assert (now["Role"], now["Environment"]["Variables"]) == (other, {"STAGE": "prod"})
    before = functions.get_function_configuration(FunctionName="etl", Qualifier=version)
    assert before["Environment"] == WITH_KEY
    listed = functions.list_versions_by_function(FunctionName="etl")["Versions"]
    assert sorted(item["Version"] for item in listed) == ["$LATEST", "1"]


def test_changing_the_role_alone_leaves_the_environment(aws: Aws, functions: Any) -> None:
    function(functions, made_role(aws, "fn", "lambda.amazonaws.com"))
    other = made_role(aws, "other", "lambda.amazonaws.com")
    functions.update_function_configuration(FunctionName="etl", Role=other)
    assert functions.get_function_configuration(FunctionName="etl")["Environment"] == WITH_KEY


def test_a_function_that_changed_since_it_was_read_is_not_changed(aws: Aws, functions: Any, refused: Refused) -> None:
    function(functions, made_role(aws, "fn", "lambda.amazonaws.com"))
    read = functions.get_function_configuration(FunctionName="etl")["RevisionId"]
    assert functions.list_functions()["Functions"][0]["RevisionId"] == read
    update = functions.update_function_configuration
    update(FunctionName="etl", Timeout=9, RevisionId=read)
    assert refused(update, FunctionName="etl", Timeout=5, RevisionId=read) == "PreconditionFailedException"
    assert functions.get_function_configuration(FunctionName="etl")["Timeout"] == 9


def test_a_role_that_lambda_may_not_assume_is_refused(aws: Aws, functions: Any, refused: Refused) -> None:
    function(functions, made_role(aws, "fn", "lambda.amazonaws.com"))
    update = functions.update_function_configuration
    machine = made_role(aws, "machine", "ec2.amazonaws.com")
    for role in (machine, f"arn:aws:iam::{ACCOUNT}:role/none"):
        assert refused(update, FunctionName="etl", Role=role) == "InvalidParameterValueException"
    assert refused(update, FunctionName="none", Timeout=5) == "ResourceNotFoundException"


def test_a_task_definition_is_registered_anew_and_the_service_moved_and_moved_back(aws: Aws, tasks: Any) -> None:
    first = task(tasks)
    tasks.create_service(cluster="prod", serviceName="etl", taskDefinition=first, desiredCount=1)
    second = task(tasks, taskRoleArn=made_role(aws, "task", "ecs-tasks.amazonaws.com"))
    assert (first[-5:], second[-5:]) == ("etl:1", "etl:2")
    for target in (second, first):
        tasks.update_service(cluster="prod", service="etl", taskDefinition=target)
        (service,) = tasks.describe_services(cluster="prod", services=["etl"])["services"]
        assert service["taskDefinition"] == target
    tasks.deregister_task_definition(taskDefinition=second)
    assert tasks.describe_task_definition(taskDefinition=second)["taskDefinition"]["status"] == "INACTIVE"
    assert tasks.list_task_definitions(familyPrefix="etl")["taskDefinitionArns"] == [first]


def test_task_definitions_are_listed_in_pages(tasks: Any) -> None:
    registered = [task(tasks) for _ in range(12)]
    pages = tasks.get_paginator("list_task_definitions").paginate(PaginationConfig={"PageSize": 5})
    found = [page["taskDefinitionArns"] for page in pages]
    assert [len(page) for page in found] == [5, 5, 2]
    assert sorted(arn for page in found for arn in page) == sorted(registered)


def test_what_ecs_does_not_have_is_refused_in_its_words(tasks: Any, refused: Refused) -> None:
    assert refused(tasks.describe_task_definition, taskDefinition="none") == "ClientException"
    named = {"service": "none", "taskDefinition": task(tasks)}
    assert refused(tasks.update_service, cluster="prod", **named) == "ServiceNotFoundException"
    assert refused(tasks.update_service, cluster="none", **named) == "ClusterNotFoundException"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("private-ip-address", "10.0.3.7"),
        ("ip-address", "198.51.100.7"),
        ("network-interface.addresses.private-ip-address", "10.0.3.7"),
        ("network-interface.addresses.association.public-ip", "198.51.100.7"),
    ],
)
def test_an_instance_is_found_by_its_address(sandbox: Sandbox, machines: Any, name: str, value: str) -> None:
    wanted = sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.7", public_ip="198.51.100.7")
    sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.8")
    found = machines.describe_instances(Filters=[{"Name": name, "Values": [value]}])["Reservations"]
    assert [item["InstanceId"] for reservation in found for item in reservation["Instances"]] == [wanted]
    nowhere = machines.describe_instances(Filters=[{"Name": name, "Values": ["203.0.113.99"]}])
    assert nowhere["Reservations"] == []


def test_a_profile_is_associated_replaced_and_taken_away(
    sandbox: Sandbox, aws: Aws, machines: Any, refused: Refused
) -> None:
    instance = sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.7")
    iam = aws.role("iam")
    arns = [iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"] for name in ("old", "new")]

    def shown() -> str | None:
        (found,) = machines.describe_instances(InstanceIds=[instance])["Reservations"]
        profile = found["Instances"][0].get("IamInstanceProfile")
        return profile and str(profile["Arn"])

    old = {"Name": "old"}
    made = machines.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile=old)
    first = made["IamInstanceProfileAssociation"]["AssociationId"]
    assert shown() == arns[0]
    assert refused(machines.associate_iam_instance_profile, InstanceId=instance, IamInstanceProfile=old) == (
        "IncorrectState"
    )
    replace = machines.replace_iam_instance_profile_association
    second = replace(AssociationId=first, IamInstanceProfile={"Arn": arns[1]})["IamInstanceProfileAssociation"]
    assert (shown(), second["AssociationId"] != first) == (arns[1], True)
    assert refused(replace, AssociationId=first, IamInstanceProfile=old) == "InvalidAssociationID.NotFound"
    filters = [{"Name": "instance-id", "Values": [instance]}]
    (listed,) = machines.describe_iam_instance_profile_associations(Filters=filters)["IamInstanceProfileAssociations"]
    assert (listed["AssociationId"], listed["State"]) == (second["AssociationId"], "associated")
    machines.disassociate_iam_instance_profile(AssociationId=second["AssociationId"])
    assert shown() is None


def test_a_profile_or_instance_that_does_not_exist_is_refused(
    sandbox: Sandbox, machines: Any, refused: Refused
) -> None:
    instance = sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.7")
    call = machines.associate_iam_instance_profile
    none = {"Name": "none"}
    assert refused(call, InstanceId=instance, IamInstanceProfile=none) == "InvalidParameterValue"
    assert refused(machines.describe_instances, InstanceIds=["i-0123456789abcdef0"]) == "InvalidInstanceID.NotFound"


def test_the_changes_are_in_the_proof_and_in_their_regions_trail_without_environments(
    sandbox: Sandbox, aws: Aws, functions: Any, tasks: Any, machines: Any, events: Events
) -> None:
    function(functions, made_role(aws, "fn", "lambda.amazonaws.com"))
    functions.update_function_configuration(FunctionName="etl", Environment=WITH_KEY)
    task(tasks)
    machines.describe_instances()
    found = {event["EventName"]: event for event in events(REGION, Username="iamflow-1-7")}
    sources = {name: event["EventSource"] for name, event in found.items()}
    assert sources == {
        "CreateFunction20150331": "lambda.amazonaws.com",
        "UpdateFunctionConfiguration20150331v2": "lambda.amazonaws.com",
        "CreateCluster": "ecs.amazonaws.com",
        "RegisterTaskDefinition": "ecs.amazonaws.com",
        "DescribeInstances": "ec2.amazonaws.com",
    }
    assert KEY not in repr(found) + repr(sandbox.mutations())
    made = [done.operation for done in sandbox.mutations() if done.service != "iam"]
    assert made == ["CreateCluster", "CreateFunction", "UpdateFunctionConfiguration", "RegisterTaskDefinition"]
