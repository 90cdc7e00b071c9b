"""A look through one account: its credential report, and what of single users the report does not tell.

A report is made at most once in four hours, takes seconds to minutes, and is fetched by another call (IAM API reference,
GenerateCredentialReport and GetCredentialReport).
"""

from iamflow.aws.account import read_account
from iamflow.aws.answers import instant, text
from iamflow.aws.budget import LookupBudget
from iamflow.aws.clients import Answer, Api
from iamflow.aws.errors import Refusal, not_understood, refusal_of
from iamflow.aws.keys import key_state, last_use
from iamflow.aws.sessions import AccountSession
from iamflow.domain.clock import Clock
from iamflow.domain.errors import PermanentError, TemporaryError
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.ids import KeyId, Region, UserName
from iamflow.domain.root import AccountReading
from iamflow.engine.ports import CredentialReport

_PAUSES = (4.0, 6.0, 10.0, 20.0, 30.0, 30.0)
"""Seconds between the looks for a report that is being made: 100 in all, after which another scan finds it made."""
_READY = "COMPLETE"


class AwsSurvey:
    """Fulfils ``iamflow.engine.ports.Survey``."""

    def __init__(self, session: AccountSession, region: str, budget: LookupBudget, clock: Clock) -> None:
        """Look through this session, with at most as many calls a second as the budget allows its account."""
        self._session = session
        self._budget = budget
        self._clock = clock
        self._region = region
        self._api = session.connection.reading("iam", region)

    def report(self) -> CredentialReport:
        """Have a report made, unless there is a valid one, wait for it, and fetch it. Two calls, and two for each further look."""
        ready = self._made()
        for pause in _PAUSES:
            if not ready:
                self._clock.sleep(pause)
            try:
                answer = self._turn().call("GetCredentialReport")
            except PermanentError as error:
                if refusal_of(error) is not Refusal.NO_REPORT:
                    raise
                # Not made yet; or it has come to the end of its four hours since, and another one is to be made.
                ready = self._made()
                continue
            return self._read(answer)
        message = (
            f"account {self._session.account_id}: AWS did not make the credential report within {sum(_PAUSES):.0f} s"
        )
        raise TemporaryError(message)

    def _made(self) -> bool:
        """Ask for a report, and return whether there is one."""
        return self._turn().call("GenerateCredentialReport").get("State") == _READY

    def _read(self, answer: Answer) -> CredentialReport:
        attempt = self._api.attempt_at("GetCredentialReport")
        content, generated = answer.get("Content"), instant(answer.get("GeneratedTime"))
        if not isinstance(content, bytes) or generated is None:
            raise not_understood(attempt, "lacks the report or its date")
        try:
            return CredentialReport(text=content.decode(), generated_at=generated)
        except UnicodeDecodeError as error:
            raise not_understood(attempt, "is not in UTF-8") from error

    def keys(self, username: UserName) -> tuple[KeyState, ...] | None:
        """Return the access keys of a user; None for a user who is gone. One call, more only where IAM pages the list."""
        with _UnlessGone():
            rows = self._turn().rows("ListAccessKeys", "AccessKeyMetadata", UserName=username)
            return tuple(key_state(self._api, row) for row in rows)
        return None

    def last_use(self, username: UserName, key_id: KeyId) -> LastUse | None:
        """Return the last use of one key; None for a key that is gone."""
        with _UnlessGone():
            return last_use(self._turn(), username, key_id)
        return None

    def service_credentials(self, username: UserName) -> int | None:
        """Return how many service-specific credentials work for a user; None for a user who is gone.

        AWS tells no use of them (IAM API reference, ServiceSpecificCredentialMetadata).
        """
        with _UnlessGone():
            rows = self._turn().rows("ListServiceSpecificCredentials", "ServiceSpecificCredentials", UserName=username)
            return sum(self._works(row) for row in rows)
        return None

    def account(self) -> AccountReading:
        """Return what GetAccountSummary tells of the root user."""
        return read_account(self._session, self._turn(), self._clock)

    def _works(self, row: Answer) -> bool:
        ends = instant(row.get("ExpirationDate"))
        # A status that is not known is not known to be off.
        return text(row.get("Status")) != KeyStatus.INACTIVE.value and (ends is None or ends > self._clock.now())

    def _turn(self) -> Api:
        """Return IAM, when it is this account's turn."""
        self._budget.wait_turn(self._session.account_id, Region(self._region))
        return self._api


class _UnlessGone:
    """Lets a user or a key be gone since the report was made, and raises everything else."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Return whether that was all."""
        return isinstance(error, PermanentError) and refusal_of(error) is Refusal.GONE
