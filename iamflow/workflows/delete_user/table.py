"""The table of ``delete-user``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition, When

S, T = State, Trigger

_BEFORE = (S.OPEN, S.NOTIFIED, S.AWAITING_APPROVAL)
_AFTER = (S.QUARANTINED, S.MONITORING)
_UNDER_WAY = (*_BEFORE, *_AFTER, S.DELETING)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="delete-user",
    version=1,
    title="delete-user",
    states=(
        (S.OPEN, "the finding is recorded; the manager has not been told yet"),
        (S.NOTIFIED, "a channel accepted the notice; the grace period runs"),
        (S.AWAITING_APPROVAL, "people must approve the next step, and say who confirmed it"),
        (
            S.QUARANTINED,
            "a deny on everything is on the user; keys and service credentials are being set to Inactive",
        ),
        (S.MONITORING, "the whole quarantine is on, and the user is watched"),
        (S.DELETING, "what the user has is being deleted, kind by kind, and then the user; there is no way back"),
        (S.ON_HOLD, "paused; a quarantined user is still watched"),
        (S.BLOCKED, "needs a person, and says why; a quarantined user is still watched"),
        (S.EXEMPT, "left alone until a date, for a reason"),
        (S.DELETED, "the user was deleted; a part of it can be restored from the snapshot"),
        (S.ROLLED_BACK, "the user works again, as before"),
        (S.RESOLVED, "somebody else did it, or the finding no longer holds"),
        (S.CANCELLED, "a person ended it before anything was done"),
    ),
    transitions=(
        Transition(trigger=T.NOTIFY, sources=(S.OPEN,), dest=S.NOTIFIED),
        Transition(trigger=T.RENOTIFY, sources=(S.NOTIFIED, S.AWAITING_APPROVAL), dest=S.OPEN, when=When.KEY_UNTOUCHED),
        Transition(trigger=T.REQUIRE_APPROVAL, sources=(S.NOTIFIED, S.MONITORING), dest=S.AWAITING_APPROVAL),
        Transition(
            trigger=T.QUARANTINE,
            sources=(S.NOTIFIED, S.AWAITING_APPROVAL),
            dest=S.QUARANTINED,
            when=When.KEY_UNTOUCHED,
        ),
        Transition(trigger=T.WATCH, sources=(S.QUARANTINED,), dest=S.MONITORING),
        Transition(
            trigger=T.START_DELETION,
            sources=(S.MONITORING, S.AWAITING_APPROVAL),
            dest=S.DELETING,
            when=When.KEY_DEACTIVATED,
        ),
        Transition(trigger=T.DELETE, sources=(S.DELETING,), dest=S.DELETED, when=When.KEY_DEACTIVATED),
        Transition(
            trigger=T.ROLL_BACK,
            sources=(*_AFTER, S.AWAITING_APPROVAL, S.ON_HOLD, S.BLOCKED),
            dest=S.ROLLED_BACK,
            when=When.NOT_DELETING,
        ),
        Transition(trigger=T.RESOLVE, sources=(*_LIVE, S.EXEMPT), dest=S.RESOLVED),
        Transition(trigger=T.BLOCK, sources=_UNDER_WAY, dest=S.BLOCKED),
        *(Transition(trigger=T.RETRY, sources=(S.BLOCKED,), dest=back, returns=True) for back in _UNDER_WAY),
        Transition(trigger=T.HOLD, sources=_UNDER_WAY, dest=S.ON_HOLD, person=True),
        *(
            Transition(trigger=T.RESUME, sources=(S.ON_HOLD,), dest=back, returns=True, person=True)
            for back in _UNDER_WAY
        ),
        Transition(
            trigger=T.EXEMPT,
            sources=(*_BEFORE, S.ON_HOLD, S.BLOCKED),
            dest=S.EXEMPT,
            when=When.KEY_UNTOUCHED,
            person=True,
        ),
        Transition(trigger=T.REOPEN, sources=(S.EXEMPT,), dest=S.OPEN),
        Transition(
            trigger=T.REJECT, sources=(S.AWAITING_APPROVAL,), dest=S.CANCELLED, when=When.KEY_UNTOUCHED, person=True
        ),
        Transition(
            trigger=T.REJECT, sources=(S.AWAITING_APPROVAL,), dest=S.ON_HOLD, when=When.KEY_DEACTIVATED, person=True
        ),
        Transition(
            trigger=T.CANCEL,
            sources=(*_BEFORE, S.ON_HOLD, S.BLOCKED, S.EXEMPT),
            dest=S.CANCELLED,
            when=When.KEY_UNTOUCHED,
            person=True,
        ),
    ),
)
