"""iamflow as its users run it: the command in a process of its own, real time, waits of seconds, a simulated AWS."""
