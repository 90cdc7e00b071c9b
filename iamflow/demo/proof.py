"""The end of the demonstration: what was done to AWS, by AWS's own account, against what the journal says was intended."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from iamflow.domain.effect import EffectKind, Intent, OutcomeKind
from iamflow.engine.ports import QueryStore
from iamflow.sandbox.world import Mutation

_Done = tuple[str, str, str, str, str]

_STATUS = {
    EffectKind.DEACTIVATE_KEY: "Inactive",
    EffectKind.REACTIVATE_KEY: "Active",
    EffectKind.DEACTIVATE_KEYS: "Inactive",
    EffectKind.REACTIVATE_KEYS: "Active",
    EffectKind.DISABLE_SERVICES: "Inactive",
    EffectKind.ENABLE_SERVICES: "Active",
}
_KEYS = {EffectKind.DEACTIVATE_KEYS, EffectKind.REACTIVATE_KEYS, EffectKind.DELETE_KEYS}
"""Effects whose targets are access keys."""
_ALSO = {EffectKind.PROVE_SINK: "CreateSecret", EffectKind.ISSUE_KEY: "PutSecretValue"}
"""What an effect calls besides the call that it is named for: the place of a secret is new in the demonstration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Both lists, counted: (account, ticket, operation, key, new status)."""

    simulator: int
    journal: int
    only_simulator: tuple[_Done, ...]
    only_journal: tuple[_Done, ...]

    @property
    def equal(self) -> bool:
        """Whether everything done was intended, and everything that the journal calls done was done."""
        return not self.only_simulator and not self.only_journal


def compare(mutations: tuple[Mutation, ...], store: QueryStore, role_name: str) -> Proof:
    """Compare the simulator's list of iamflow's successful changes with the journal's intents that were done."""
    done = Counter(
        (
            mutation.account_id,
            (mutation.session_name or "").rpartition("-")[2],
            mutation.operation,
            mutation.access_key_id or "",
            str(mutation.parameters.get("status", "")),
        )
        for mutation in mutations
        if mutation.role_name == role_name and mutation.error is None
    )
    intended = Counter(
        call
        for stored in store.intents()
        if stored.outcome is not None and stored.outcome.kind is OutcomeKind.DONE
        for call in _calls(stored.intent)
    )
    return Proof(
        simulator=done.total(),
        journal=intended.total(),
        only_simulator=tuple((done - intended).elements()),
        only_journal=tuple((intended - done).elements()),
    )


def _calls(intent: Intent) -> Iterator[_Done]:
    """Yield what the journal says was called: one call for each thing that the effect names."""
    effect, kind = intent.effect, intent.effect.kind
    where = (str(effect.account_id), str(intent.ticket_id))
    key = str(effect.key_id) if kind.about_key else ""
    for target in effect.targets or ("",):
        yield (*where, kind.call.partition(":")[2], target if kind in _KEYS else key, _STATUS.get(kind, ""))
    if kind in _ALSO:
        yield (*where, _ALSO[kind], "", "")
