"""The table of ``enforce-mfa``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition, When

S, T = State, Trigger

_BEFORE = (S.OPEN, S.NOTIFIED, S.AWAITING_APPROVAL)
_UNDER_WAY = (*_BEFORE, S.ENFORCED)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)
_ENFORCED = (S.ENFORCED, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="enforce-mfa",
    version=1,
    title="enforce-mfa",
    states=(
        (S.OPEN, "the finding is recorded; nobody has been told yet"),
        (S.NOTIFIED, "a channel accepted the notice; the grace period runs"),
        (S.AWAITING_APPROVAL, "a person must approve the policy: it would stop keys in use, or lock the user out"),
        (S.ENFORCED, "the policy was seen on the user: everything but enrolling a device is denied without MFA"),
        (S.ON_HOLD, "paused; a policy that is on stays on, and a device that is enrolled ends the ticket all the same"),
        (S.BLOCKED, "needs a person, and says why; a policy that is on stays on, and is watched"),
        (S.EXEMPT, "left alone until a date, for a reason"),
        (S.REMEDIATED, "the user has an MFA device, and the policy is gone"),
        (S.ROLLED_BACK, "the policy was taken away again, as asked for"),
        (S.RESOLVED, "the user has a device, no password any more, or is gone; or somebody removed the policy"),
        (S.CANCELLED, "a person ended it before anything was done"),
    ),
    transitions=(
        Transition(trigger=T.NOTIFY, sources=(S.OPEN,), dest=S.NOTIFIED),
        Transition(trigger=T.RENOTIFY, sources=(S.NOTIFIED, S.AWAITING_APPROVAL), dest=S.OPEN, when=When.KEY_UNTOUCHED),
        Transition(trigger=T.REQUIRE_APPROVAL, sources=(S.NOTIFIED,), dest=S.AWAITING_APPROVAL),
        Transition(trigger=T.ENFORCE, sources=(S.NOTIFIED, S.AWAITING_APPROVAL), dest=S.ENFORCED),
        Transition(trigger=T.REMEDIATE, sources=_ENFORCED, dest=S.REMEDIATED, when=When.KEY_DEACTIVATED),
        Transition(trigger=T.ROLL_BACK, sources=_ENFORCED, dest=S.ROLLED_BACK, when=When.KEY_DEACTIVATED),
        Transition(trigger=T.RESOLVE, sources=(*_LIVE, S.EXEMPT), dest=S.RESOLVED, when=When.NOT_DENIED),
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
            trigger=T.CANCEL,
            sources=(*_BEFORE, S.ON_HOLD, S.BLOCKED, S.EXEMPT),
            dest=S.CANCELLED,
            when=When.KEY_UNTOUCHED,
            person=True,
        ),
    ),
)
