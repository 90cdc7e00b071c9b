"""The end of the demonstration: what was done to AWS, by AWS's own account, against what the journal says was intended."""

from collections import Counter
from dataclasses import dataclass

from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.engine.ports import QueryStore
from iamflow.sandbox.world import Mutation

_Done = tuple[str, str, str, str]

_STATUS = {EffectKind.DEACTIVATE_KEY: "Inactive", EffectKind.REACTIVATE_KEY: "Active"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Both lists, counted: (account, operation, key, new status)."""

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
            mutation.operation,
            mutation.access_key_id or "",
            str(mutation.parameters.get("status", "")),
        )
        for mutation in mutations
        if mutation.role_name == role_name and mutation.error is None
    )
    intended = Counter(
        (
            str(stored.intent.effect.account_id),
            stored.intent.effect.kind.call.removeprefix("iam:"),
            str(stored.intent.effect.key_id),
            _STATUS.get(stored.intent.effect.kind, ""),
        )
        for stored in store.intents()
        if stored.outcome is not None and stored.outcome.kind is OutcomeKind.DONE
    )
    return Proof(
        simulator=done.total(),
        journal=intended.total(),
        only_simulator=tuple((done - intended).elements()),
        only_journal=tuple((intended - done).elements()),
    )
