"""A plan holds every permission and every change, in an order in which nothing breaks; what is lacking is said, not guessed."""

import json
from dataclasses import replace

import pytest

from iamflow.domain.blueprint import IN_IAM, UNDOING, Blueprint, Scenario, Standing, foreign, left, missing, role_name
from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Activity, Baseline
from iamflow.domain.ids import TicketId
from iamflow.domain.migration import Choice, Discovery, Grants, Place, Workloads
from iamflow.workflows.migrate_to_role import plan, snippets, terraform
from iamflow.workflows.migrate_to_role.planning import discovery_of
from tests.workflows.samples import NOW, ticket

ROLE = "arn:aws:iam::012345678901:role/runs"
REGION = "eu-west-1"
GRANTS = Grants(
    inline=(("user reads", "{}"), ("group g loads", "{}")), attached=("arn:aws:iam::aws:policy/ReadOnlyAccess",)
)
BASELINE = Baseline(taken_at=NOW, start=NOW, end=NOW, regions=(REGION,))


def place(scenario: Scenario, name: str = "etl", **more: object) -> Place:
    kind = {Scenario.LAMBDA: "lambda", Scenario.EC2: "ec2", Scenario.ECS: "ecs"}[scenario]
    path = {"lambda": f"function:{name}", "ec2": f"instance/i-{name}", "ecs": f"service/prod/{name}"}[kind]
    told = {
        "role": ROLE,
        "variables": ("AWS_ACCESS_KEY_ID",),
        "definition": f"arn:aws:ecs:{REGION}:0:task-definition/t:3",
        **more,
    }
    return Place(scenario=scenario, arn=f"arn:aws:{kind}:{REGION}:0:{path}", region=REGION, evidence="seen", **told)  # type: ignore[arg-type]  # the place's own


def built(*places: Place, grants: Grants = GRANTS, **choice: object) -> Blueprint | str:
    scenario = places[0].scenario if places else choice.pop("scenario")
    chosen = Choice(scenario=scenario, resources=tuple(one.arn for one in places), **choice)  # type: ignore[arg-type]  # as above
    found = Discovery(at=NOW, regions=(REGION,), places=places)
    return plan.build(ticket(), plan.Materials(choice=chosen, discovery=found, grants=grants, baseline=BASELINE))


def blueprint(*places: Place, **more: object) -> Blueprint:
    made = built(*places, **more)  # type: ignore[arg-type]  # as above
    assert isinstance(made, Blueprint), made
    return made


def kinds(made: Blueprint) -> list[str]:
    return [step.kind.value for step in made.steps]


ON_RESOURCES = [Scenario.EC2, Scenario.LAMBDA, Scenario.ECS]


@pytest.mark.parametrize("scenario", ON_RESOURCES)
def test_the_role_is_whole_before_anything_is_let_take_it(scenario: Scenario) -> None:
    made = blueprint(place(scenario, profile=None))
    in_iam = [step.kind in IN_IAM for step in made.steps]
    assert in_iam == sorted(in_iam, reverse=True)
    assert made.steps[0].kind is EffectKind.CREATE_ROLE


def test_one_version_is_kept_before_each_function_is_changed() -> None:
    made = blueprint(place(Scenario.LAMBDA, "a"), place(Scenario.LAMBDA, "b"))
    assert kinds(made)[-4:] == ["publish_version", "update_function"] * 2


def test_services_that_share_a_definition_share_its_new_revision() -> None:
    made = blueprint(place(Scenario.ECS, "a"), place(Scenario.ECS, "b"))
    assert kinds(made)[-3:] == ["register_task", "update_service", "update_service"]


def test_the_same_facts_give_the_same_plan() -> None:
    assert blueprint(place(Scenario.LAMBDA)) == blueprint(place(Scenario.LAMBDA))


def test_every_step_is_undone_by_one_of_its_own_and_none_is_told_twice() -> None:
    made = blueprint(place(Scenario.LAMBDA), place(Scenario.LAMBDA, "b"))
    assert len({step.id for step in made.steps}) == len(made.steps)
    assert {step.kind for step in made.steps} <= set(UNDOING)


