"""The code with which AWS refused a call, had without importing botocore: permissions are shown without it."""

from iamflow.domain.errors import IamflowError


def code_of(error: IamflowError) -> str | None:
    """Return AWS's own code of the refusal behind an error; None where AWS gave none."""
    response = getattr(error.__cause__, "response", None)
    if not isinstance(response, dict):
        return None
    code = response.get("Error", {}).get("Code")
    return code if isinstance(code, str) else None
