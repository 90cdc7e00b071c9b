"""Inline policies, the account's managed policies, and everything that decides whether a user can enrol a device."""

import json
from typing import Any

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.permissions import policy_document, session_policy
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import BlockedError, TemporaryError
from iamflow.domain.facts import ManagedPolicy
from iamflow.domain.ids import TicketId, UserName
from iamflow.domain.require_mfa import MANAGED_NAMES
from iamflow.domain.subject import Part, UserSubject
from iamflow.sandbox.server import Sandbox
from iamflow.workflows.enforce_mfa import WORKFLOW
from tests.aws.conftest import ACCOUNT, USER
from tests.aws.scripted import Scripted, refusal, result

PARTS = WORKFLOW.parts
SUBJECT = UserSubject(account_id=ACCOUNT, username=USER, parts=PARTS, managed=MANAGED_NAMES)
ARN = f"arn:aws:iam::{ACCOUNT}:policy/{MANAGED_NAMES[0]}"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def _named(name: str) -> dict[str, object]:
    """Return a policy that can be told from others."""
    return {**ALLOW, "Id": name}


def _text(document: dict[str, object]) -> str:
    return json.dumps(document)


def _ids(documents: tuple[str, ...]) -> list[str]:
    return sorted(json.loads(document)["Id"] for document in documents)


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    """A boto3 client of the account's own people."""
    return sandbox.owner._iam(ACCOUNT)


def test_every_inline_policy_is_read_however_many_pages_there_are(cloud: AwsCloud, iam: Any) -> None:
    for number in range(7):
        iam.put_user_policy(UserName=USER, PolicyName=f"work-{number}", PolicyDocument=_text(_named(f"w{number}")))
    found = cloud.read(SUBJECT).inline
    assert found is not None
    assert {name: json.loads(document)["Id"] for name, document in found.items()} == {
        f"work-{number}": f"w{number}" for number in range(7)
    }


def test_a_user_without_inline_policies_has_none_and_one_who_was_not_asked_about_is_not_known(cloud: AwsCloud) -> None:
    assert cloud.read(SUBJECT).inline == {}
    assert cloud.read(UserSubject(account_id=ACCOUNT, username=USER)).inline is None


def test_a_managed_policy_is_read_by_its_name_with_whether_it_is_attached(cloud: AwsCloud, iam: Any) -> None:
    assert cloud.read(SUBJECT).managed == dict.fromkeys(MANAGED_NAMES)
    iam.create_policy(PolicyName=MANAGED_NAMES[0], PolicyDocument=_text(ALLOW))
    there = cloud.read(SUBJECT).managed[MANAGED_NAMES[0]]
    assert there is not None
    assert (there.arn, json.loads(there.document), there.attached) == (ARN, ALLOW, False)
    iam.attach_user_policy(UserName=USER, PolicyArn=ARN)
    assert cloud.read(SUBJECT).managed[MANAGED_NAMES[0]] == ManagedPolicy(
        arn=ARN, document=there.document, attached=True
    )


def test_a_managed_policy_is_read_as_its_default_version_says(cloud: AwsCloud, iam: Any) -> None:
    iam.create_policy(PolicyName=MANAGED_NAMES[0], PolicyDocument=_text(ALLOW))
    iam.create_policy_version(PolicyArn=ARN, PolicyDocument=_text(_named("new")), SetAsDefault=True)
    iam.create_policy_version(PolicyArn=ARN, PolicyDocument=_text(_named("draft")), SetAsDefault=False)
    found = cloud.read(SUBJECT).managed[MANAGED_NAMES[0]]
    assert found is not None
    assert json.loads(found.document)["Id"] == "new"


def _with_everything(iam: Any) -> None:
    """Give the user one policy of every kind that there is."""
    iam.put_user_policy(UserName=USER, PolicyName="own", PolicyDocument=_text(_named("own")))
    for group in ("people", "admins"):
        iam.create_group(GroupName=group)
        iam.add_user_to_group(GroupName=group, UserName=USER)
        iam.put_group_policy(GroupName=group, PolicyName="in", PolicyDocument=_text(_named(f"in {group}")))
    for name in ("attached", "of people", "boundary"):
        iam.create_policy(PolicyName=name.replace(" ", "-"), PolicyDocument=_text(_named(name)))
    made = f"arn:aws:iam::{ACCOUNT}:policy"
    iam.attach_user_policy(UserName=USER, PolicyArn=f"{made}/attached")
    iam.attach_group_policy(GroupName="people", PolicyArn=f"{made}/of-people")
    iam.attach_group_policy(GroupName="admins", PolicyArn=f"{made}/attached")
    iam.put_user_permissions_boundary(UserName=USER, PermissionsBoundary=f"{made}/boundary")


