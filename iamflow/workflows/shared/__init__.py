"""What workflows share: the way to the first step, refusals, the proof at the end, the words to people."""
