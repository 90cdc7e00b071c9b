"""Where tests of ``migrate-to-role`` begin: workloads that use a key, and what must be true after every way."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3

from iamflow.domain.blueprint import Scenario
from iamflow.domain.effect import OutcomeKind
from iamflow.domain.facts import KeyFacts, KeyStatus, LastUse
from iamflow.domain.ids import UserName
from iamflow.domain.migration import Choice, started
from iamflow.domain.people import RULES, Identity
from iamflow.domain.states import State
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.engine import migrate, steer
from iamflow.sandbox.seed import PastCall
from tests.engine.browning import iam
from tests.world import ACCOUNT, ALICE, BOB, HOUR, KEY, OTHER, START, World

REGION = "eu-west-1"
SECRET = "abcdEFGH0123456789abcdEFGH0123456789wxyz"
"""What stands in environments for the key's secret: it must never be seen anywhere in iamflow."""
ARN = f"arn:aws:iam::{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:etl"
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/prod/etl"
WITH_KEY = {"AWS_ACCESS_KEY_ID": str(KEY), "AWS_SECRET_ACCESS_KEY": SECRET, "STAGE": "prod"}
ROLE = "iamflow-etl-1"
ROLE_ARN = f"{ARN}:role/{ROLE}"
MAY_READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
MAY_LOG = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
GITHUB = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Company:
    """What the company runs, reached as its own people reach it: none of it is iamflow's doing."""

    world: World

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a boto3 client of an administrator of the account."""
        return self.world.sandbox.owner.client(ACCOUNT, service, region)

    def role(self, name: str, service: str) -> str:
        """Make a role that a service may take."""
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return str(iam(self.world).create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])

    def function(self, name: str = "etl", variables: Mapping[str, str] = WITH_KEY) -> str:
        """Make a Lambda function that has a role of its own, with a policy, and these variables."""
        role = self.role(f"{name}-runs", "lambda.amazonaws.com")
        iam(self.world).put_role_policy(RoleName=f"{name}-runs", PolicyName="logs", PolicyDocument=json.dumps(MAY_LOG))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("f.py", "def handler(event, context): pass")
        made = self.client("lambda").create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="f.handler", Timeout=9,
            Environment={"Variables": dict(variables)}, Code={"ZipFile": packed.getvalue()},
        )  # fmt: skip
        return str(made["FunctionArn"])

    def service(self, name: str = "etl") -> str:
        """Make an ECS service whose containers hold the key: the id in the environment, the secret from a store."""
        ecs = self.client("ecs")
        ecs.create_cluster(clusterName="prod")
        container = {
            "name": "app",
            "image": "app:1",
            "memory": 128,
            "environment": [{"name": "AWS_ACCESS_KEY_ID", "value": str(KEY)}, {"name": "STAGE", "value": "prod"}],
            "secrets": [
                {"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/etl"}
            ],
        }
        definition = ecs.register_task_definition(family=name, containerDefinitions=[container])["taskDefinition"]
        made = ecs.create_service(
            cluster="prod", serviceName=name, taskDefinition=definition["taskDefinitionArn"], desiredCount=1
        )
        return str(made["service"]["serviceArn"])

    def state(self) -> dict[str, Any]:
        """Return everything of the account that a migration could touch, field by field, but for times and revision ids."""
        client = iam(self.world)
        roles = client.list_roles()["Roles"]
        return {
            "roles": {
                role["RoleName"]: (role["AssumeRolePolicyDocument"], self._policies(role["RoleName"])) for role in roles
            },
            "profiles": sorted(
                one["InstanceProfileName"] for one in client.list_instance_profiles()["InstanceProfiles"]
            ),
            "providers": sorted(
                one["Arn"] for one in client.list_open_id_connect_providers()["OpenIDConnectProviderList"]
            ),
            "functions": self._functions(),
            "services": self._services(),
            "associations": self._associations(),
            "keys": [
                (one["AccessKeyId"], one["Status"])
                for one in client.list_access_keys(UserName="etl")["AccessKeyMetadata"]
            ],
        }

    def _policies(self, role: str) -> Any:
        client = iam(self.world)
        names = client.list_role_policies(RoleName=role)["PolicyNames"]
        attached = client.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        documents = {name: client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
        return documents, sorted(one["PolicyArn"] for one in attached)

    def _functions(self) -> Any:
        client = self.client("lambda")
        found = {}
        for one in client.list_functions()["Functions"]:
            versions = client.list_versions_by_function(FunctionName=one["FunctionName"])["Versions"]
            kept = ("Role", "Environment", "Timeout", "Runtime", "Handler", "MemorySize", "CodeSha256")
            found[one["FunctionName"]] = (
                {name: one.get(name) for name in kept},
                sorted(version["Version"] for version in versions),
            )
        return found

    def _services(self) -> Any:
        ecs = self.client("ecs")
        if not ecs.list_clusters()["clusterArns"]:
            return {}
        arns = ecs.list_services(cluster="prod")["serviceArns"]
        described = ecs.describe_services(cluster="prod", services=arns)["services"] if arns else []
        active = sorted(ecs.list_task_definitions()["taskDefinitionArns"])
        return {one["serviceName"]: one["taskDefinition"] for one in described}, active

    def _associations(self) -> Any:
        answer = self.client("ec2").describe_iam_instance_profile_associations()
        return sorted(
            (one["InstanceId"], one["IamInstanceProfile"]["Arn"])
            for one in answer["IamInstanceProfileAssociations"]
            if one["State"] in {"associated", "associating"}
        )


def a_user(world: World) -> Company:
    """A user with an old key that is in use, and with policies of each kind: inline, attached, of a group, a boundary."""
    world.user()
    world.key(idle=None)
    client = iam(world)
    client.put_user_policy(UserName="etl", PolicyName="reads", PolicyDocument=json.dumps(MAY_READ))
    attached = world.sandbox.seed.policy(ACCOUNT, "writes", MAY_READ)
    world.sandbox.seed.attached(ACCOUNT, "etl", attached)
    world.sandbox.seed.group(ACCOUNT, "etl", "loaders")
    client.put_group_policy(GroupName="loaders", PolicyName="loads", PolicyDocument=json.dumps(MAY_READ))
    return Company(world)


def a_ticket(world: World, requester: Identity = RULES) -> Ticket:
    """Open a ticket about the key, as an audit would."""
    facts = KeyFacts(
        status=KeyStatus.ACTIVE, created_at=START, last_use=LastUse(), as_of=START, source="iam-audit:test.csv"
    )
    new = NewTicket(
        workflow="migrate-to-role",
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="payments",
        username=UserName("etl"),
        access_key_id=KEY,
        requester=requester,
        facts=facts,
        opened_at=world.clock.now(),
        due_at=world.clock.now(),
        migration=started(),
    )
    (opened,) = world.app.store.open_new([new], "test")
    return opened


def planned(world: World) -> Ticket:
    """Let a ticket come to its plan, which waits for an approval."""
    a_ticket(world)
    return world.pass_until(State.AWAITING_APPROVAL)


def choose(world: World, choice: Choice) -> Ticket:
    """Let a person say how the application runs."""
    return migrate.choose(world.desk(BOB), KEY, choice)


def provisioned(world: World) -> Ticket:
    """Approve the plan, and let it be carried out."""
    steer.approve(world.desk(ALICE), KEY)
    return world.pass_until(State.AWAITING_CUTOVER)


def take_role(world: World, through: str = "lambda.amazonaws.com") -> None:
    """Let the application take the role, as its platform does for it."""
    world.clock.advance(timedelta(minutes=1))
    outcome = world.sandbox.use_role(ACCOUNT, ROLE, through=through)
    assert outcome.error != "AccessDenied" or "may not assume" not in str(outcome.message), outcome


def check_journal(world: World) -> None:
    """Check that each change that AWS knows of is one intent that is done, in that order, and that the journal is whole."""
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    done = [entry.intent.effect for entry in stored if entry.outcome and entry.outcome.kind is OutcomeKind.DONE]
    assert [change.operation for change in world.changes()] == [effect.kind.call.split(":")[1] for effect in done]
    assert list(world.app.store.verify()) == []


def check_no_secret(world: World) -> None:
    """Check that the secret of the environments is nowhere that iamflow writes to."""
    for file in world.folder.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file


@dataclass(frozen=True)
class Way:
    """One scenario: what the company runs, what a person has to say, and how the application then takes the role."""

    scenario: Scenario
    steps: tuple[str, ...]
    """The changing calls after those that make the role with its policies."""

    def begin(self, world: World) -> Company:
        """Make what runs with the key, and bring its ticket to a plan that waits for an approval."""
        company = a_user(world)
        match self.scenario:
            case Scenario.LAMBDA:
                company.function()
            case Scenario.ECS:
                company.service()
            case Scenario.EC2:
                instance = world.sandbox.seed.instance(ACCOUNT, region=REGION, private_ip="10.0.3.7", public_ip=ADDRESS)
                assert instance
                past = PastCall(access_key_id=KEY, at=START - HOUR, source_ip=ADDRESS)
                world.sandbox.seed.trail_event(past)
            case _:
                pass
        a_ticket(world)
        if self.scenario in {Scenario.CROSS_ACCOUNT, Scenario.CI_OIDC}:
            world.pass_until(State.PLANNED)
            choose(world, SAID[self.scenario])
        return company

    def take(self, world: World) -> None:
        """Let the application take the role, as it does where it runs."""
        world.clock.advance(timedelta(minutes=1))
        match self.scenario:
            case Scenario.CROSS_ACCOUNT:
                take_across(world)
            case Scenario.CI_OIDC:
                told = {"subject": "repo:acme/app:ref:refs/heads/main", "audience": "sts.amazonaws.com"}
                assert world.sandbox.use_pipeline(ROLE_ARN, **told, service="sts", operation="GetCallerIdentity").ok
            case scenario:
                through = {Scenario.EC2: "ec2", Scenario.ECS: "ecs-tasks", Scenario.LAMBDA: "lambda"}[scenario]
                outcome = world.sandbox.use_role(
                    ACCOUNT, ROLE, through=f"{through}.amazonaws.com", service="sts", operation="GetCallerIdentity"
                )
                assert outcome.ok, outcome


ADDRESS = "198.51.100.77"
SAID = {
    Scenario.CROSS_ACCOUNT: Choice(scenario=Scenario.CROSS_ACCOUNT, source=f"arn:aws:iam::{OTHER}:role/app"),
    Scenario.CI_OIDC: Choice(
        scenario=Scenario.CI_OIDC,
        issuer=GITHUB,
        audience="sts.amazonaws.com",
        subject="repo:acme/app:ref:refs/heads/main",
    ),
}
WAYS = (
    Way(Scenario.LAMBDA, ("PublishVersion", "UpdateFunctionConfiguration")),
    Way(Scenario.EC2, ("CreateInstanceProfile", "AddRoleToInstanceProfile", "AssociateIamInstanceProfile")),
    Way(Scenario.ECS, ("RegisterTaskDefinition", "UpdateService")),
    Way(Scenario.CROSS_ACCOUNT, ()),
    Way(Scenario.CI_OIDC, ()),
)


def take_across(world: World) -> None:
    """Let the application in the other account take the role, with the external id that its trust asks for."""
    trust = iam(world).get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    external_id = trust["Condition"]["StringEquals"]["sts:ExternalId"]
    other = world.sandbox.owner.client(OTHER, "iam")
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "sts:AssumeRole"}
    other.create_role(
        RoleName="app", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [root]})
    )
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE_ARN}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    other.put_role_policy(RoleName="app", PolicyName="crosses", PolicyDocument=document)
    staff = world.sandbox.owner.client(OTHER, "sts")
    app = staff.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/app", RoleSessionName="app")["Credentials"]
    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=world.sandbox.endpoint_url,
        aws_access_key_id=app["AccessKeyId"],
        aws_secret_access_key=app["SecretAccessKey"],
        aws_session_token=app["SessionToken"],
    )
    sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="app", ExternalId=external_id)