@pytest.mark.parametrize(
    ("lacks", "wanted"),
    [
        (built(scenario=Scenario.LAMBDA), "--resource"),
        (built(place(Scenario.LAMBDA, variables=())), "by hand"),
        (built(place(Scenario.EC2, profile="arn:aws:iam::0:instance-profile/p")), "has the instance profile"),
        (built(place(Scenario.LAMBDA), grants=Grants()), "no policies"),
        (
            built(place(Scenario.LAMBDA), grants=replace(GRANTS, attached=tuple(str(n) for n in range(11)))),
            "11 managed",
        ),
        (built(place(Scenario.LAMBDA), grants=replace(GRANTS, inline=(("user long", "x" * 10_241),))), "10240"),
        (built(scenario=Scenario.CROSS_ACCOUNT), "--source"),
        (built(scenario=Scenario.CROSS_ACCOUNT, source="arn:aws:iam::1:user/x"), "--source"),
        (built(scenario=Scenario.CI_OIDC), "--issuer"),
        (built(scenario=Scenario.CI_OIDC, issuer="http://plain.example.com"), "--issuer"),
        (built(scenario=Scenario.CI_OIDC, issuer="https://ci.example.com"), "--audience"),
        (built(scenario=Scenario.CI_OIDC, issuer="https://ci.example.com", audience="aws", subject="*"), "--subject"),
        (
            built(scenario=Scenario.CI_OIDC, issuer="https://gitlab.com", audience="a", subject="project_path:g/*:ref"),
            "--subject",
        ),
    ],
)
def test_what_is_lacking_is_said(lacks: Blueprint | str, wanted: str) -> None:
    assert isinstance(lacks, str)
    assert wanted in lacks


def test_a_provider_that_lacks_the_audience_is_not_changed() -> None:
    provider = "arn:aws:iam::012345678901:oidc-provider/ci.example.com"
    said = {"scenario": Scenario.CI_OIDC, "issuer": "https://ci.example.com", "audience": "aws", "subject": "project:1"}
    there = built(grants=replace(GRANTS, providers=((provider, ("other",)),)), **said)
    assert isinstance(there, str)
    assert "by hand" in there
    fits = blueprint(grants=replace(GRANTS, providers=((provider, ("aws",)),)), **said)
    assert "create_provider" not in kinds(fits)


def test_a_subject_with_a_wildcard_is_compared_as_a_pattern_and_one_without_as_it_is() -> None:
    said = {"scenario": Scenario.CI_OIDC, "issuer": "https://ci.example.com", "audience": "aws"}
    for subject, operator in (("project:1", "StringEquals"), ("project:1:*", "StringLike")):
        made = blueprint(**said, subject=subject)
        document = next(step.document for step in made.steps if step.kind is EffectKind.CREATE_ROLE)
        (statement,) = json.loads(document)["trust"]["Statement"]
        assert statement["Condition"][operator]["ci.example.com:sub"] == subject
        assert statement["Condition"]["StringEquals"]["ci.example.com:aud"] == "aws"


def test_the_name_of_a_long_user_keeps_the_tickets_number() -> None:
    assert role_name("u" * 64, TicketId(123456)).endswith("-123456")
    assert len(role_name("u" * 64, TicketId(123456))) == 64


def test_what_is_left_is_undone_from_the_last_and_what_is_anothers_or_shared_is_not() -> None:
    made = blueprint(place(Scenario.LAMBDA))
    first, second, third, *others = made.steps
    standings = {first.id: Standing.OURS, second.id: Standing.SHARED, third.id: Standing.FOREIGN}
    standings |= {step.id: Standing.OURS for step in others}
    assert left(made, standings) == (*reversed(others), first)
    assert foreign(made, standings) == (third,)
    assert missing(made, standings) == (third,)
    assert missing(made, {}) == made.steps


