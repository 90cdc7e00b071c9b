"""AWS, as boto3 reaches it: the adapter behind ``iamflow.engine.ports.Cloud``.

Import from the modules, so that importing this package stays cheap (boto3 takes a good part of a second)::

    from iamflow.aws.settings import AwsSettings      # values only, no boto3
    from iamflow.aws.permissions import policy_document, trust_policy   # no boto3 either
    from iamflow.aws.cloud import open_cloud          # imports boto3: only where AWS is really called

Two kinds of sessions are used. Reads share one cached role session per account. Each mutating step has a role session
of its own, named after its ticket and narrowed by a session policy to the one user and the one call.
"""
