"""A simulated AWS on loopback, for demonstrations and tests.

It answers real, signed boto3 requests over HTTP (``AWS_ENDPOINT_URL``). moto carries the services; this package adds
what moto leaves out and what a remediation depends on: refused keys, CloudTrail, trust and session policies, last use
in steps of 15 minutes, faults, and a clock that moves only when told to. It never meets production.

Import from the modules, so that importing this package stays cheap (moto is an optional extra)::

    from iamflow.sandbox.clock import VirtualClock
    from iamflow.sandbox.settings import SandboxSettings
    from iamflow.sandbox.server import Sandbox

    with Sandbox(clock=VirtualClock(start), settings=SandboxSettings()) as sandbox:
        sandbox.seed.account("562458925665", "prod-payments")
        sandbox.seed.user("562458925665", "etl")
        sandbox.seed.key("562458925665", "etl", "AKIAYF5JKDJQS3LDLOIV")
        sandbox.use_key("AKIAYF5JKDJQS3LDLOIV", service="s3", operation="ListBuckets")

- ``sandbox.seed`` lays the organisation out; ``sandbox.owner`` is the people who act behind iamflow's back, and
  ``sandbox.console`` those who sign in with a password; ``sandbox.use_key``, ``use_role`` and ``use_pipeline`` are
  applications; ``sandbox.faults`` breaks things on purpose.
- ``sandbox.mutations()``, ``sandbox.calls()`` and ``sandbox.key_status()`` tell what really happened.
- One sandbox at a time in a process: moto's state is global.

Simplifications to know:

- An IAM user may do whatever no policy of his, of his groups or of the organisation denies. Roles with a policy may do
  only what it allows; roles without one may do everything. Session policies narrow as in AWS. Boundaries are kept and
  shown, and not weighed.
- Resources are weighed for IAM, and for the roles that are handed to services; not for other services.
- Changes are seen at once everywhere, unless a fault says otherwise.
"""
