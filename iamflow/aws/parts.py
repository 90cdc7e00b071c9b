"""The parts of a reading of a user that only some workflows ask for."""

from iamflow.aws.answers import text
from iamflow.aws.clients import Api
from iamflow.aws.errors import Refusal, not_understood, refusal_of
from iamflow.domain.errors import PermanentError


def console(iam: Api, name: str) -> bool:
    """Return whether the user has a console password: GetLoginProfile knows none for a user without one."""
    try:
        iam.call("GetLoginProfile", UserName=name)
    except PermanentError as error:
        if refusal_of(error) is Refusal.GONE:
            return False
        raise
    return True


def mfa(iam: Api, name: str) -> tuple[str, ...]:
    """Return the serial numbers of the user's MFA devices, asked of IAM itself and never of the cached credential report."""
    attempt = iam.attempt_at("ListMFADevices")
    serials = [text(row.get("SerialNumber")) for row in iam.rows("ListMFADevices", "MFADevices", UserName=name)]
    if None in serials:
        raise not_understood(attempt, "has an MFA device without a serial number")
    return tuple(serial for serial in serials if serial is not None)
