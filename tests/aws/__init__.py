"""The AWS adapter over real HTTP: against the simulated AWS, and against a scripted one for answers AWS rarely gives."""
