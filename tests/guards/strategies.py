"""Circumstances of every kind, likely and unlikely, for the properties."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from iamflow.domain.effect import EffectKind
from iamflow.domain.evidence import Baseline, SweepRecord
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserReading
from iamflow.domain.guards import Circumstances, Freeze, Pace
from iamflow.domain.people import RULES, Identity
from iamflow.domain.policy import Policy
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, State
from iamflow.domain.ticket import Approval, Progress, Ticket
from iamflow.domain.waits import AutoDelete, DisableKeyPolicy

from .circumstances import (
    ACCOUNT,
    ALICE,
    BOB,
    BROWNOUT,
    CREATED,
    DAY,
    DENY,
    DENYING,
    HOUR,
    KEY,
    NOW,
    OTHER_KEY,
    QUIET,
    USER_ID,
    WORD,
    allowed,
    approval,
)

TIMES: st.SearchStrategy[datetime] = st.one_of(
    st.sampled_from([NOW - days * DAY for days in (400, 100, 90, 10, 7, 3, 2, 1, 0, -1)]),
    st.integers(min_value=-400 * 86_400, max_value=2 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)
MAYBE_TIMES = st.none() | TIMES
REGIONS = st.sampled_from([(), ("us-east-1",), ("eu-west-1", "us-east-1")])
WORDS = st.none() | st.just(WORD)
PEOPLE = st.sampled_from([ALICE, BOB, Identity(), Identity(os="carol"), Identity(sts=ALICE.sts)])

SWEEPS = st.none() | st.builds(
    SweepRecord, run_at=TIMES, start=TIMES, end=TIMES, regions=REGIONS, conclusive=st.booleans()
)
BASELINES = st.none() | st.builds(
    Baseline, taken_at=TIMES, start=TIMES, end=TIMES, regions=REGIONS, last_event_at=MAYBE_TIMES
)
PROGRESS = st.builds(
    Progress,
    notified_at=MAYBE_TIMES,
    promised_at=MAYBE_TIMES,
    notice_waiver=WORDS,
    grace_waiver=WORDS,
    keep=WORDS,
    approval_reasons=st.sampled_from([(), ("used on Monday",)]),
    once_rolled_back=st.booleans(),
    deactivated_at=MAYBE_TIMES,
    window_ends_at=MAYBE_TIMES,
    final_sweep=SWEEPS,
    brownout=st.sampled_from([None, BROWNOUT, QUIET, replace(QUIET, swept_at=None)]),
)
KEYS = st.lists(
    st.builds(
        KeyState,
        key_id=st.sampled_from([KEY, OTHER_KEY]),
        status=st.sampled_from(KeyStatus),
        created_at=st.just(CREATED) | TIMES,
    ),
    max_size=2,
    unique_by=lambda key: key.key_id,
).map(tuple)
READINGS = st.builds(
    UserReading,
    read_at=st.just(NOW) | TIMES,
    account_id=st.sampled_from([ACCOUNT, "210987654321"]),
    user_id=st.sampled_from([USER_ID, "AIDAOTHER", None]),
    tags=st.sampled_from([{}, {"iamflow:protected": ""}]),
    keys=KEYS,
    last_use=st.none() | st.builds(LastUse, at=MAYBE_TIMES),
    quarantined=st.booleans(),
    policies=st.sampled_from([{}, {DENY: None}, {DENY: "{}"}, {DENY: DENYING}]),
)
POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    scope=st.sampled_from([AccountScope(), AccountScope(enforce=None), AccountScope(enforce=frozenset({ACCOUNT}))]),
    disable_key=st.builds(
        DisableKeyPolicy,
        grace=st.sampled_from([timedelta(0), 7 * DAY]),
        monitor=st.sampled_from([timedelta(0), 2 * DAY]),
        approvals=st.integers(min_value=-1, max_value=3),
        brownout=st.sampled_from([None, 4 * HOUR]),
        auto_delete=st.builds(AutoDelete, min_idle=st.sampled_from([timedelta(0), 90 * DAY]), never_used=st.booleans()),
    ),
)


@st.composite
def tickets(draw: st.DrawFn, kind: EffectKind) -> Ticket:
    """Draw a ticket anywhere in its life."""
    return replace(
        allowed(kind).ticket,
        state=draw(st.sampled_from(State)),
        user_id=draw(st.sampled_from([USER_ID, None])),
        requester=draw(st.sampled_from([RULES, ALICE])),
        deadline=draw(MAYBE_TIMES),
        progress=draw(PROGRESS),
        baseline=draw(BASELINES),
        wanted_by=draw(WORDS),
    )


def approvals(c: Circumstances) -> st.SearchStrategy[tuple[Approval, ...]]:
    """Draw approvals of the plan, good ones and worthless ones."""
    if c.reading.key(KEY) is None or c.reading.user_id is None:
        return st.just(())
    good = approval(c)
    one = st.builds(
        lambda by, at, expires_at, used_at, digest: replace(
            good, by=by, at=at, expires_at=expires_at, used_at=used_at, digest=digest
        ),
        PEOPLE,
        TIMES,
        TIMES,
        MAYBE_TIMES,
        st.sampled_from([good.digest, "0" * 64]),
    )
    return st.lists(one | st.just(good), max_size=3).map(tuple)


@st.composite
def circumstances(draw: st.DrawFn, kind: EffectKind) -> Circumstances:
    """Draw circumstances for this effect: each part is as in the allowed ones, or anything at all."""
    good = allowed(kind)
    c = replace(
        good,
        ticket=draw(st.just(good.ticket) | tickets(kind)),
        reading=draw(st.just(good.reading) | READINGS),
        policy=draw(st.just(good.policy) | POLICIES),
        freeze=draw(st.builds(Freeze, on=st.booleans())),
        lease_held=draw(st.booleans()),
        enforced_since=draw(MAYBE_TIMES),
        pace=draw(st.builds(Pace, used=st.integers(0, 3), allowance=st.integers(0, 3), next_slot=MAYBE_TIMES)),
    )
    return replace(c, approvals=draw(approvals(c)))
