"""The table of ``disable-key``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition, When

S, T = State, Trigger

_BEFORE = (S.OPEN, S.NOTIFIED, S.AWAITING_APPROVAL)
_AFTER = (S.DEACTIVATED, S.MONITORING)
_UNDER_WAY = (*_BEFORE, S.BROWNOUT, *_AFTER)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="disable-key",
    version=1,
    title="disable-key",
    states=(
        (S.OPEN, "the finding is recorded; the owner has not been told yet"),
        (S.NOTIFIED, "a channel accepted the notice; the grace period runs"),
        (S.AWAITING_APPROVAL, "a person must approve the next step"),
        (S.BROWNOUT, "for a set time, calls signed with the key are denied, and denials are looked for (an option)"),
        (
            S.DEACTIVATED,
            "the key was set to Inactive and read back so; the change is reaching all of AWS",
        ),
        (S.MONITORING, "the key is Inactive and watched"),
        (S.ON_HOLD, "paused; a deactivated key is still watched"),
        (S.BLOCKED, "needs a person, and says why; a deactivated key is still watched"),
        (S.EXEMPT, "left alone until a date, for a reason"),
        (S.DELETED, "the key was deleted"),
        (S.ROLLED_BACK, "the key works again, as before"),
        (S.RESOLVED, "the owner did it, or the finding no longer holds"),
        (S.CANCELLED, "a person ended it before anything was done"),
    ),
    transitions=(
        Transition(trigger=T.NOTIFY, sources=(S.OPEN,), dest=S.NOTIFIED),
        Transition(
            trigger=T.RENOTIFY,
            sources=(S.NOTIFIED, S.AWAITING_APPROVAL, S.BROWNOUT),
            dest=S.OPEN,
            when=When.KEY_UNTOUCHED,
        ),
        Transition(
            trigger=T.REQUIRE_APPROVAL,
            sources=(S.NOTIFIED, S.BROWNOUT, S.MONITORING),
            dest=S.AWAITING_APPROVAL,
        ),
        Transition(
            trigger=T.BROWN_OUT,
            sources=(S.NOTIFIED, S.AWAITING_APPROVAL, S.BROWNOUT),
            dest=S.BROWNOUT,
        ),
        Transition(
            trigger=T.DEACTIVATE,
            sources=(S.NOTIFIED, S.AWAITING_APPROVAL, S.BROWNOUT),
            dest=S.DEACTIVATED,
            when=When.KEY_UNTOUCHED,
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
            sources=(S.BROWNOUT, S.NOTIFIED, S.AWAITING_APPROVAL, S.ON_HOLD, S.BLOCKED),
            dest=S.ROLLED_BACK,
            when=When.KEY_GIVEN_BACK,
        ),
        Transition(trigger=T.RESOLVE, sources=(*_LIVE, S.EXEMPT), dest=S.RESOLVED, when=When.NOT_DENIED),
        Transition(trigger=T.BLOCK, sources=_UNDER_WAY, dest=S.BLOCKED),
        *(Transition(trigger=T.RETRY, sources=(S.BLOCKED,), dest=back, returns=True) for back in _UNDER_WAY),
        Transition(trigger=T.HOLD, sources=_UNDER_WAY, dest=S.ON_HOLD, person=True),
        *(
            Transition(
                trigger=T.RESUME,
                sources=(S.ON_HOLD,),
                dest=back,
                returns=True,
                person=True,
            )
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
