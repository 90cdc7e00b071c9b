"""How an access key id is shown to people who need not know it whole."""

HIDDEN = 7
"""How many of the last characters a notice hides."""


def masked(key_id: str) -> str:
    """Return the key id with its last seven characters hidden, as every notice shows it."""
    shown = max(len(key_id) - HIDDEN, 0)
    return key_id[:shown] + "*" * (len(key_id) - shown)
