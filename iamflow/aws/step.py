"""One step that changes something: its fresh reading and its one call, through one session."""

from iamflow.aws.answers import receipt_of
from iamflow.aws.clients import Answer
from iamflow.aws.keys import read_user
from iamflow.aws.sessions import AccountSession
from iamflow.domain.clock import Clock
from iamflow.domain.effect import Effect, EffectKind, Receipt
from iamflow.domain.errors import PermanentError
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.subject import UserSubject


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
        """Make the one call, once. Raises ``PermanentError`` for any effect but the one this session was opened for."""
        subject = self._subject
        of_subject = (effect.account_id, effect.username, effect.key_id) == (
            subject.account_id,
            subject.username,
            subject.key_id,
        )
        if effect.kind is not self._kind or not of_subject:
            message = f"this session was opened for {self._kind} of another subject or kind; nothing was called"
            raise PermanentError(message)
        return receipt_of(self._call(effect))

    def _call(self, effect: Effect) -> Answer:
        # The user is always named with the key: for a key of anybody else, IAM then answers NoSuchEntity.
        target = {"UserName": effect.username, "AccessKeyId": effect.key_id}
        iam = self._session.connection.changing("iam", self._region)
        user = {"UserName": effect.username}
        match effect.kind:
            case EffectKind.ATTACH_BROWNOUT:
                return iam.call("PutUserPolicy", **user, PolicyName=effect.target, PolicyDocument=effect.document)
            case EffectKind.LIFT_BROWNOUT:
                return iam.call("DeleteUserPolicy", **user, PolicyName=effect.target)
            case EffectKind.DEACTIVATE_KEY:
                return iam.call("UpdateAccessKey", **target, Status=KeyStatus.INACTIVE.value)
            case EffectKind.REACTIVATE_KEY:
                return iam.call("UpdateAccessKey", **target, Status=KeyStatus.ACTIVE.value)
            case EffectKind.DELETE_KEY:
                return iam.call("DeleteAccessKey", **target)
