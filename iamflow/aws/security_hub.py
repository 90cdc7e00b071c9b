"""AWS Security Hub in many accounts, in one region: each account is told through iamflow's role in it.

Facts: Security Hub API reference (BatchImportFindings, BatchUpdateFindings) and partner guide: at most 100 findings a call, ten
calls a second for each account and region, failures in the body of an answer that is otherwise a success.
"""

from collections.abc import Callable, Mapping, Sequence

from botocore.exceptions import ClientError

from iamflow.aws.answers import text
from iamflow.aws.budget import LookupBudget
from iamflow.aws.clients import ONCE, Answer, Api
from iamflow.aws.errors import not_understood, one_line
from iamflow.aws.sessions import AccountSession
from iamflow.domain.asff import Place, product_arn
from iamflow.domain.clock import Clock
from iamflow.domain.errors import BlockedError, PermanentError
from iamflow.domain.hub import HubStanding
from iamflow.domain.ids import AccountId, Region

NOT_ENABLED = "security_hub"
"""The block code of an account without Security Hub."""
_PER_SECOND = 5.0
"""Half of what AWS allows all tools in the account together."""
_NOT_SUBSCRIBED = "InvalidAccessException"
_BY = "iamflow"


class AwsSecurityHub:
    """Fulfils ``iamflow.engine.ports.SecurityHub``. Safe to share between threads."""

    def __init__(self, session: Callable[[AccountId], AccountSession], place: Place, clock: Clock) -> None:
        """Tell Security Hub at that place, through these sessions."""
        self.place = place
        self._session = session
        self._budget = LookupBudget(clock, _PER_SECOND)

    def import_findings(self, account_id: AccountId, findings: Sequence[Mapping[str, object]]) -> Mapping[str, str]:
        """Create or update findings; see ``SecurityHub.import_findings``."""
        hub = self._api(account_id)
        answer = self._call(hub, account_id, "BatchImportFindings", Findings=list(findings))
        refused = {
            str(row.get("Id")): _reason(row) for row in _rows(hub, "BatchImportFindings", answer, "FailedFindings")
        }
        counted = (answer.get("SuccessCount"), answer.get("FailedCount"))
        # What is neither accepted nor refused by name must not be taken for accepted.
        if counted != (len(findings) - len(refused), len(refused)):
            raise not_understood(hub.attempt_at("BatchImportFindings"), "does not account for every finding")
        return refused

    def update_findings(self, account_id: AccountId, ids: Sequence[str], standing: HubStanding) -> Mapping[str, str]:
        """Set workflow status and note; see ``SecurityHub.update_findings``."""
        hub = self._api(account_id)
        arn = product_arn(account_id, self.place)
        asked: dict[str, object] = {
            "FindingIdentifiers": [{"Id": one, "ProductArn": arn} for one in ids],
            "Workflow": {"Status": standing.status.value},
        }
        if standing.note is not None:
            asked["Note"] = {"Text": standing.note, "UpdatedBy": _BY}
        answer = self._call(hub, account_id, "BatchUpdateFindings", **asked)
        done = {str(row.get("Id")) for row in _rows(hub, "BatchUpdateFindings", answer, "ProcessedFindings")}
        refused = {
            str(row.get("FindingIdentifier", {}).get("Id")): _reason(row)
            for row in _rows(hub, "BatchUpdateFindings", answer, "UnprocessedFindings")
        }
        return {
            one: refused.get(one, "Security Hub did not say that it was processed") for one in ids if one not in done
        }

    def _api(self, account_id: AccountId) -> Api:
        # One attempt a turn: what fails is told again later, within the budget. Telling twice does no harm.
        return self._session(account_id).connection.reading("securityhub", self.place.region, pauses=ONCE)

    def _call(self, hub: Api, account_id: AccountId, operation: str, **parameters: object) -> Answer:
        self._budget.wait_turn(account_id, Region(self.place.region))
        try:
            return hub.call(operation, **parameters)
        except PermanentError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response.get("Error", {}).get("Code") == _NOT_SUBSCRIBED:
                message = (
                    f"account {account_id}: Security Hub is not enabled in {self.place.region}: enable it there, or set "
                    "security_hub.region, or leave the account out of security_hub.accounts"
                )
                raise BlockedError(message, code=NOT_ENABLED) from error
            raise


def _rows(hub: Api, operation: str, answer: Answer, key: str) -> list[Answer]:
    found = answer.get(key, [])
    if not isinstance(found, list):
        raise not_understood(hub.attempt_at(operation), f"lacks {key}")
    return found


def _reason(row: Answer) -> str:
    code, message = text(row.get("ErrorCode")), text(row.get("ErrorMessage"))
    return one_line(f"{code or 'Unknown'}: {message or 'no reason given'}")
