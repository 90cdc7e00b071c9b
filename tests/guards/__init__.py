"""Tests of the safety guards: one file a rule, and each guard shown to block alone."""
