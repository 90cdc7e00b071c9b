"""The use cases: intake, advance, reconcile, steer, outbox, queries. Adapters fulfil the Protocols in ``ports``."""
