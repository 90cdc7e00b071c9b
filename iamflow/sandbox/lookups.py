"""The sandbox's own answers outside IAM and STS: CloudTrail's lookup, and the enabled regions."""

from collections.abc import Mapping
from datetime import UTC

from iamflow.sandbox.errors import Reply
from iamflow.sandbox.services import Exchange, Handler, Original

# Regions beside the enabled ones that AllRegions shows, so that "enabled" is seen to be a choice.
_NOT_OPTED_IN = ("af-south-1", "me-central-1")


def _lookup_events(exchange: Exchange, _: Original) -> object:
    world, call, account = exchange.world, exchange.call, exchange.principal.account_id
    world.trail.admit(account, call.region, call.at)
    page = world.trail.lookup(account, call.region, call.parameters, call.at)
    events = [event.summary() for event in page.events]
    for event in events:
        event["EventTime"] = event["EventTime"].astimezone(UTC).replace(tzinfo=None)  # moto writes naive UTC
    return {"Events": events, **({"NextToken": page.next_token} if page.next_token else {})}


def describe_regions(exchange: Exchange) -> Reply:
    """Answer with the configured regions, written down here: moto takes more than a second to load its EC2."""
    enabled, named = exchange.world.settings.regions, exchange.parameter("RegionNames")
    shown = [(region, "opt-in-not-required") for region in enabled]
    if exchange.parameter("AllRegions"):
        shown += [(region, "not-opted-in") for region in _NOT_OPTED_IN if region not in enabled]
    items = "".join(
        f"<item><regionName>{region}</regionName><regionEndpoint>ec2.{region}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{status}</optInStatus></item>"
        for region, status in shown
        if not named or region in named
    )
    text = f"<DescribeRegionsResponse><requestId/><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    return Reply(status=200, headers=(("Content-Type", "text/xml"),), body=text.encode())


TRAIL_HANDLERS: Mapping[str, Handler] = {"lookup_events": _lookup_events}
