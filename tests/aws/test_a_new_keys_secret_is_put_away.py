"""What issues a key may write to one place for its secret and read nothing there; no error on the way quotes the secret."""

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from moto.secretsmanager.models import secretsmanager_backends

from iamflow.aws.clients import Answer, Api
from iamflow.aws.cloud import AwsCloud
from iamflow.aws.effects import CALLS
from iamflow.aws.permissions import SESSION_POLICY_MOST, one_line, policy_document, session_policy
from iamflow.aws.roles import Role
from iamflow.aws.sinks.manager import ManagerStore
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.errors import BlockedError, UncertainError
from iamflow.domain.ids import KeyId, TicketId, UserName
from iamflow.domain.sink import DEFAULT_NAMES, Sink, SinkKind, delivery_version, probe_version
from iamflow.domain.subject import Part, UserSubject
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, KEY, SUBJECT, USER

TICKET = TicketId(7)
STORES = (EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY)
PATTERN = {kind: Sink(kind=kind, name=DEFAULT_NAMES[kind]) for kind in SinkKind}
PROBE = probe_version(TICKET, 1)
ON_AWS = [SinkKind.SECRETSMANAGER, SinkKind.SSM]


def placed(kind: SinkKind, folder: Path | None = None) -> UserSubject:
    sink = PATTERN[kind].of(ACCOUNT, USER, KEY)
    sink = replace(sink, name=str(folder / sink.name)) if folder is not None and kind is SinkKind.FILE else sink
    return replace(SUBJECT, sink=sink, parts=frozenset({Part.KEY_USES}))


def effect(kind: EffectKind, subject: UserSubject) -> Effect:
    assert subject.sink is not None
    target = PROBE if kind is EffectKind.PROVE_SINK else subject.sink.name
    return Effect(
        kind=kind,
        account_id=ACCOUNT,
        username=USER,
        key_id=KEY,
        targets=(target,),
        document=subject.sink.text,
    )


def do(cloud: AwsCloud, kind: EffectKind, subject: UserSubject) -> None:
    with cloud.step(subject, TICKET, kind) as step:
        step.read()
        step.apply(effect(kind, subject))


def new_key(cloud: AwsCloud, subject: UserSubject) -> KeyId:
    (made,) = [key.key_id for key in cloud.read(subject).keys if key.key_id != KEY]
    return made


@pytest.mark.parametrize("kind", SinkKind)
def test_a_probe_and_a_delivery_show_and_neither_reading_holds_a_secret(
    sandbox: Sandbox, cloud: AwsCloud, tmp_path: Path, kind: SinkKind
) -> None:
    subject = placed(kind, tmp_path)
    before = cloud.read(subject).sink
    assert before is not None
    assert before.versions == frozenset()
    do(cloud, EffectKind.PROVE_SINK, subject)
    do(cloud, EffectKind.ISSUE_KEY, subject)
    reading = cloud.read(subject)
    assert reading.sink is not None
    assert subject.sink is not None
    assert {PROBE, delivery_version(subject.sink, new_key(cloud, subject))} <= reading.sink.versions
    assert sandbox.seed.secret(new_key(cloud, subject)) not in repr(reading)


@pytest.mark.parametrize("kind", ON_AWS)
def test_the_issuers_permissions_are_enough_and_let_nobody_read_a_secret(
    sandbox: Sandbox, cloud: AwsCloud, kind: SinkKind
) -> None:
    document = policy_document(STORES, Role.ISSUER, sink=PATTERN[kind])
    sandbox.seed.role_policy(ACCOUNT, document)
    subject = placed(kind)
    do(cloud, EffectKind.PROVE_SINK, subject)
    do(cloud, EffectKind.ISSUE_KEY, subject)
    assert not [action for action in actions(document) if "GetSecretValue" in action or "GetParameter" in action]


def actions(document: Mapping[str, object]) -> list[str]:
    return [action for statement in cast("list[Any]", document["Statement"]) for action in statement["Action"]]


NOT_IN_THIS_STEP = {
    "sts:GetCallerIdentity",
    "cloudtrail:LookupEvents",
    "ec2:DescribeRegions",
    "iam:GetAccountSummary",
    "account:GetAlternateContact",
}


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        (kind, action)
        for kind in ON_AWS
        for action in actions(policy_document(STORES, Role.ISSUER, sink=PATTERN[kind]))
        if action not in NOT_IN_THIS_STEP
    ],
)
def test_none_of_them_is_superfluous(sandbox: Sandbox, cloud: AwsCloud, kind: SinkKind, left_out: str) -> None:
    document: Any = policy_document(STORES, Role.ISSUER, sink=PATTERN[kind])
    for statement in document["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != left_out]
    sandbox.seed.role_policy(ACCOUNT, document)
    with pytest.raises((BlockedError, UncertainError)):  # noqa: PT012 - which of the calls it is depends on the permission
        do(cloud, EffectKind.PROVE_SINK, placed(kind))
        do(cloud, EffectKind.ISSUE_KEY, placed(kind))


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.OPERATOR, Role.REAPER])
def test_no_other_role_may_issue_a_key_or_write_a_secret(role: Role) -> None:
    effects = [kind for kind in EffectKind if kind in {*STORES, EffectKind.FREE_SLOT, EffectKind.WITHDRAW_KEY}]
    shown = actions(policy_document(effects, role, sink=PATTERN[SinkKind.SECRETSMANAGER]))
    assert "secretsmanager:DescribeSecret" in shown
    assert not {"iam:CreateAccessKey", "secretsmanager:PutSecretValue", "secretsmanager:CreateSecret"} & set(shown)


