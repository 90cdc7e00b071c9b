"""Examines everything that iamflow depends on, and says of each thing that is not right what to do.

``result`` is what a check says, each other module is a group of checks, and ``examine`` runs them. Nothing is changed:
no notice is sent, no AWS call but reading ones is made.
"""
