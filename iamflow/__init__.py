"""iamflow takes each IAM audit finding safely to its end: notify, wait, deactivate, watch, delete or roll back."""

__version__ = "0.1.0"
