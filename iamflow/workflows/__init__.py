"""The workflows, one module each: a table of states and transitions, what to look at, and what to decide."""
