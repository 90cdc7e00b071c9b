"""The words of a ticket's life: states, triggers, ends."""

from enum import StrEnum


class State(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    NOTIFIED = "notified"
    ISSUED = "issued"
    AWAITING_ADOPTION = "awaiting_adoption"
    DISCOVERING = "discovering"
    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting_approval"
    PROVISIONED = "provisioned"
    AWAITING_CUTOVER = "awaiting_cutover"
    BROWNOUT = "brownout"
    DEACTIVATED = "deactivated"
    MONITORING = "monitoring"
    ENFORCED = "enforced"
    ATTACHED = "attached"
    QUARANTINED = "quarantined"
    DELETING = "deleting"
    ON_HOLD = "on_hold"
    EXEMPT = "exempt"
    BLOCKED = "blocked"
    DELETED = "deleted"
    RESTORED = "restored"
    REMEDIATED = "remediated"
    ROLLED_BACK = "rolled_back"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


ENDS = frozenset({State.DELETED, State.RESTORED, State.REMEDIATED, State.ROLLED_BACK, State.RESOLVED, State.CANCELLED})
"""States that a ticket never leaves."""

PAUSED = frozenset({State.ON_HOLD, State.BLOCKED})
"""States that remember where they were entered from."""


class Trigger(StrEnum):
    """What moves a ticket; only the machine of its workflow says where to."""

    NOTIFY = "notify"
    RENOTIFY = "renotify"
    REQUIRE_APPROVAL = "require_approval"
    BROWN_OUT = "brown_out"
    ISSUE = "issue"
    TELL = "tell"
    FREE = "free"
    DISCOVER = "discover"
    PLAN = "plan"
    PROVISION = "provision"
    AWAIT_CUTOVER = "await_cutover"
    DEACTIVATE = "deactivate"
    WATCH = "watch"
    ENFORCE = "enforce"
    REMEDIATE = "remediate"
    QUARANTINE = "quarantine"
    START_DELETION = "start_deletion"
    DELETE = "delete"
    RESTORE = "restore"
    ROLL_BACK = "roll_back"
    RESOLVE = "resolve"
    HOLD = "hold"
    RESUME = "resume"
    BLOCK = "block"
    RETRY = "retry"
    EXEMPT = "exempt"
    REOPEN = "reopen"
    REJECT = "reject"
    CANCEL = "cancel"


class Resolution(StrEnum):
    """Why a ticket ended."""

    DELETED = "deleted"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    KEY_GONE = "key_gone"
    KEY_INACTIVE = "key_inactive"
    USER_GONE = "user_gone"
    USER_ACTIVE = "user_active"
    SUPERSEDED = "superseded"
    RESTORED = "restored"
    KEY_YOUNG = "key_young"
    OWNER_REACTIVATED = "owner_reactivated"
    MFA_ENABLED = "mfa_enabled"
    NO_CONSOLE = "no_console"
    POLICY_REMOVED = "policy_removed"
    ROOT_SECURED = "root_secured"
    KEPT = "kept"
    TARGET_GONE = "target_gone"


class Confirmation(StrEnum):
    """Whether CloudTrail has shown the event that proves the end."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    MISSING = "missing"


class Wanted(StrEnum):
    """What a person has asked the engine to do at its next look."""

    ROLLBACK = "rollback"


class Mode(StrEnum):
    """Whether iamflow only plans, or acts."""

    OBSERVE = "observe"
    ENFORCE = "enforce"
