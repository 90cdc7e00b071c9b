"""The table of ``root-hygiene``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition

S, T = State, Trigger

_UNDER_WAY = (S.OPEN, S.NOTIFIED)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="root-hygiene",
    version=1,
    title="root-hygiene",
    states=(
        (S.OPEN, "the finding is recorded; nobody has been told yet"),
        (S.NOTIFIED, "a channel accepted the notice; reminders go out until a person has put the root user right"),
        (S.ON_HOLD, "no reminders until a person resumes it; the account is still looked at"),
        (S.BLOCKED, "needs a person, and says why"),
        (S.EXEMPT, "left alone until a date, for a reason"),
        (S.REMEDIATED, "AWS says that the root user has MFA and no access keys"),
        (S.CANCELLED, "a person ended it"),
    ),
    transitions=(
        Transition(trigger=T.NOTIFY, sources=(S.OPEN,), dest=S.NOTIFIED),
        Transition(trigger=T.RENOTIFY, sources=(S.NOTIFIED,), dest=S.OPEN),
        Transition(trigger=T.REMEDIATE, sources=_LIVE, dest=S.REMEDIATED),
        Transition(trigger=T.BLOCK, sources=_UNDER_WAY, dest=S.BLOCKED),
        *(Transition(trigger=T.RETRY, sources=(S.BLOCKED,), dest=back, returns=True) for back in _UNDER_WAY),
        Transition(trigger=T.HOLD, sources=_UNDER_WAY, dest=S.ON_HOLD, person=True),
        *(
            Transition(trigger=T.RESUME, sources=(S.ON_HOLD,), dest=back, returns=True, person=True)
            for back in _UNDER_WAY
        ),
        Transition(trigger=T.EXEMPT, sources=_LIVE, dest=S.EXEMPT, person=True),
        Transition(trigger=T.REOPEN, sources=(S.EXEMPT,), dest=S.OPEN),
        Transition(trigger=T.CANCEL, sources=(*_LIVE, S.EXEMPT), dest=S.CANCELLED, person=True),
    ),
)
