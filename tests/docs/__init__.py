"""What the documentation says is drawn from the code, or checked against it."""