def test_a_key_of_ones_own_may_be_used_through_the_store_alone() -> None:
    sink = replace(PATTERN[SinkKind.SECRETSMANAGER], kms_key="alias/keys", region="eu-west-1")
    statements = cast("list[Any]", policy_document(STORES, Role.ISSUER, sink=sink)["Statement"])
    (encrypts,) = [statement for statement in statements if "kms:GenerateDataKey" in statement["Action"]]
    assert encrypts["Condition"] == {"StringLike": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com*"}}


@pytest.mark.parametrize("kind", ON_AWS)
def test_a_session_is_narrowed_to_the_one_place(kind: SinkKind) -> None:
    text = session_policy("aws", placed(kind), EffectKind.ISSUE_KEY)
    assert "*:secret" not in text
    assert "parameter/*" not in text
    name = {SinkKind.SECRETSMANAGER: "secret:iamflow/etl-??????", SinkKind.SSM: "parameter/iamflow/etl-probe"}[kind]
    assert f":{ACCOUNT}:{name}" in text


def test_the_longest_names_fit_into_a_session_policy() -> None:
    name = UserName("x" * 64)
    sink = Sink(kind=SinkKind.SSM, name="/" + "p" * 100 + "/{username}", kms_key="k").of(ACCOUNT, name, KEY)
    subject = UserSubject(account_id=ACCOUNT, username=name, key_id=KEY, sink=sink)
    assert len(session_policy("aws-us-gov", subject, EffectKind.ISSUE_KEY)) <= SESSION_POLICY_MOST


def test_a_full_user_is_told_from_a_throttled_call(sandbox: Sandbox, cloud: AwsCloud) -> None:
    subject = placed(SinkKind.SECRETSMANAGER)
    do(cloud, EffectKind.PROVE_SINK, subject)
    sandbox.owner.create_key(ACCOUNT, USER)
    with pytest.raises(BlockedError) as refused:
        do(cloud, EffectKind.ISSUE_KEY, subject)
    assert refused.value.code == "slots_full"


class Bursting:
    """What makes the delivery fail with an error that quotes all that it was given."""

    def __init__(self, error: Callable[[str], Exception]) -> None:
        self.error = error
        self.secret = ""

    def __call__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        call = Api._attempt

        def attempt(api: Api, operation: str, parameters: dict[str, object]) -> Answer:
            if operation == "PutSecretValue" and "SecretAccessKey" in str(parameters["SecretString"]):
                self.secret = json.loads(str(parameters["SecretString"]))["SecretAccessKey"]
                raise self.error(str(parameters))
            return call(api, operation, parameters)

        monkeypatch.setattr(Api, "_attempt", attempt)


@pytest.mark.parametrize("error", [ValueError, RuntimeError, KeyError])
def test_an_error_on_the_way_tells_that_there_is_a_key_and_never_its_secret(
    sandbox: Sandbox, cloud: AwsCloud, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    subject = placed(SinkKind.SECRETSMANAGER)
    do(cloud, EffectKind.PROVE_SINK, subject)
    bursting = Bursting(error)
    bursting(monkeypatch)
    with pytest.raises(UncertainError) as raised:
        do(cloud, EffectKind.ISSUE_KEY, subject)
    assert len(bursting.secret) >= 40
    told = "".join(traceback.format_exception(raised.value))
    assert "its secret may not have arrived" in told
    assert bursting.secret not in told
    assert raised.value.request_id is not None, "the key is known to be iamflow's own by the request that made it"
    assert new_key(cloud, subject) != KEY


def test_the_policy_of_a_secret_is_left_as_it_is(sandbox: Sandbox, cloud: AwsCloud) -> None:
    subject = placed(SinkKind.SECRETSMANAGER)
    do(cloud, EffectKind.PROVE_SINK, subject)
    made = secretsmanager_backends[ACCOUNT]["us-east-1"].secrets["iamflow/etl"]
    made.policy = one_line({"Version": "2012-10-17", "Statement": []})
    do(cloud, EffectKind.ISSUE_KEY, subject)
    assert made.policy == one_line({"Version": "2012-10-17", "Statement": []})


@pytest.mark.parametrize("kind", [EffectKind.FREE_SLOT, EffectKind.WITHDRAW_KEY])
def test_a_deletion_beside_the_tickets_key_never_meets_the_tickets_key(
    sandbox: Sandbox, cloud: AwsCloud, kind: EffectKind
) -> None:
    named = Effect(kind=kind, account_id=ACCOUNT, username=USER, key_id=KEY, targets=(KEY,))
    with cloud.step(SUBJECT, TICKET, kind) as step, pytest.raises(BlockedError, match="the ticket's own key"):
        step.apply(named)
    assert sandbox.key_status(ACCOUNT, KEY) == "Active"
    assert CALLS[kind].role is Role.REAPER


def test_two_users_never_share_a_place() -> None:
    names = ["a@b", "a-b", "a,b", "a=b", "a+b", "a.b", "a_b"]
    for kind in SinkKind:
        places = {PATTERN[kind].of(ACCOUNT, UserName(name), KEY).name for name in names}
        assert len(places) == len(names)


def test_a_place_that_another_ticket_makes_at_the_same_moment_takes_both_probes(
    cloud: AwsCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = placed(SinkKind.SECRETSMANAGER)
    monkeypatch.setattr(ManagerStore, "_described", lambda _: None)
    for version in (PROBE, probe_version(TicketId(8), 1)):
        with cloud.step(subject, TICKET, EffectKind.PROVE_SINK) as step:
            step.read()
            step.apply(replace(effect(EffectKind.PROVE_SINK, subject), targets=(version,)))
    monkeypatch.undo()
    reading = cloud.read(subject)
    assert reading.sink is not None
    assert probe_version(TicketId(8), 1) in reading.sink.versions
