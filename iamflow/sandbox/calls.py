"""What a request asks for: service, operation, region, key and parameters, whatever protocol it came in."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import MethodNotAllowed, NotFound

from iamflow.sandbox.errors import Dialect

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
# The name that a request is signed for is not always the name of botocore's model.
_MODEL_NAMES = {"monitoring": "cloudwatch", "email": "ses", "tagging": "resourcegroupstaggingapi"}
_READ_PREFIXES = (
    "Get", "List", "Describe", "Lookup", "Simulate", "Head", "Query", "Scan", "Search", "BatchGet", "Generate",
    "Validate", "Decode", "AssumeRole",
)  # fmt: skip
# Calls on data are not management events: a trail's lookup never shows them.
# S3's operations are not always called like the permission for them.
_ACTIONS = {"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:ListObjectsV2": "s3:ListBucket"}
_DATA_EVENTS = frozenset(
    f"dynamodb:{name}" for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem")
) | frozenset({
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:HeadObject", "s3:ListObjectsV2", "s3:ListObjects",
    "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sns:Publish", "lambda:Invoke",
})  # fmt: skip


_S3_BUCKETS = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket", "GET": "ListObjects"}
_S3_OBJECTS = {"PUT": "PutObject", "DELETE": "DeleteObject", "HEAD": "HeadObject", "GET": "GetObject"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One signed request. ``at`` is the sandbox's time; ``parameters`` have the names of AWS's own API reference."""

    at: datetime
    request_id: str
    service: str
    operation: str
    region: str
    dialect: Dialect
    access_key_id: str
    source_ip: str
    user_agent: str
    parameters: Mapping[str, Any]

    @property
    def action(self) -> str:
        """The action's name in policies, like ``iam:UpdateAccessKey``."""
        called = f"{self.service}:{self.operation}"
        return _ACTIONS.get(called, called)

    @property
    def read_only(self) -> bool:
        """Whether the operation changes nothing, as CloudTrail's ``readOnly`` says."""
        return self.operation.startswith(_READ_PREFIXES)

    @property
    def management(self) -> bool:
        """Whether CloudTrail keeps the call as a management event."""
        return f"{self.service}:{self.operation}" not in _DATA_EVENTS


def read_call(environ: "WSGIEnvironment", body: bytes, at: datetime) -> Call | None:
    """Read a request; None if it is not signed with Signature Version 4, which is how every AWS SDK signs."""
    scope = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None:
        return None
    key_id, _, region, service = scope.groups()
    dialect = _dialect(environ, service)
    operation, parameters = _operation(environ, body, service, dialect)
    return Call(
        at=at,
        request_id=str(uuid.uuid4()),
        service=service,
        operation=operation,
        region=region,
        dialect=dialect,
        access_key_id=key_id,
        source_ip=environ.get("HTTP_X_FORWARDED_FOR") or environ.get("REMOTE_ADDR", "127.0.0.1"),
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        parameters=parameters,
    )


def read_unsigned(environ: "WSGIEnvironment", body: bytes, at: datetime) -> Call | None:
    """Read a call of those that AWS takes unsigned, because a token proves who calls; None for any other."""
    if _form_action(environ, body) != "AssumeRoleWithWebIdentity":
        return None
    return Call(
        at=at,
        request_id=str(uuid.uuid4()),
        service="sts",
        operation="AssumeRoleWithWebIdentity",
        region="us-east-1",
        dialect=Dialect.QUERY,
        access_key_id="",
        source_ip=environ.get("HTTP_X_FORWARDED_FOR") or environ.get("REMOTE_ADDR", "127.0.0.1"),
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        parameters=_parameters(environ, body, ("sts", "AssumeRoleWithWebIdentity"), {}),
    )


def _form_action(environ: "WSGIEnvironment", body: bytes) -> str:
    fields = parse_qsl(body.decode(errors="replace")) + parse_qsl(environ.get("QUERY_STRING", ""))
    return str(dict(fields).get("Action", "Unknown"))


def _dialect(environ: "WSGIEnvironment", service: str) -> Dialect:
    if service in {"s3", "ec2"}:
        return Dialect.S3 if service == "s3" else Dialect.EC2
    if "HTTP_X_AMZ_TARGET" in environ:
        return Dialect.QUERY_JSON if service == "sqs" else Dialect.JSON
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return Dialect.QUERY if form or "Action=" in environ.get("QUERY_STRING", "") else Dialect.REST


def _operation(
    environ: "WSGIEnvironment", body: bytes, service: str, dialect: Dialect
) -> tuple[str, Mapping[str, Any]]:
    model_name = _MODEL_NAMES.get(service, service)
    path_parameters: Mapping[str, Any] = {}
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        operation = target.rsplit(".", 1)[-1]
    elif dialect in {Dialect.QUERY, Dialect.EC2}:
        operation = _form_action(environ, body)
    elif service == "s3":
        return _s3_operation(environ)
    else:
        try:
            matched, path_parameters = get_service_router(model_name).match(Request(environ))
        except (NotFound, MethodNotAllowed, UnknownServiceError, NotImplementedError):
            return "Unknown", {}
        operation = str(matched.name)
    return operation, _parameters(environ, body, (model_name, operation), path_parameters)


def _s3_operation(environ: "WSGIEnvironment") -> tuple[str, Mapping[str, Any]]:
    """Tell the plain calls of S3 apart: moto's router does not take botocore's model of it."""
    bucket, _, key = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    method = environ.get("REQUEST_METHOD", "GET")
    if not bucket:
        return "ListBuckets", {}
    named = {"bucketName": bucket} | ({"key": key} if key else {})
    if method == "GET" and not key and query.keys() & {"list-type", "prefix"}:
        listed = named | {"prefix": query.get("prefix", "")}
        return ("ListObjectsV2" if query.get("list-type") == "2" else "ListObjects"), listed
    plain = _S3_OBJECTS if key else _S3_BUCKETS
    return plain.get(method, "Unknown"), named


def _parameters(
    environ: "WSGIEnvironment", body: bytes, operation: tuple[str, str], path_parameters: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Parse by AWS's model of the operation; what the model cannot explain has no parameters, as in a trail."""
    request = Request({**environ, "wsgi.input": BytesIO(body)})
    form = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": body,
        "url_path": request.path,
        "url_params": path_parameters,
    }
    try:
        parsed: Mapping[str, Any] = _parser(*operation, request.content_type).parse(form)
    except (OperationNotFoundError, UnknownServiceError, NotImplementedError, RequestParserError, ValueError):
        return {}
    return parsed


@cache
def _parser(service: str, operation: str, content_type: str | None) -> Any:  # noqa: ANN401 - moto's parsers are untyped
    model = get_service_model(service)
    return PROTOCOL_PARSERS[determine_request_protocol(model, content_type)](model.operation_model(operation))
