"""The demonstration: real audit findings, the simulated AWS, and the daemon's own code over nine virtual days."""
