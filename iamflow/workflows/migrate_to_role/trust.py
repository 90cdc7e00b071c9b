"""Who may take the role, by scenario: its trust policy, or why there can be none yet."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from iamflow.domain.blueprint import Scenario
from iamflow.domain.migration import Choice
from iamflow.domain.ticket import Ticket

ISSUERS: Mapping[str, tuple[str, str]] = {
    "github": ("https://token.actions.githubusercontent.com", "sts.amazonaws.com"),
    "gitlab": ("https://gitlab.com", "https://gitlab.com"),
}
"""The issuers that are known by a name: URL, and the audience that their pipelines usually ask for."""

_SERVICES: Mapping[Scenario, str] = {
    Scenario.EC2: "ec2.amazonaws.com",
    Scenario.LAMBDA: "lambda.amazonaws.com",
    Scenario.ECS: "ecs-tasks.amazonaws.com",
}
_ROLE_ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_ISSUER = re.compile(r"https://([a-z0-9.-]+(?:/[\w./-]+)?)", re.ASCII)
# Everything that names whose pipeline it is must stand before the first wildcard.
_SUBJECTS: Mapping[str, re.Pattern[str]] = {
    "https://token.actions.githubusercontent.com": re.compile(r"repo:[^*?/:]+/[^*?:]+:.+"),
    "https://gitlab.com": re.compile(r"project_path:[^*?:]+/[^*?:]+:.+"),
}
_OTHER_SUBJECT = re.compile(r"[^*?\s]{4,}.*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """A trust policy, and the identity provider that it needs, where it needs one."""

    statement: Mapping[str, object]
    provider: str | None = None
    """The ARN of the identity provider."""
    issuer: str | None = None
    audience: str | None = None

    @property
    def document(self) -> dict[str, object]:
        """The policy as a whole."""
        return {"Version": "2012-10-17", "Statement": [dict(self.statement)]}


def trust_of(ticket: Ticket, choice: Choice, partition: str) -> Trust | str:
    """Return who may take the role, or the sentence that says what is still lacking."""
    service = _SERVICES.get(choice.scenario)
    if service is not None:
        return Trust(statement={"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
    return (
        _cross_account(ticket, choice) if choice.scenario is Scenario.CROSS_ACCOUNT else _ci(ticket, choice, partition)
    )


def external_id(ticket: Ticket) -> str:
    """Return the external id of a ticket's role: no secret, but one that nobody has by chance."""
    told = f"{ticket.account_id}/{ticket.user_id}/{ticket.id}"
    return f"iamflow-{ticket.id}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _cross_account(ticket: Ticket, choice: Choice) -> Trust | str:
    if choice.source is None or not _ROLE_ARN.fullmatch(choice.source):
        return "the role that the application has in its own account is not known: name it with --source ARN"
    return Trust(
        statement={
            "Effect": "Allow",
            "Principal": {"AWS": choice.source},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": external_id(ticket)}},
        }
    )


def _ci(ticket: Ticket, choice: Choice, partition: str) -> Trust | str:
    found = _ISSUER.fullmatch(choice.issuer or "")
    if found is None:
        return f"the pipeline's issuer is not known: --issuer {', '.join(ISSUERS)}, or its https URL"
    if not choice.audience:
        return "the audience of the pipeline's tokens is not known: name it with --audience"
    issuer, host = f"https://{found[1]}", found[1]
    pattern = _SUBJECTS.get(issuer, _OTHER_SUBJECT)
    if not pattern.fullmatch(choice.subject or ""):
        return (
            "which pipelines may take the role is not known, or would be anybody's: name them with --subject, "
            "as in repo:ORG/REPO:ref:refs/heads/main (GitHub) or project_path:GROUP/PROJECT:ref_type:branch:ref:main (GitLab)"
        )
    subject = str(choice.subject)
    condition: dict[str, dict[str, str]] = {"StringEquals": {f"{host}:aud": choice.audience}}
    operator = "StringLike" if {"*", "?"} & set(subject) else "StringEquals"
    condition.setdefault(operator, {})[f"{host}:sub"] = subject
    provider = f"arn:{partition}:iam::{ticket.account_id}:oidc-provider/{host}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return Trust(statement=statement, provider=provider, issuer=issuer, audience=choice.audience)
