"""``iamflow rules``: what the rules say of one user or key."""

from typing import TYPE_CHECKING, Annotated

import typer

from iamflow.cli.context import AsOutput, checked_account, noun, opened
from iamflow.cli.render.out import Output, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamflow.domain.explaining import Explanation
    from iamflow.engine.explain import Explained

app = noun("The rules that make a finding, and what they say of one user or key.")

FIELDS = (
    "account_id",
    "account_name",
    "username",
    "access_key_id",
    "rule",
    "applies",
    "because",
    "workflow",
    "under",
    "source",
    "as_of",
    "besides",
    "unread",
)


@app.command("test")
def explain_rules(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="USER|KEY", help="A user's name, or a whole access key id.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", callback=checked_account, help="Only in this account.")
    ] = None,
    output: AsOutput = Output.TABLE,
) -> None:
    """Explain which rule applies to a user or key, and why the others do not; nothing is stored or changed."""
    from iamflow.cli.render.data import emit_csv, emit_json
    from iamflow.config.host import credentials_at_hand
    from iamflow.domain.ids import AccountId
    from iamflow.engine import explain

    with opened(ctx) as app_:
        cloud = app_.cloud if credentials_at_hand() else None
        asked = explain.Asked(name=name, account_id=AccountId(account) if account is not None else None)
        found = explain.explain_rules(app_.desk(), cloud, asked)
    match output:
        case Output.JSON:
            emit_json([_record(user, one) for user in found for one in user.explanations])
        case Output.CSV:
            emit_csv([_record(user, one) for user in found for one in user.explanations], FIELDS)
        case Output.TABLE:
            _tell(found)


def _record(user: "Explained", one: "Explanation") -> dict[str, object]:
    return {
        "account_id": user.account_id,
        "account_name": user.account_name,
        "username": user.username,
        "access_key_id": one.key_id,
        "rule": one.rule,
        "applies": one.applies,
        "because": one.because,
        "workflow": one.workflow,
        "under": one.under,
        "source": one.source,
        "as_of": one.as_of,
        "besides": user.besides,
        "unread": user.unread,
    }


def _tell(found: "Sequence[Explained]") -> None:
    from iamflow.cli.render.words import utc

    said = {True: "applies", False: "does not apply", None: "cannot be told"}

    def verdict(one: "Explanation") -> str:
        return "would apply" if one.applies and one.workflow is None else said[one.applies]

    for user in found:
        say(f"{user.username} in {user.account_name} ({user.account_id})")
        for one in user.explanations:
            say(f"  {one.key_id or 'user'}: {one.rule.value} {verdict(one)}: {one.because}")
            dealt = f"dealt with by {one.workflow}, " if one.workflow is not None else ""
            say(f"    {dealt}by {one.under}; {one.source}, as of {utc(one.as_of)}")
        for sentence in user.besides:
            say(f"  besides: {sentence}")
        if user.unread is not None:
            say(f"  not read from AWS: {user.unread}")
