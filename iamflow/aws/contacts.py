"""The alternate contact for security matters that an account names (Account Management, GetAlternateContact).

It is a help, and nothing that may hold anything up: whatever keeps it from being read makes it not known.
"""

import logging
import threading

from iamflow.aws.answers import text
from iamflow.aws.cache import HourCache
from iamflow.aws.clients import Api
from iamflow.aws.codes import code_of
from iamflow.aws.errors import Refusal, refusal_of
from iamflow.domain.clock import Clock
from iamflow.domain.errors import IamflowError
from iamflow.domain.ids import AccountId

_log = logging.getLogger(__name__)

_ABSENT = "ResourceNotFoundException"

REGIONS = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
"""Account Management is one service for a whole partition, signed for this region (AWS General Reference)."""


class Contacts:
    """Asks each account once an hour, and warns once of each that cannot be asked. Safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        """Begin without knowing any."""
        self._known: HourCache[str | None] = HourCache(clock)
        self._lock = threading.Lock()
        self._warned: set[AccountId] = set()

    def security(self, account_id: AccountId, api: Api) -> str | None:
        """Return the address; None where the account names none, and where that could not be found out.

        A denial is kept for an hour as well; what may pass is asked again by the next ticket.
        """
        try:
            return self._known.get(account_id, lambda: self._asked(account_id, api))
        except IamflowError as error:
            self._warn(account_id, error)
            return None

    def _asked(self, account_id: AccountId, api: Api) -> str | None:
        try:
            answer = api.call("GetAlternateContact", AlternateContactType="SECURITY")
        except IamflowError as error:
            if code_of(error) == _ABSENT:
                return None
            if refusal_of(error) is not Refusal.DENIED:
                raise
            self._warn(account_id, error)
            return None
        contact = answer.get("AlternateContact")
        return text(contact.get("EmailAddress")) if isinstance(contact, dict) else None

    def _warn(self, account_id: AccountId, error: IamflowError) -> None:
        with self._lock:
            known = account_id in self._warned
            self._warned.add(account_id)
        if not known:
            _log.warning("an account's security contact cannot be read", extra={"reason": str(error)})
