"""What this host says of whoever sits at it, and of itself."""

import os
import pwd
import socket
from pathlib import Path

_LOGIN_UID = Path("/proc/self/loginuid")
_NO_LOGIN = 2**32 - 1


def login_user() -> str:
    """Return the login user's name, which sudo does not change; the real user where the kernel knows no login."""
    try:
        uid = int(_LOGIN_UID.read_text(encoding="ascii"))
    except (OSError, ValueError):
        uid = _NO_LOGIN
    if uid == _NO_LOGIN:
        uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def mail_host() -> str:
    """Return this host's name in a form that a mail address can end with."""
    name = socket.gethostname()
    return name if "." in name else f"{name}.localdomain"


def credentials_at_hand() -> bool:
    """Return whether AWS credentials are likely to be found without asking the network, to spare most commands boto3."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    return any(os.environ.get(name) for name in named) or (Path.home() / ".aws").is_dir()
