"""The command line: each command parses, makes one call, and renders what came of it. A file a noun."""
