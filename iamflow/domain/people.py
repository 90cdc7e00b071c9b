"""Who asks, who approves, and who is somebody else (DESIGN 8.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A person as far as the host and AWS can tell.

    ``os`` is the kernel's login user, which sudo does not change; ``sts`` is the ARN that GetCallerIdentity gave.
    Either may be missing. iamflow's own role and an instance profile are nobody, and are left out by whoever builds this.
    """

    os: str | None = None
    sts: str | None = None

    def __str__(self) -> str:
        """Return the name under which the journal records this person."""
        return " ".join(part for part in (self.os and f"os:{self.os}", self.sts) if part) or "unknown"

    @property
    def known(self) -> bool:
        """Whether anything at all is known of this person."""
        return bool(self.os or self.sts)


RULES = Identity(os=None, sts=None)
"""The requester of tickets that a rule opened: nobody, so that whoever imports may approve."""


def distinct(one: Identity, other: Identity) -> bool:
    """Return whether two identities are certainly two people.

    They must differ in everything that is known of both; where nothing can be compared, they are not distinct.
    """
    pairs = [(one.os, other.os), (one.sts, other.sts)]
    comparable = [(left, right) for left, right in pairs if left and right]
    return bool(comparable) and all(left != right for left, right in comparable)


def may_approve(approver: Identity, requester: Identity) -> bool:
    """Return whether this person may approve what that one requested; rules are nobody's request."""
    if not approver.known:
        return False
    return requester == RULES or distinct(approver, requester)


def iam_user(arn: str | None) -> tuple[str, str] | None:
    """Return (account id, user name) of an IAM user's ARN, None for anything else."""
    parts = (arn or "").split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("user/"):  # noqa: PLR2004 - the parts of an ARN
        return None
    return parts[4], parts[5].rsplit("/", 1)[-1]
