"""Enough of AWS's policy language to tell whether a call is allowed.

Statements with Effect, Action or NotAction, Resource or NotResource, and the conditions that remediation policies
use. A condition with an operator or key that is not known here never matches.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, TypeAlias

Statement: TypeAlias = Mapping[str, Any]
Context: TypeAlias = Mapping[str, str]


class Verdict(Enum):
    """What a set of statements says about one call."""

    ALLOWED = auto()
    DENIED = auto()
    SILENT = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """May this be done? ``resource`` None stands for a call whose resource is not looked at."""

    action: str
    resource: str | None
    context: Context


def statements(document: Mapping[str, Any]) -> Sequence[Statement]:
    """Return the statements of a policy document, which may hold a single one without a list."""
    found = document.get("Statement", ())
    return (found,) if isinstance(found, Mapping) else tuple(found)


def judge(policy: Iterable[Statement], question: Question) -> Verdict:
    """Weigh all statements: one deny outweighs every allow, and nothing said is no permission."""
    verdict = Verdict.SILENT
    for statement in policy:
        if not _concerns(statement, question):
            continue
        if statement.get("Effect") == "Deny":
            return Verdict.DENIED
        verdict = Verdict.ALLOWED
    return verdict


def as_list(value: object) -> list[str]:
    """Return a policy element's values; a single value stands for a list of one."""
    if isinstance(value, (list, tuple)):
        return [_text(item) for item in value]
    return [_text(value)]


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether a value fits a pattern with AWS's wildcards, ``*`` and ``?``."""
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


@cache
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 - part of the cache's key
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL)


def _concerns(statement: Statement, question: Question) -> bool:
    return (
        _element(statement, "Action", question.action, ignore_case=True)
        and (question.resource is None or _element(statement, "Resource", question.resource, ignore_case=False))
        and conditions_hold(statement.get("Condition", {}), question.context)
    )


def _element(statement: Statement, name: str, value: str, *, ignore_case: bool) -> bool:
    negated = f"Not{name}"
    if negated in statement:
        return not any(matches(item, value, ignore_case=ignore_case) for item in as_list(statement[negated]))
    return any(matches(item, value, ignore_case=ignore_case) for item in as_list(statement.get(name, "*")))


def conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every condition of a statement holds in the request's context."""
    return all(
        _holds(operator, as_list(expected), _value(context, key))
        for operator, block in conditions.items()
        for key, expected in block.items()
    )


def _value(context: Context, key: str) -> str | None:
    """Condition keys are case-insensitive."""
    return next((value for name, value in context.items() if name.lower() == key.lower()), None)


def _holds(operator: str, expected: list[str], actual: str | None) -> bool:
    if operator == "Null":
        return expected == ["true" if actual is None else "false"]
    if operator.endswith("IfExists"):
        return actual is None or _holds(operator.removesuffix("IfExists"), expected, actual)
    if "Not" in operator and operator.replace("Not", "") in _COMPARISONS:
        return actual is None or not _holds(operator.replace("Not", ""), expected, actual)
    compare = _COMPARISONS.get(operator)
    return compare is not None and actual is not None and any(compare(item, actual) for item in expected)


# Each tells whether an expected value fits the actual one.
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": lambda expected, actual: expected.lower() == actual.lower(),
    "Bool": lambda expected, actual: expected.lower() == actual.lower(),
    "StringLike": matches,
    "ArnLike": matches,
    "ArnEquals": matches,
}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
