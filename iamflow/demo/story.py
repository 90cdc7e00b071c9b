"""What happens around iamflow in the nine days: applications that run, owners who answer, somebody who approves.

Every scene is about a real row of the audit report. The days are counted from the report's own date.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from iamflow.demo import organisation, roles, users
from iamflow.demo.users import DANA, DEVELOPMENT, OPERATOR
from iamflow.domain.errors import IamflowError
from iamflow.domain.states import State
from iamflow.engine import steer
from iamflow.engine.ports import TicketFilter

if TYPE_CHECKING:
    from iamflow.demo.stage import Stage

UNREACHABLE = "346100584235"
"""The account whose role trusts nobody: its tickets are blocked and say why, and the other accounts go on."""

IN_DAILY_USE = "AKIAYF5JKDJQ6IBAMZS4"
STILL_USED_IN_ONE_REGION = "AKIAYF5JKDJQ7QHVWHPN"
YEARLY_JOB = "AKIAUY3KM37NZSFEN7JK"
NEEDED_UNTIL_SPRING = "AKIA5BQIQJC45G5ZYTDR"
TAKEN_BACK = "AKIAUY3KM37NTCPIWK2B"
OWNER_DELETES = "AKIAUY3KM37N23FSZG7O"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Something that people or programs do at a time of their own."""

    after: timedelta
    title: str
    play: Callable[["Stage"], None]


def _day(days: float, minutes: float = 0) -> timedelta:
    return timedelta(days=days, minutes=minutes)


def _runs_daily(stage: "Stage") -> None:
    stage.sandbox.use_key(
        IN_DAILY_USE,
        service="s3",
        operation="ListBuckets",
        region="eu-west-1",
        source_ip="198.51.100.24",
        user_agent="exporter/2.3 Boto3/1.34.0",
    )


def _exempts(stage: "Stage") -> None:
    until = stage.clock.now() + timedelta(days=120)
    reason = "owner: the billing appliance is replaced in spring"
    steer.exempt(stage.desk(DANA), NEEDED_UNTIL_SPRING, until=until, reason=reason)


def _deletes_own_key(stage: "Stage") -> None:
    stage.sandbox.owner.delete_key(DEVELOPMENT, "j.smith@example.com-2", OWNER_DELETES)


def _approves_the_daily_one(stage: "Stage") -> None:
    steer.approve(stage.desk(DANA), IN_DAILY_USE, comment="the exporter uses a role since this morning")


def _spreads_slowly(stage: "Stage") -> None:
    stage.sandbox.faults.propagation("eu-west-1", timedelta(minutes=20))


def _payroll_runs(stage: "Stage") -> None:
    stage.sandbox.use_key(
        STILL_USED_IN_ONE_REGION,
        service="sts",
        operation="GetCallerIdentity",
        region="eu-west-1",
        source_ip="203.0.113.77",
        user_agent="payroll-batch/1.9 Boto3/1.34.0",
    )


def _yearly_job_fails(stage: "Stage") -> None:
    outcome = stage.sandbox.use_key(
        YEARLY_JOB,
        service="s3",
        operation="ListBuckets",
        region="us-east-1",
        source_ip="192.0.2.50",
        user_agent="year-end/0.4",
    )
    stage.say(f"the yearly job fails: {outcome.error} (AWS puts no such refusal into CloudTrail)")


def _owner_calls(stage: "Stage") -> None:
    text = "year-end closing stopped with an authentication error"
    steer.reply(
        stage.desk(OPERATOR),
        YEARLY_JOB,
        steer.Reply.KEEP,
        on_behalf_of="finance@example.com",
        text=text,
    )


def _owner_takes_it_back(stage: "Stage") -> None:
    stage.sandbox.owner.reactivate_key(DEVELOPMENT, "=cmd-20", TAKEN_BACK)


def _approves_one_deletion(stage: "Stage") -> None:
    """Approve the deletion of the first never-used key, and of the one that was in daily use."""
    waiting = stage.app.store.tickets(TicketFilter(states=frozenset({State.AWAITING_APPROVAL.value})), limit=500)
    deletions = [ticket for ticket in waiting if ticket.key_was_deactivated]
    daily = [ticket for ticket in deletions if ticket.access_key_id == IN_DAILY_USE]
    for ticket in [*deletions[:1], *daily]:
        try:
            steer.approve(stage.desk(DANA), str(ticket.id), comment="nobody missed it for two days")
        except IamflowError as error:
            stage.say(f"ticket {ticket.id}: {error}")


SCENES: tuple[Scene, ...] = (
    *(
        Scene(after=_day(day, 300), title="an exporter uses its key, as every day", play=_runs_daily)
        for day in range(7)
    ),
    Scene(
        after=_day(0, 30), title="dana scans every account, to see what the report leaves out", play=organisation.scans
    ),
    Scene(after=_day(0, 60), title="omar asks for a new key for the nightly job", play=users.asks_for_a_new_key),
    Scene(after=_day(0, 90), title="omar asks for a role in the place of a function's key", play=roles.asks_for_a_role),
    Scene(after=_day(0, 120), title="the nightly job runs with its old key", play=users.uses_the_old_key),
    Scene(
        after=_day(1, 120), title="the nightly job finds its new key in the secret store", play=users.takes_the_new_key
    ),
    Scene(after=_day(1, 180), title="dana approves the plan of the role", play=roles.approves_the_role),
    Scene(after=_day(1, 300), title="the function runs, with the role", play=roles.runs_with_the_role),
    Scene(
        after=_day(2, 60),
        title="somebody enrols MFA for the root user of prod-payments",
        play=roles.secures_a_root_user,
    ),
    Scene(after=_day(3, 30), title="a user enrols an MFA device in time", play=users.enrols_in_time),
    Scene(after=_day(3, 60), title="dana approves the deletion of two users", play=users.approves_deletions),
    Scene(after=_day(4), title="billing needs one of them after all", play=users.is_needed_after_all),
    Scene(
        after=_day(8), title="a user enrols an MFA device because nothing else works", play=users.enrols_when_made_to
    ),
    Scene(
        after=_day(8, 300),
        title="omar asks for a guardrail on dev: MFA or nothing",
        play=organisation.asks_for_a_guardrail,
    ),
    Scene(after=_day(8, 600), title="dana and sara accept whom it hits", play=organisation.two_accept_the_damage),
    Scene(after=_day(8, 1200), title="dana takes the guardrail back", play=organisation.takes_it_back),
    Scene(after=_day(2), title="an owner needs a key until spring: exempted", play=_exempts),
    Scene(after=_day(3), title="an owner deletes a key himself", play=_deletes_own_key),
    Scene(after=_day(6, 1430), title="in eu-west-1, changes to keys spread slowly today", play=_spreads_slowly),
    Scene(after=_day(7, 8), title="payroll runs in eu-west-1, with a key that is Inactive by now", play=_payroll_runs),
    Scene(after=_day(7, 60), title="dana approves the key that was in use", play=_approves_the_daily_one),
    Scene(after=_day(7, 180), title="the yearly job runs", play=_yearly_job_fails),
    Scene(after=_day(7, 200), title="finance calls: keep the key", play=_owner_calls),
    Scene(after=_day(7, 400), title="an owner sets a key to Active again himself", play=_owner_takes_it_back),
    Scene(after=_day(9, 120), title="dana approves two deletions", play=_approves_one_deletion),
)
"""In the order of time."""

LENGTH = _day(9, 240)
"""Nine days, and the hours that CloudTrail takes to deliver."""
