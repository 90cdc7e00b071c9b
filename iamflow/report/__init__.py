"""What iamflow writes for others to read."""
