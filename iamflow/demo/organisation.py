"""What happens around the organisation in the nine days: a guardrail that requires MFA, weighed, attached, taken away."""

from typing import TYPE_CHECKING

from iamflow.demo.users import DANA, DEVELOPMENT, OPERATOR
from iamflow.domain.errors import IamflowError
from iamflow.domain.ids import AccountId
from iamflow.domain.people import Identity
from iamflow.engine import steer
from iamflow.engine.opening import Named, open_by_hand
from iamflow.engine.ports import TicketFilter
from iamflow.engine.scan import Result

if TYPE_CHECKING:
    from iamflow.demo.stage import Stage

SARA = Identity(os="sara", sts=None)
"""Of the platform team: the second to approve."""


def asks_for_a_guardrail(stage: "Stage") -> None:
    """Open a guardrail for one account of the organisation by hand."""
    management = AccountId(stage.sandbox.settings.home_account)
    open_by_hand(stage.desk(OPERATOR), "org-mfa-guardrail", management, Named(target=DEVELOPMENT))


def two_accept_the_damage(stage: "Stage") -> None:
    """Approve it twice, with the word that those whom it hits were told."""
    for person in (DANA, SARA):
        try:
            steer.approve(
                stage.desk(person), _ticket(stage), comment="everybody on the list was told", accept_damage=True
            )
        except IamflowError as error:
            stage.say(str(error))


def takes_it_back(stage: "Stage") -> None:
    """Have the guardrail detached and deleted: the account is not ready for it."""
    steer.rollback(stage.desk(DANA), _ticket(stage), text="the contractors cannot enrol yet")


def _ticket(stage: "Stage") -> str:
    (ticket,) = stage.app.store.tickets(TicketFilter(workflow="org-mfa-guardrail"), limit=2)
    return str(ticket.id)


def scans(stage: "Stage") -> None:
    """Look through every account live, as ``iamflow scan --dry-run`` does: the audit's report has only users with keys."""
    found = stage.app.scan(
        stage.app.select_accounts(()), dry_run=True, report=None, progress=lambda _done, _total: None
    ).accounts
    seen = [one for one in found if one.result is Result.SCANNED]
    users, more = sum(one.users for one in seen), sum(one.intake.opened for one in seen)
    stage.say(f"it sees {users} users in {len(seen)} accounts; tickets that would open beside the report's: {more}")
    for one in found:
        if one.result is Result.FAILED:
            stage.say(f"{one.account.name} could not be looked through, and nothing of it is taken for clean")
