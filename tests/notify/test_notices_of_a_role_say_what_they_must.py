"""Each notice of migrate-to-role, word for word; those about a plan tell every step, and what to change in the code."""

from dataclasses import replace
from pathlib import Path

import pytest

from iamflow.domain.blueprint import Scenario
from iamflow.domain.ids import TicketId
from iamflow.domain.migration import Choice, Discovery, Grants, Migration, Place
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.notify.mail import compose
from iamflow.workflows.migrate_to_role import letters, plan
from tests.notify.letters import CALL, NOW, OWNER, PROMISED, SENDER, TEAM, notice, read_mail, text_of
from tests.workflows.samples import ticket

GOLDEN = Path(__file__).parent / "golden" / "migrate-to-role"
FUNCTION = "arn:aws:lambda:eu-west-1:012345678901:function:billing"
PLACE = Place(
    scenario=Scenario.LAMBDA,
    arn=FUNCTION,
    region="eu-west-1",
    evidence="its environment holds the key (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
    role="arn:aws:iam::012345678901:role/billing-runs",
    variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
)
FOUND = Discovery(
    at=NOW,
    regions=("eu-west-1",),
    places=(PLACE,),
    unread=(("ecs in eu-west-1", "it is denied"),),
    proposed=Scenario.LAMBDA,
)
GRANTS = Grants(inline=(("user reads", '{"Statement":[]}'),), attached=("arn:aws:iam::aws:policy/ReadOnlyAccess",))


def planned() -> Migration:
    """A migration with a plan, made as the workflow makes it."""
    about = replace(ticket(), id=TicketId(12))
    choice = Choice(scenario=Scenario.LAMBDA, resources=(FUNCTION,))
    built = plan.build(about, plan.Materials(choice=choice, discovery=FOUND, grants=GRANTS, baseline=None))
    assert not isinstance(built, str)
    return Migration(discovery=FOUND, choice=choice, blueprint=built)


def about(kind: NoticeKind, migration: Migration | None = None, **context: object) -> Notice:
    told = {
        "workflow": "migrate-to-role",
        "was_deactivated": False,
        "migration": letters._context(migration),
        **context,
    }
    return notice(kind, **told)  # type: ignore[arg-type]  # the context's own values


PLAN = planned()
EXAMPLES = {
    NoticeKind.KEY_MIGRATION: about(NoticeKind.KEY_MIGRATION, headline=""),
    NoticeKind.REMINDER: about(NoticeKind.REMINDER, headline=""),
    NoticeKind.SCENARIO_UNKNOWN: about(
        NoticeKind.SCENARIO_UNKNOWN,
        Migration(discovery=replace(FOUND, places=())),
        recipients=(OWNER, TEAM),
        headline="how the application runs that uses the key is not known: iamflow ticket plan 12 --scenario lambda",
        reasons=["no function, service or instance of the account was found that uses the key"],
        applications=[CALL | {"count": 4}],
    ),
    NoticeKind.APPROVAL_NEEDED: about(
        NoticeKind.APPROVAL_NEEDED, PLAN, recipients=(OWNER, TEAM), headline="the plan needs an approval"
    ),
    NoticeKind.PROVISIONED: about(
        NoticeKind.PROVISIONED, PLAN, recipients=(OWNER, TEAM), headline="the role is there; the key still works"
    ),
    NoticeKind.ROLE_UNUSED: about(NoticeKind.ROLE_UNUSED, PLAN, headline="the role has not been used yet"),
    NoticeKind.ROLLED_BACK: about(
        NoticeKind.ROLLED_BACK,
        PLAN,
        recipients=(OWNER, TEAM),
        headline="the key works as before, and what was made for the role is gone again",
        reasons=["the key called s3.amazonaws.com ListBuckets in eu-west-1 after its deactivation (let through)"],
        evidence=[CALL],
        comment="the payroll stopped",
    ),
}
WITH_PLAN = (NoticeKind.APPROVAL_NEEDED, NoticeKind.PROVISIONED, NoticeKind.ROLLED_BACK)


def composed(kind: NoticeKind) -> bytes:
    promised_at = PROMISED if kind in {NoticeKind.KEY_MIGRATION, NoticeKind.REMINDER} else None
    return compose(EXAMPLES[kind], promised_at, sender=SENDER, now=NOW).as_bytes()


def words(kind: NoticeKind) -> str:
    return " ".join(text_of(read_mail(composed(kind))).split())


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_mail_is_word_for_word_the_one_that_was_agreed(kind: NoticeKind) -> None:
    assert composed(kind) == (GOLDEN / f"{kind.value}.eml").read_bytes()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_notice_names_ticket_account_user_and_the_masked_key(kind: NoticeKind) -> None:
    for wanted in ("012345678901", "svc-billing", "AKIAYF5JKDJQS*******", "ticket 12"):
        assert wanted in words(kind)


@pytest.mark.parametrize("kind", WITH_PLAN)
def test_a_notice_about_a_plan_tells_every_step_and_its_undoing(kind: NoticeKind) -> None:
    assert PLAN.blueprint is not None
    for step in PLAN.blueprint.steps:
        assert step.target in words(kind)
    assert words(kind).count("undone") >= len(PLAN.blueprint.steps)


@pytest.mark.parametrize("kind", [NoticeKind.PROVISIONED, NoticeKind.ROLE_UNUSED])
def test_the_owner_sees_the_code_before_and_after(kind: NoticeKind) -> None:
    assert 'client = boto3.client("s3")' in words(kind)


def test_who_approves_learns_what_could_not_be_looked_through() -> None:
    assert "ecs in eu-west-1 could not be looked through: it is denied" in words(NoticeKind.APPROVAL_NEEDED)
