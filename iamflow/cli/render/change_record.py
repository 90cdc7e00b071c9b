"""``ticket show`` for people: the change record."""

from datetime import datetime

from iamflow.cli.render import migration
from iamflow.cli.render.guardrail import guardrail
from iamflow.cli.render.record import Section
from iamflow.cli.render.replacement import replacement
from iamflow.cli.render.ticket import Shown, requester
from iamflow.cli.render.words import account, duration, relative, utc, when
from iamflow.domain.evidence import Activity, Baseline, Signal
from iamflow.domain.facts import Facts, KeyFacts, RootFacts, TargetFacts, UserFacts, created_of
from iamflow.domain.merging import kept_of
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval, Ticket, Word

DIGEST_SHOWN = 12
_ACTIVITIES = 20
_FIELDS = {
    "last_use": "last use",
    "password_last_used": "last sign-in",
    "key_last_used": "last use of a key",
    "created_at": "creation",
    "mfa": "MFA",
    "access_key": "access key",
    "last_login": "last sign-in",
}
"""What the fields are called that an older report may tell."""


def title(shown: Shown) -> str:
    """Return the headline: number, workflow, state, since when."""
    ticket = shown.ticket
    return (
        f"Ticket {ticket.id}: {ticket.workflow}, {ticket.state.value} since {when(ticket.state_since, shown.now)}"
        + (f", mode {shown.mode}" if not ticket.ended else "")
    )


def sections(shown: Shown) -> list[Section]:
    """Return the record: finding, owner, impact, plan, approvals, what stands in the way, what was seen, the end."""
    return [
        _finding(shown),
        _owner(shown),
        _impact(shown),
        migration.use(shown.ticket, shown.now),
        migration.role(shown.ticket, shown.now),
        _belongings(shown),
        _plan(shown),
        _standing(shown),
        _brownout(shown),
        _mfa(shown),
        replacement(shown),
        guardrail(shown),
        _signals(shown),
        _end(shown),
    ]


def _finding(shown: Shown) -> Section:
    ticket, facts = shown.ticket, shown.ticket.facts
    section = Section(heading="Finding")
    section.add("account", account(ticket.account_name, ticket.account_id))
    section.add(*_whom(ticket))
    section.add("access key", ticket.access_key_id or "")
    section.add("managed by", f"{ticket.progress.managed}: change it there" if ticket.progress.managed else "")
    created_at = created_of(facts)
    if created_at is not None:
        # A report knows when a user's keys were made, AWS itself when the user was.
        by_keys = isinstance(facts, UserFacts) and facts.source.startswith("iam-audit:")
        label = "oldest key" if by_keys else "created"
        section.add(label, f"{utc(created_at)}, {(shown.now - created_at).days} days ago")
    section.add("status", f"{status_in_words(facts)}, as of {when(facts.as_of, shown.now)} ({facts.source})")
    for kept in kept_of(facts):
        section.add("known from", f"{_FIELDS[kept.field]}: {kept.source}, as of {when(kept.as_of, shown.now)}")
    section.add("finding", "" if facts.holds else "no longer holds in the newest report")
    section.add("opened", f"{when(ticket.opened_at, shown.now)} by {requester(ticket)}")
    return section


def _whom(ticket: Ticket) -> tuple[str, str]:
    """Return what a ticket is about, with the word for it."""
    facts = ticket.facts
    if isinstance(facts, TargetFacts):
        name = f" ({facts.target_name})" if facts.target_name else ""
        return "target", f"{facts.target}{name}"
    return "user", "the account's root user" if isinstance(facts, RootFacts) else ticket.username


def status_in_words(facts: Facts) -> str:
    """Return what is known of a ticket's subject, in a few words."""
    match facts:
        case KeyFacts():
            return facts.status.value
        case UserFacts():
            console = "console password" if facts.console else "no console password"
            return f"{console}, {'MFA' if facts.mfa else 'no MFA'}"
        case TargetFacts():
            return "in the organisation" if facts.target_name is not None else "not looked at yet"
        case RootFacts():
            said = {True: "yes", False: "no", None: "not known"}
            return f"MFA: {said[facts.mfa]}, access key: {said[facts.access_key]}"


def _owner(shown: Shown) -> Section:
    ticket, progress = shown.ticket, shown.ticket.progress
    section = Section(heading="Owner")
    if ticket.owner is not None:
        name = f" {ticket.owner.name}" if ticket.owner.name else ""
        section.add("told", f"{ticket.owner.address} (from {ticket.owner.source}{name})")
    else:
        nobody = ticket.ended or isinstance(ticket.facts, TargetFacts)
        section.add("told", "" if nobody else "not known yet")
    section.add("notice accepted", when(progress.notified_at, shown.now))
    section.add("date promised", when(progress.promised_at, shown.now))
    section.add("reminders", ", ".join(progress.reminders))
    for label, word in (
        ("asked to keep", progress.keep),
        ("grace waived", progress.grace_waiver),
        ("rollback wanted", ticket.wanted_by),
    ):
        section.add(label, _word(word, shown.now))
    return section


