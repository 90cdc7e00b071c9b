"""Measures iamflow against floors in the same run: ``python -m benchmarks`` writes ``results.md``."""
