"""What readings call, for the permissions, which are had without boto3 and so apart from what does the reading."""

GRANTS = (
    "iam:GetGroupPolicy",
    "iam:GetOpenIDConnectProvider",
    "iam:GetRolePolicy",
    "iam:GetUserPolicy",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListOpenIDConnectProviders",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "iam:ListUserPolicies",
)
"""What reading the permissions of a user and of roles calls, besides what every reading does."""

WORKLOADS = (
    "lambda:ListFunctions",
    "lambda:GetFunctionConfiguration",
    "lambda:ListVersionsByFunction",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListTaskDefinitions",
    "ecs:DescribeTaskDefinition",
    "ec2:DescribeInstances",
    "ec2:DescribeIamInstanceProfileAssociations",
)
"""What looking for the places where a key is used calls."""
