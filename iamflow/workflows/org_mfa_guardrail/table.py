"""The table of ``org-mfa-guardrail``: where a ticket can stand, and what moves it."""

from iamflow.domain.states import State, Trigger
from iamflow.workflows.machine import Table, Transition, When

S, T = State, Trigger

_BEFORE = (S.OPEN, S.AWAITING_APPROVAL)
_UNDER_WAY = (*_BEFORE, S.ATTACHED, S.MONITORING)
_LIVE = (*_UNDER_WAY, S.ON_HOLD, S.BLOCKED)

TABLE = Table(
    workflow="org-mfa-guardrail",
    version=1,
    title="org-mfa-guardrail",
    states=(
        (S.OPEN, "the target is recorded; what the policy would do is being looked at"),
        (S.AWAITING_APPROVAL, "people must approve the policy, knowing whom and what it would deny"),
        (S.ATTACHED, "the policy was seen on the target; the change is reaching all of AWS"),
        (S.MONITORING, "CloudTrail is searched for what it denies, until a person keeps it or has it taken away"),
        (S.ON_HOLD, "paused; a policy that is attached stays attached, and can be rolled back"),
        (S.BLOCKED, "needs a person, and says why; a policy that is attached stays attached"),
        (S.REMEDIATED, "a person decided to keep the policy"),
        (S.ROLLED_BACK, "the policy was detached and deleted, as asked for"),
        (S.RESOLVED, "the target is gone, or somebody else took the policy away"),
        (S.CANCELLED, "a person ended it before anything was done"),
    ),
    transitions=(
        Transition(trigger=T.REQUIRE_APPROVAL, sources=(S.OPEN,), dest=S.AWAITING_APPROVAL),
        Transition(trigger=T.ENFORCE, sources=(S.AWAITING_APPROVAL, S.ON_HOLD, S.BLOCKED), dest=S.ATTACHED),
        Transition(trigger=T.WATCH, sources=(S.ATTACHED,), dest=S.MONITORING),
        Transition(trigger=T.REMEDIATE, sources=(S.MONITORING,), dest=S.REMEDIATED, when=When.KEY_DEACTIVATED),
        Transition(
            trigger=T.ROLL_BACK,
            sources=(S.AWAITING_APPROVAL, S.ATTACHED, S.MONITORING, S.ON_HOLD, S.BLOCKED),
            dest=S.ROLLED_BACK,
        ),
        Transition(trigger=T.RESOLVE, sources=_LIVE, dest=S.RESOLVED, when=When.NOT_DENIED),
        Transition(trigger=T.BLOCK, sources=_UNDER_WAY, dest=S.BLOCKED),
        *(Transition(trigger=T.RETRY, sources=(S.BLOCKED,), dest=back, returns=True) for back in _UNDER_WAY),
        Transition(trigger=T.HOLD, sources=_UNDER_WAY, dest=S.ON_HOLD, person=True),
        *(
            Transition(trigger=T.RESUME, sources=(S.ON_HOLD,), dest=back, returns=True, person=True)
            for back in _UNDER_WAY
        ),
        Transition(
            trigger=T.REJECT,
            sources=(S.AWAITING_APPROVAL,),
            dest=S.CANCELLED,
            when=When.KEY_UNTOUCHED,
            person=True,
        ),
        Transition(
            trigger=T.CANCEL,
            sources=(*_BEFORE, S.ON_HOLD, S.BLOCKED),
            dest=S.CANCELLED,
            when=When.KEY_UNTOUCHED,
            person=True,
        ),
    ),
)
