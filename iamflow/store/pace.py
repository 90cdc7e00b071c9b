"""What the caps and the circuit breaker count (``PaceStore``)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, or_, select

from iamflow.domain.effect import EffectKind, OutcomeKind
from iamflow.domain.ids import AccountId
from iamflow.engine.ports import Usage
from iamflow.store.part import Part
from iamflow.store.schema import INTENTS


class PacePart(Part):
    """All of ``PaceStore``."""

    def usage(self, accounts: Iterable[AccountId], since: datetime) -> Mapping[tuple[AccountId, EffectKind], Usage]:
        """Return the intents opened since then that were done or may have been; see ``PaceStore.usage``."""
        i = INTENTS.c
        query = (
            select(i.account_id, i.effect, func.count().label("number"), func.min(i.opened_at).label("oldest"))
            .where(i.account_id.in_(sorted(set(accounts))), i.opened_at >= since)
            .where(or_(i.outcome.is_(None), i.outcome == OutcomeKind.DONE.value))
            .group_by(i.account_id, i.effect)
        )
        with self.database.reading() as connection:
            return {
                (AccountId(row.account_id), EffectKind(row.effect)): Usage(count=row.number, oldest=row.oldest)
                for row in connection.execute(query)
            }

    def totals(self, since: datetime) -> Mapping[EffectKind, int]:
        """Return the intents that were done since then, by kind; see ``PaceStore.totals``."""
        i = INTENTS.c
        query = (
            select(i.effect, func.count().label("done"))
            .where(i.settled_at >= since, i.outcome == OutcomeKind.DONE.value)
            .group_by(i.effect)
        )
        with self.database.reading() as connection:
            return {EffectKind(row.effect): row.done for row in connection.execute(query)}
