"""Tickets, journal and outbox in a relational database: SQLite by default, PostgreSQL for more than one host.

``iamflow.store.open.open_store`` opens it; ``iamflow.store.migrate`` brings its schema up to date. Nothing is imported here,
so that naming the package costs nothing.
"""