def _word(word: Word | None, now: datetime) -> str:
    if word is None:
        return ""
    whom = f" for {word.on_behalf_of}" if word.on_behalf_of else ""
    comment = f": {word.comment}" if word.comment else ""
    return f"{when(word.at, now)} by {word.by}{whom}{comment}"


def _impact(shown: Shown) -> Section:
    section = Section(heading="Impact")
    ticket = shown.ticket
    use = ticket.known_last_use
    if use is not None:
        where = ", ".join(part for part in (use.service, use.region) if part)
        at = f"{when(use.at, shown.now)}{f' ({where})' if where else ''}" if use.at is not None else None
        section.add("last used", at or "never seen, or no data")
    seen = ticket.facts.seen if isinstance(ticket.facts, KeyFacts | UserFacts) else None
    if seen is not None:
        section.add("user last seen", f"{when(seen.at, shown.now)}: {seen.event} ({seen.source})")
    if ticket.baseline is not None:
        _baseline(section, ticket.baseline, shown.now)
    elif ticket.evidence_removed_at is not None:
        section.add("activity", _removed("what CloudTrail told", ticket.evidence_removed_at))
    elif not ticket.ended and ticket.access_key_id is not None:
        section.add("activity", "CloudTrail is searched right before the deactivation")
    return section


def _belongings(shown: Shown) -> Section:
    """Return what the user had before anything was taken: what an approval takes away, and a restoration goes by."""
    section, has = Section(heading="What the user has"), shown.ticket.snapshot
    if has is None:
        return section
    section.add("user id", f"{has.user_id}, path {has.path}")
    section.add("tags", ", ".join(f"{name}={value}" for name, value in sorted(has.tags.items())))
    section.add("boundary", has.boundary or "")
    section.add("groups", ", ".join(has.groups))
    section.add("attached policies", *has.attached)
    section.add("inline policies", ", ".join(has.inline))
    section.add(
        "access keys", *(f"{key.key_id}, {key.status.value}, created {utc(key.created_at)}" for key in has.keys)
    )
    section.add("console password", "yes" if has.login_profile else "no")
    section.add("MFA devices", *has.mfa)
    section.add("SSH public keys", *(f"{key.id}, {key.status.value}" for key in has.ssh_keys))
    section.add("certificates", *(f"{one.id}, {one.status.value}" for one in has.certificates))
    section.add(
        "service credentials", *(f"{one.id}, {one.service}, {one.status.value}" for one in has.service_credentials)
    )
    section.add("digest", has.digest()[:DIGEST_SHOWN])
    return section


def _baseline(section: Section, baseline: Baseline, now: datetime) -> None:
    span = duration(baseline.end - baseline.start)
    section.add("activity", f"{span} before {when(baseline.taken_at, now)}, in {', '.join(baseline.regions)}")
    for region, reason in baseline.excused:
        section.add("not searched", f"{region}: {reason}")
    section.add("only the newest", ", ".join(baseline.truncated))
    shown = [_activity(activity, now) for activity in baseline.activities[:_ACTIVITIES]]
    more = len(baseline.activities) - _ACTIVITIES
    section.add("seen", *shown, f"and {more} more (--output json has all)" if more > 0 else "")
    section.add("seen", "" if baseline.activities else "nothing in CloudTrail")


def _activity(activity: Activity, now: datetime) -> str:
    source = f" from {activity.source_ip}" if activity.source_ip else ""
    agent = f" with {activity.user_agent}" if activity.user_agent else ""
    refused = f" refused with {activity.error_code}" if activity.error_code else ""
    last = relative(activity.last_at, now)
    calls = f"{activity.count} call{'s' if activity.count > 1 else ''}"
    return f"{activity.source} {activity.name} in {activity.region}: {calls}{source}{agent}{refused}, last {last}"


def _plan(shown: Shown) -> Section:
    ticket = shown.ticket
    section = Section(heading="Plan")
    if not ticket.ended:
        section.add("planned", shown.planned)
    section.add("digest", (ticket.plan_digest or "")[:DIGEST_SHOWN])
    section.add("next", shown.next_step)
    section.add("next look", when(ticket.due_at, shown.now))
    section.add(*_deadline(ticket, shown.now))
    section.add("next slot", when(ticket.progress.paced_until, shown.now))
    if not ticket.ended:
        section.add("expected end", when(shown.expected_end, shown.now) or "when a person has decided")
    for approval in shown.approvals:
        section.add("approved", _approval(approval, shown.now))
    return section


def _deadline(ticket: Ticket, now: datetime) -> tuple[str, str]:
    if ticket.state is State.EXEMPT:
        return "exempt until", f"{when(ticket.progress.exempt_until, now)}: {ticket.progress.exempt_reason or ''}"
    if ticket.ended or ticket.deadline is None:
        return "", ""
    return ("watched until" if ticket.key_was_deactivated else "grace until"), when(ticket.deadline, now)


