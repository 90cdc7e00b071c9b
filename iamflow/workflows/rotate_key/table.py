"""The table of ``rotate-key``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition, When

S, T = State, Trigger

_BEFORE = (S.OPEN, S.NOTIFIED, S.AWAITING_APPROVAL)
_WITH_NEW = (S.ISSUED, S.AWAITING_ADOPTION)
_AFTER = (S.DEACTIVATED, S.MONITORING)
_UNDER_WAY = (*_BEFORE, *_WITH_NEW, *_AFTER)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="rotate-key",
    version=1,
    title="rotate-key",
    states=(
        (S.OPEN, "the finding is recorded; the owner has not been told yet"),
        (S.NOTIFIED, "a channel accepted the notice; the grace period runs, if there is one"),
        (S.AWAITING_APPROVAL, "a person must approve the next step"),
        (S.ISSUED, "a new key was made and its secret put away; the owner is being told where"),
        (S.AWAITING_ADOPTION, "the owner was told; both keys work until the new one is in use and the old one idle"),
        (S.DEACTIVATED, "the old key was set to Inactive and read back so; the change is reaching all of AWS"),
        (S.MONITORING, "the old key is Inactive and watched"),
        (S.ON_HOLD, "paused; a deactivated key is still watched"),
        (S.BLOCKED, "needs a person, and says why; a deactivated key is still watched"),
        (S.EXEMPT, "left alone until a date, for a reason"),
        (S.DELETED, "the old key was deleted; the new one has taken its place"),
        (S.ROLLED_BACK, "the old key works as before; the new one stays if it was ever used"),
        (S.RESOLVED, "the owner did it, or the finding no longer holds"),
        (S.CANCELLED, "a person ended it before anything was done"),
    ),
    transitions=(
        Transition(trigger=T.NOTIFY, sources=(S.OPEN,), dest=S.NOTIFIED),
        Transition(trigger=T.RENOTIFY, sources=(S.NOTIFIED, S.AWAITING_APPROVAL), dest=S.OPEN, when=When.KEY_WORKS),
        Transition(trigger=T.RENOTIFY, sources=(S.AWAITING_ADOPTION,), dest=S.ISSUED),
        Transition(
            trigger=T.REQUIRE_APPROVAL,
            sources=(S.NOTIFIED, S.AWAITING_ADOPTION, S.MONITORING),
            dest=S.AWAITING_APPROVAL,
        ),
        Transition(trigger=T.FREE, sources=(S.NOTIFIED, S.AWAITING_APPROVAL), dest=S.NOTIFIED, when=When.KEY_WORKS),
        Transition(trigger=T.ISSUE, sources=(S.NOTIFIED, S.AWAITING_APPROVAL), dest=S.ISSUED, when=When.KEY_REPLACED),
        Transition(trigger=T.TELL, sources=(S.ISSUED,), dest=S.AWAITING_ADOPTION),
        Transition(
            trigger=T.DEACTIVATE,
            sources=(S.AWAITING_ADOPTION, S.AWAITING_APPROVAL),
            dest=S.DEACTIVATED,
            when=When.KEY_REPLACED,
        ),
        Transition(trigger=T.WATCH, sources=(S.DEACTIVATED,), dest=S.MONITORING),
        Transition(
            trigger=T.DELETE,
            sources=(S.MONITORING, S.AWAITING_APPROVAL),
            dest=S.DELETED,
            when=When.KEY_DEACTIVATED,
        ),
        Transition(
            trigger=T.ROLL_BACK,
            sources=(*_AFTER, S.AWAITING_APPROVAL, S.ON_HOLD, S.BLOCKED),
            dest=S.ROLLED_BACK,
            when=When.KEY_DEACTIVATED,
        ),
        Transition(
            trigger=T.ROLL_BACK,
            sources=(S.NOTIFIED, S.AWAITING_APPROVAL, *_WITH_NEW, *_AFTER, S.ON_HOLD, S.BLOCKED),
            dest=S.ROLLED_BACK,
            when=When.KEY_REPLACED,
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
            trigger=T.REJECT,
            sources=(S.AWAITING_APPROVAL,),
            dest=S.CANCELLED,
            when=When.KEY_UNTOUCHED,
            person=True,
        ),
        Transition(
            trigger=T.REJECT,
            sources=(S.AWAITING_APPROVAL,),
            dest=S.ON_HOLD,
            when=When.KEY_REPLACED,
            person=True,
        ),
        Transition(
            trigger=T.REJECT,
            sources=(S.AWAITING_APPROVAL,),
            dest=S.ON_HOLD,
            when=When.KEY_DEACTIVATED,
            person=True,
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
