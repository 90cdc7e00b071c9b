"""What the owner of an application changes in its code, before and after: credentials that come by themselves."""

import json
from collections.abc import Mapping
from typing import Any

from iamflow.domain.blueprint import Blueprint, Scenario
from iamflow.domain.effect import EffectKind

_BEFORE = (
    "# before",
    "client = boto3.client(",
    '    "s3",',
    '    aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],',
    '    aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],',
    ")",
)
_DEFAULT = (
    "# after: no keys; the SDK finds the role's credentials by itself, and renews them",
    'client = boto3.client("s3")',
)
_WHERE: Mapping[Scenario, tuple[str, ...]] = {
    Scenario.EC2: (
        "# on the instance: remove the key from ~/.aws/credentials, the environment and the application's settings,",
        "# or it goes before the role. An application that reads keys from its settings must stop doing so.",
    ),
    Scenario.LAMBDA: (
        "# The variables with the key are taken out of the function's environment by iamflow.",
        "# Code that reads them must be changed first: it would find them missing.",
    ),
    Scenario.ECS: (
        "# The variables with the key are taken out of the task definition by iamflow.",
        "# Code that reads them must be changed first: it would find them missing.",
    ),
}
_GITHUB = "https://token.actions.githubusercontent.com"


def lines(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the change as lines of text."""
    match blueprint.scenario:
        case Scenario.CROSS_ACCOUNT:
            return _cross_account(blueprint)
        case Scenario.CI_OIDC:
            return _pipeline(blueprint)
        case scenario:
            return (*_WHERE[scenario], *_BEFORE, *_DEFAULT)


def _trust(blueprint: Blueprint) -> Any:  # noqa: ANN401 - any JSON value
    document = next(step.document for step in blueprint.steps if step.kind is EffectKind.CREATE_ROLE)
    return json.loads(document)["trust"]["Statement"][0]


def _cross_account(blueprint: Blueprint) -> tuple[str, ...]:
    external_id = _trust(blueprint)["Condition"]["StringEquals"]["sts:ExternalId"]
    return (
        "# the application's own role needs sts:AssumeRole on the new one, in its own account:",
        f'#   {{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "{blueprint.role_arn}"}}',
        *_BEFORE,
        "# after: in ~/.aws/config of the application; the SDK assumes the role by itself, and renews it",
        "[profile payer]",
        f"role_arn = {blueprint.role_arn}",
        f"external_id = {external_id}",
        "credential_source = Ec2InstanceMetadata   # or EcsContainer, or Environment",
        "# and in its code",
        'client = boto3.Session(profile_name="payer").client("s3")',
    )


def _pipeline(blueprint: Blueprint) -> tuple[str, ...]:
    conditions = _trust(blueprint)["Condition"]["StringEquals"]
    audience = next(value for key, value in conditions.items() if key.endswith(":aud"))
    issuer = str(blueprint.provider).split(":oidc-provider/", 1)[-1]
    if f"https://{issuer}" == _GITHUB:
        return (
            "# before, in the workflow",
            "#   aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}",
            "#   aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}",
            "# after",
            "permissions:",
            "  id-token: write",
            "  contents: read",
            "steps:",
            "  - uses: aws-actions/configure-aws-credentials@v4",
            "    with:",
            f"      role-to-assume: {blueprint.role_arn}",
            f"      audience: {audience}",
            "      aws-region: eu-central-1   # yours",
            "# then delete the repository's secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    return (
        "# before: the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the project",
        "# after, in the pipeline's definition (as GitLab writes it)",
        "deploy:",
        "  id_tokens:",
        "    AWS_TOKEN:",
        f"      aud: {audience}",
        "  variables:",
        f"    AWS_ROLE_ARN: {blueprint.role_arn}",
        "    AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/aws-token",
        "  before_script:",
        '    - echo "$AWS_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"',
        "# then delete the project's variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
