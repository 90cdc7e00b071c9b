"""The daemon: APScheduler as a mere ticker, signals, drain, heartbeat. The rows in the database are the truth."""