def _approval(approval: Approval, now: datetime) -> str:
    used = (
        f", used {when(approval.used_at, now)}"
        if approval.used_at
        else f", valid until {when(approval.expires_at, now)}"
    )
    comment = f": {approval.comment}" if approval.comment else ""
    return f"{when(approval.at, now)} by {approval.by}, of plan {approval.digest[:DIGEST_SHOWN]}{used}{comment}"


def _standing(shown: Shown) -> Section:
    ticket, progress = shown.ticket, shown.ticket.progress
    section = Section(heading="What stands in the way")
    section.add("blocked" if ticket.state is State.BLOCKED else "held", ticket.blocked_reason)
    if shown.unconfirmed:
        age = duration(shown.now - ticket.facts.as_of)
        section.add("confirmation", f"the report is {age} old: nothing follows before AWS itself was read")
    if not ticket.ended:
        section.add("needs approval", *progress.approval_reasons)
        section.add("waiting for", *progress.waiting_for)
        section.add("came from", ticket.came_from.value if ticket.came_from else "")
    return section


def _brownout(shown: Shown) -> Section:
    section = Section(heading="Brown-out")
    brownout = shown.ticket.progress.brownout
    if brownout is None:
        return section
    section.add("policy", f"{brownout.policy}, on the user {shown.ticket.username}")
    section.add("denied since", when(brownout.attached_at, shown.now) or "not seen yet")
    if brownout.lifted_at is None:
        section.add("denied until", when(brownout.ends_at, shown.now))
        return section
    short = "" if brownout.complete else ", before its time"
    other = ", by somebody other than iamflow" if brownout.removed_by_other else ""
    section.add("removed", f"{when(brownout.lifted_at, shown.now)}{short}{other}")
    section.add("searched", when(brownout.swept_at, shown.now))
    return section


def _mfa(shown: Shown) -> Section:
    policy, enrolment = shown.ticket.progress.mfa_policy, shown.ticket.progress.enrolment
    section = Section(heading="Policy that requires MFA")
    if enrolment is not None:
        said = "; ".join(enrolment.lacking) or "the user's own policies allow it"
        section.add("enrolment", f"{said} (as of {when(enrolment.at, shown.now)})")
    if policy is not None:
        section.add("policy", f"{policy.shape.name} ({policy.shape.how.value})")
        section.add("on the user", when(policy.attached_at, shown.now))
        section.add("gone", when(policy.removed_at, shown.now))
    return section


def _signals(shown: Shown) -> Section:
    browned = shown.ticket.progress.brownout is not None and not shown.ticket.key_was_deactivated
    about_key = shown.ticket.access_key_id is not None
    taken = "Seen after the deactivation" if about_key else "Seen since access was taken"
    section = Section(heading="Seen after the brown-out began" if browned else taken)
    section.add("deactivated" if about_key else "taken", when(shown.ticket.progress.deactivated_at, shown.now))
    for signal in shown.ticket.progress.signals:
        section.add("signal", f"{when(signal.at, shown.now)}: {signal.sentence}", _where(signal))
    if shown.ticket.key_was_deactivated and shown.ticket.evidence_removed_at is not None:
        section.add("signal", _removed("what was seen", shown.ticket.evidence_removed_at))
    return section


def _removed(what: str, at: datetime) -> str:
    return f"{what} was removed by retention on {at:%Y-%m-%d}"


def _where(signal: Signal) -> str:
    """Return who, where from and with what, as far as CloudTrail tells."""
    event = signal.event
    if event is None:
        return ""
    parts = (
        ("by", event.principal or event.username),
        ("from", event.source_ip),
        ("with", event.user_agent),
        ("key", event.access_key_id),
        ("error", event.error_code),
        ("event", event.event_id),
    )
    return ", ".join(f"{name} {value}" for name, value in parts if value)


def _end(shown: Shown) -> Section:
    ticket, progress = shown.ticket, shown.ticket.progress
    section = Section(heading="End")
    if not ticket.ended:
        return section
    section.add("ended", when(ticket.closed_at, shown.now))
    section.add("resolution", ticket.resolution.value if ticket.resolution else "")
    if ticket.confirmation is not None:
        proof = f" by CloudTrail event {progress.proof_event_id}" if progress.proof_event_id else ""
        section.add("confirmation", f"{ticket.confirmation.value}{proof}")
    sweep = progress.final_sweep
    if sweep is not None:
        outcome = "conclusive" if sweep.conclusive else "inconclusive"
        section.add("final sweep", f"{outcome}, {when(sweep.run_at, shown.now)}, in {', '.join(sweep.regions)}")
    if ticket.events_removed_at is not None:
        section.add("history", _removed("it", ticket.events_removed_at))
    return section