@pytest.mark.parametrize(
    ("places", "agent", "proposed"),
    [
        ((place(Scenario.LAMBDA),), None, Scenario.LAMBDA),
        ((place(Scenario.LAMBDA), place(Scenario.LAMBDA, "b")), None, Scenario.LAMBDA),
        ((place(Scenario.LAMBDA), place(Scenario.ECS)), None, None),
        ((place(Scenario.LAMBDA),), "configure-aws-credentials-for-github-actions", None),
        ((), "configure-aws-credentials-for-github-actions", None),
        ((), None, None),
    ],
)
def test_only_one_way_of_use_is_proposed(
    places: tuple[Place, ...], agent: str | None, proposed: Scenario | None
) -> None:
    activity = Activity(
        source="s3.amazonaws.com", name="ListBuckets", region=REGION, source_ip="192.0.2.1", user_agent=agent,
        error_code=None, count=1, first_at=NOW, last_at=NOW,
    )  # fmt: skip
    found = discovery_of(Workloads(regions=(REGION,), places=places), replace(BASELINE, activities=(activity,)), NOW)
    assert found.proposed is proposed
    assert found.why


def test_terraform_holds_each_document_and_none_of_it_becomes_an_expression() -> None:
    tricky = replace(GRANTS, inline=(("user own", '{"Resource":"arn:aws:s3:::home/${aws:username}/%{x}"}'),))
    made = blueprint(place(Scenario.LAMBDA), grants=tricky)
    told = terraform.text(made)
    assert "$${aws:username}" in told
    assert "%%{x}" in told
    assert told.count("resource ") == 3
    assert any("${aws:username}" in warning for warning in made.warnings)


def test_a_narrowed_role_is_denied_everything_else_but_data_events() -> None:
    seen = [("monitoring", "PutMetricData"), ("s3", "ListBuckets"), ("ec2", "DescribeVpcs")]
    calls = tuple(
        Activity(
            source=f"{source}.amazonaws.com", name=name, region=REGION, source_ip=None, user_agent=None,
            error_code=None, count=1, first_at=NOW, last_at=NOW,
        )
        for source, name in seen
    )  # fmt: skip
    found = Discovery(at=NOW, regions=(REGION,), places=(place(Scenario.LAMBDA),))
    choice = Choice(scenario=Scenario.LAMBDA, resources=(found.places[0].arn,), narrow=True)
    told = plan.Materials(choice=choice, discovery=found, grants=GRANTS, baseline=replace(BASELINE, activities=calls))
    made = plan.build(ticket(), told)
    assert isinstance(made, Blueprint)
    document = next(step.document for step in made.steps if step.target == plan.NARROWING)
    (statement,) = json.loads(json.loads(document)["policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["NotAction"] == ["cloudwatch:PutMetricData", "ec2:DescribeVpcs", "s3:*", "sts:GetCallerIdentity"]


@pytest.mark.parametrize("scenario", ON_RESOURCES)
def test_each_way_has_its_code_before_and_after(scenario: Scenario) -> None:
    assert "# before" in snippets.lines(blueprint(place(scenario, profile=None)))


def test_pipelines_and_other_accounts_get_their_own_words() -> None:
    across = "\n".join(snippets.lines(blueprint(scenario=Scenario.CROSS_ACCOUNT, source=ROLE)))
    assert "external_id = iamflow-" in across
    github = {"issuer": "https://token.actions.githubusercontent.com", "audience": "sts.amazonaws.com"}
    told = "\n".join(
        snippets.lines(blueprint(scenario=Scenario.CI_OIDC, subject="repo:a/b:ref:refs/heads/main", **github))
    )
    assert "id-token: write" in told
    gitlab = {"issuer": "https://gitlab.com", "audience": "https://gitlab.com"}
    subject = "project_path:g/p:ref_type:branch:ref:main"
    told = "\n".join(snippets.lines(blueprint(scenario=Scenario.CI_OIDC, subject=subject, **gitlab)))
    assert "AWS_WEB_IDENTITY_TOKEN_FILE" in told
