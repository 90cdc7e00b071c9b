"""The table of ``restore-user``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition

S, T = State, Trigger

TABLE = Table(
    workflow="restore-user",
    version=1,
    title="restore-user",
    states=(
        (S.OPEN, "a deleted user is being made again from its snapshot, as far as AWS allows"),
        (S.ON_HOLD, "paused; what was put back stays"),
        (S.BLOCKED, "needs a person, and says why; what was put back stays"),
        (S.RESTORED, "the user is there again, with what could be put back"),
        (S.RESOLVED, "somebody else deleted the user meanwhile"),
        (S.CANCELLED, "a person ended it; what was put back by then stays"),
    ),
    transitions=(
        Transition(trigger=T.RESTORE, sources=(S.OPEN,), dest=S.RESTORED),
        Transition(trigger=T.RESOLVE, sources=(S.OPEN, S.ON_HOLD, S.BLOCKED), dest=S.RESOLVED),
        Transition(trigger=T.BLOCK, sources=(S.OPEN,), dest=S.BLOCKED),
        Transition(trigger=T.RETRY, sources=(S.BLOCKED,), dest=S.OPEN, returns=True),
        Transition(trigger=T.HOLD, sources=(S.OPEN,), dest=S.ON_HOLD, person=True),
        Transition(trigger=T.RESUME, sources=(S.ON_HOLD,), dest=S.OPEN, returns=True, person=True),
        Transition(trigger=T.CANCEL, sources=(S.OPEN, S.ON_HOLD, S.BLOCKED), dest=S.CANCELLED, person=True),
    ),
)