def test_rights_are_all_policies_of_the_user_and_his_groups_each_once_and_the_boundary(
    cloud: AwsCloud, iam: Any
) -> None:
    _with_everything(iam)
    rights = cloud.rights(SUBJECT)
    assert rights.arn == f"arn:aws:iam::{ACCOUNT}:user/{USER}"
    assert _ids(rights.policies) == ["attached", "in admins", "in people", "of people", "own"]
    assert rights.boundary is not None
    assert json.loads(rights.boundary)["Id"] == "boundary"


def test_a_user_who_has_nothing_has_no_policies_and_no_boundary(cloud: AwsCloud) -> None:
    rights = cloud.rights(SUBJECT)
    assert (rights.policies, rights.boundary) == ((), None)


def test_the_rights_of_a_user_who_goes_meanwhile_are_read_again_later(cloud: AwsCloud) -> None:
    with pytest.raises(TemporaryError, match="changed while the policies were being read"):
        cloud.rights(UserSubject(account_id=ACCOUNT, username=UserName("nobody")))


@pytest.mark.parametrize("failing", ["ListGroupsForUser", "ListUserPolicies", "ListAttachedUserPolicies"])
def test_rights_that_cannot_be_read_are_an_error_and_never_none(
    scripted: Scripted, scripted_cloud: AwsCloud, failing: str
) -> None:
    scripted.on("ListUserPolicies", result("ListUserPolicies", "<PolicyNames/>"))
    scripted.on("ListGroupsForUser", result("ListGroupsForUser", "<Groups/>"))
    assert scripted_cloud.rights(SUBJECT).policies == ()
    scripted.on(failing, refusal("AccessDenied", status=403))
    with pytest.raises(BlockedError, match=f"iam:{failing}"):
        scripted_cloud.rights(SUBJECT)


@pytest.mark.parametrize("kinds", [WORKFLOW.effects[:2], WORKFLOW.effects[2:]], ids=["inline", "managed"])
def test_what_is_read_is_allowed_by_what_is_shown_and_nothing_of_it_is_superfluous(
    cloud: AwsCloud, sandbox: Sandbox, iam: Any, kinds: tuple[EffectKind, ...]
) -> None:
    _with_everything(iam)
    iam.create_policy(PolicyName=MANAGED_NAMES[0], PolicyDocument=_text(ALLOW))
    subject = SUBJECT if len(kinds) > 2 else UserSubject(account_id=ACCOUNT, username=USER, parts=PARTS)
    document: Any = policy_document(kinds)
    sandbox.seed.role_policy(ACCOUNT, document)
    cloud.read(subject)
    cloud.rights(subject)
    reads = {
        action
        for statement in document["Statement"]
        for action in statement["Action"]
        if action.startswith(("iam:Get", "iam:List")) and action != "iam:GetAccountSummary"
    } - {"iam:GetAccessKeyLastUsed"}
    assert len(reads) > 10
    for left_out in sorted(reads):
        less = [
            {**statement, "Action": [action for action in statement["Action"] if action != left_out]}
            for statement in document["Statement"]
        ]
        sandbox.seed.role_policy(ACCOUNT, {**document, "Statement": less})
        with pytest.raises(BlockedError, match=left_out):  # noqa: PT012 - which of the two it is depends on the permission
            cloud.read(subject)
            cloud.rights(subject)


def test_a_managed_policy_that_another_ticket_has_made_meanwhile_is_looked_at_again(cloud: AwsCloud, iam: Any) -> None:
    making = Effect(
        kind=EffectKind.CREATE_MFA_POLICY,
        account_id=ACCOUNT,
        username=USER,
        targets=MANAGED_NAMES[:1],
        document=_text(ALLOW),
    )
    iam.create_policy(PolicyName=MANAGED_NAMES[0], PolicyDocument=_text(ALLOW))
    with (
        cloud.step(SUBJECT, TicketId(1), making.kind) as step,
        pytest.raises(TemporaryError, match="made by another ticket at this moment"),
    ):
        step.apply(making)


@pytest.mark.parametrize("kind", [EffectKind.ATTACH_MFA_POLICY, EffectKind.DETACH_MFA_POLICY])
def test_a_session_that_attaches_can_attach_nothing_but_the_policy_that_requires_mfa(kind: EffectKind) -> None:
    document = json.loads(session_policy("aws", SUBJECT, kind))
    (attaching,) = [one for one in document["Statement"] if kind.call in one["Action"]]
    assert attaching["Action"] == [kind.call]
    assert attaching["Resource"] == [f"arn:aws:iam::{ACCOUNT}:user/{USER}", f"arn:aws:iam::{ACCOUNT}:user/*/{USER}"]
    wanted = [f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in MANAGED_NAMES]
    assert attaching["Condition"] == {"ArnEquals": {"iam:PolicyARN": wanted}}


@pytest.mark.parametrize("kind", WORKFLOW.effects)
def test_the_longest_user_name_fits_into_every_session_policy(kind: EffectKind) -> None:
    longest = UserSubject(account_id=ACCOUNT, username=UserName("u" * 64), parts=frozenset(Part), managed=MANAGED_NAMES)
    assert len(session_policy("aws-us-gov", longest, kind)) <= 2048
