"""Signature Version 4, checked as AWS checks it: a call with the wrong secret is refused.

The algorithm is that of "Signing AWS API requests" in the IAM user guide. The age of a request is not checked,
because callers sign with the real clock while the sandbox lives by its own.
"""

import hashlib
import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HEADER = re.compile(r"Credential=[^/]+/([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)")


def is_signed_with(environ: "WSGIEnvironment", body: bytes, secret: str) -> bool:
    """Whether a request bears the signature that this secret makes."""
    found = _HEADER.search(environ.get("HTTP_AUTHORIZATION", ""))
    if found is None:
        return False
    scope, signed_headers, signature = found.groups()
    canonical = _canonical_request(environ, body, signed_headers.split(";"), scope.split("/")[2])
    when = environ.get("HTTP_X_AMZ_DATE", "")
    to_sign = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.new(key, to_sign.encode(), "sha256").hexdigest(), signature)


def _canonical_request(environ: "WSGIEnvironment", body: bytes, signed: list[str], service: str) -> str:
    target = urlsplit(environ.get("RAW_URI", "/"))
    # S3 alone signs the path as it is sent; the others encode it once more.
    path = target.path if service == "s3" else quote(target.path, safe="/~")
    pairs = parse_qsl(target.query, keep_blank_values=True)
    query = "&".join(sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs))
    headers = "".join(f"{name}:{' '.join(_header(environ, name).split())}\n" for name in signed)
    digest = environ.get("HTTP_X_AMZ_CONTENT_SHA256") or hashlib.sha256(body).hexdigest()
    return "\n".join([environ["REQUEST_METHOD"], path or "/", query, headers, ";".join(signed), digest])


def _header(environ: "WSGIEnvironment", name: str) -> str:
    key = name.upper().replace("-", "_")
    value: str = environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}", "")
    return value
