"""The table of ``migrate-to-role``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition, When

S, T = State, Trigger

_BEFORE = (S.OPEN, S.NOTIFIED, S.DISCOVERING, S.PLANNED, S.AWAITING_APPROVAL)
_WITH_ROLE = (S.PROVISIONED, S.AWAITING_CUTOVER)
_AFTER = (S.DEACTIVATED, S.MONITORING)
_UNDER_WAY = (*_BEFORE, *_WITH_ROLE, *_AFTER)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="migrate-to-role",
    version=1,
    title="migrate-to-role",
    states=(
        (S.OPEN, "the finding is recorded; the owner has not been told yet"),
        (S.NOTIFIED, "a channel accepted the notice; the grace period runs"),
        (S.DISCOVERING, "it is found out where the key is used"),
        (S.PLANNED, "what uses the key was looked for; a plan is made, or a person must say how the application runs"),
        (
            S.AWAITING_APPROVAL,
            "a person must approve the plan, or a later step; an approved plan is carried out from here",
        ),
        (S.PROVISIONED, "the role is there and the application may take it; the change is reaching all of AWS"),
        (S.AWAITING_CUTOVER, "role and key both work until the role is in use and the key idle"),
        (S.DEACTIVATED, "the key was set to Inactive and read back so; the change is reaching all of AWS"),
        (S.MONITORING, "the key is Inactive and watched"),
        (S.ON_HOLD, "paused; a deactivated key is still watched"),
        (S.BLOCKED, "needs a person, and says why; a deactivated key is still watched"),
        (S.EXEMPT, "left alone until a date, for a reason"),
        (S.DELETED, "the key was deleted; the role has taken its place"),
        (S.ROLLED_BACK, "the key works as before, and what was made was unmade"),
        (S.RESOLVED, "the owner did it, or the finding no longer holds; a role that was made stays"),
        (S.CANCELLED, "a person ended it before anything was done"),
    ),
    transitions=(
        Transition(trigger=T.NOTIFY, sources=(S.OPEN,), dest=S.NOTIFIED),
        Transition(trigger=T.RENOTIFY, sources=(S.NOTIFIED,), dest=S.OPEN, when=When.KEY_UNTOUCHED),
        Transition(trigger=T.DISCOVER, sources=(S.NOTIFIED,), dest=S.DISCOVERING),
        Transition(trigger=T.PLAN, sources=(S.DISCOVERING,), dest=S.PLANNED),
        Transition(trigger=T.PLAN, sources=(S.PLANNED, S.AWAITING_APPROVAL), dest=S.PLANNED, when=When.KEY_UNTOUCHED),
        Transition(
            trigger=T.REQUIRE_APPROVAL,
            sources=(S.PLANNED, S.AWAITING_CUTOVER, S.MONITORING),
            dest=S.AWAITING_APPROVAL,
        ),
        Transition(trigger=T.PROVISION, sources=(S.AWAITING_APPROVAL,), dest=S.PROVISIONED, when=When.KEY_REPLACED),
        Transition(trigger=T.AWAIT_CUTOVER, sources=(S.PROVISIONED,), dest=S.AWAITING_CUTOVER),
        Transition(
            trigger=T.DEACTIVATE,
            sources=(S.AWAITING_CUTOVER, S.AWAITING_APPROVAL),
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
            sources=(S.AWAITING_APPROVAL, *_WITH_ROLE, *_AFTER, S.ON_HOLD, S.BLOCKED),
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
            trigger=T.REJECT, sources=(S.AWAITING_APPROVAL,), dest=S.CANCELLED, when=When.KEY_UNTOUCHED, person=True
        ),
        Transition(
            trigger=T.REJECT, sources=(S.AWAITING_APPROVAL,), dest=S.ON_HOLD, when=When.KEY_REPLACED, person=True
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
