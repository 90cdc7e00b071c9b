"""Tests prove guarantees: one file a guarantee, one sentence a test."""
