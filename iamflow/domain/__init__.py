"""The pure core: frozen values and rules. Imports the standard library only and does no I/O."""
