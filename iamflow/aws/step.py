"""One step that changes something: its fresh reading and its calls, through one session."""

from collections.abc import Callable
from datetime import timedelta

from iamflow.aws.answers import receipt_of
from iamflow.aws.clients import Api
from iamflow.aws.effects import CALLS
from iamflow.aws.keys import read_user
from iamflow.aws.sessions import AccountSession
from iamflow.domain.blueprint import region_in
from iamflow.domain.clock import Clock
from iamflow.domain.effect import Effect, EffectKind, Receipt
from iamflow.domain.errors import IamflowError, PermanentError, TemporaryError, UncertainError
from iamflow.domain.facts import UserReading
from iamflow.domain.subject import UserSubject

_CALLS_WITHIN = timedelta(seconds=30)
"""How long after the first call of an effect its last one may begin: whoever settles an intent counts on it."""


class AwsStep:
    """Fulfils ``iamflow.engine.ports.Step``."""

    def __init__(
        self, session: AccountSession, region: str, wanted: tuple[EffectKind, UserSubject], clock: Clock
    ) -> None:
        """Prepare one effect of this kind on this subject, called in IAM's region."""
        self._session = session
        self._region = region
        self._kind, self._subject = wanted
        self._clock = clock

    def read(self) -> UserReading:
        """Read the subject freshly, through this very session."""
        iam = self._session.connection.reading("iam", self._region)
        return read_user(self._session, iam, self._subject, self._clock)

    def apply(self, effect: Effect) -> Receipt:
        """Make the calls, each once. Raises ``PermanentError`` for any effect but the one this session was opened for."""
        subject = self._subject
        of_subject = (effect.account_id, effect.username, effect.key_id) == (
            subject.account_id,
            subject.username,
            subject.key_id,
        )
        if effect.kind is not self._kind or not of_subject:
            message = f"this session was opened for {self._kind} of another subject or kind; nothing was called"
            raise PermanentError(message)
        return self._call(effect)

    def _call(self, effect: Effect) -> Receipt:
        """Make every call of the effect, each once. Once one of them was answered, the effect may be half done.

        Raises ``UncertainError`` then, whatever went wrong with a later one: only reading AWS tells how far it came.
        """
        receipt: Receipt | None = None
        until = self._clock.now() + _CALLS_WITHIN
        try:
            for answer in CALLS[effect.kind].make(self._opener(effect), effect):
                receipt = receipt_of(answer)
                if self._clock.now() > until:
                    message = "the calls took too long; what is left is for a later look"
                    raise TemporaryError(message)
        except IamflowError as error:
            if receipt is None:
                raise
            message = f"only a part of {effect.kind.value} was done: {error}"
            raise UncertainError(message, request_id=receipt.request_id) from error
        if receipt is None:
            message = f"{effect.kind.value} names nothing to be done; nothing was called"
            raise PermanentError(message)
        return receipt

    def _opener(self, effect: Effect) -> Callable[[str], Api]:
        """Return what opens a service where the effect is: IAM in its region, others where their resource or the secret is."""
        sink = self._subject.sink
        regions = [region for target in effect.targets if (region := region_in(target)) is not None]
        elsewhere = regions[0] if regions else sink.region if sink is not None else None

        def opened(service: str) -> Api:
            region = elsewhere if service != "iam" else None
            return self._session.connection.changing(service, region or self._region)

        return opened
