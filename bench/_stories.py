"""What the rules got wrong: the truth, what was recorded beside it, and what they say."""

from collections.abc import Iterable, Iterator

from bench._knowing import Known
from bench._records import Told
from bench._truth import Truth
from notifications.protocol.expectations import Gap
from notifications.protocol.reasons import Rule

OF_USERS = (Rule.E0, Rule.E5)  # owed to whatever device can be told


def story(
    what: str,
    known: Known,
    truth: Truth,
    *,
    gap: Gap | None = None,
    operation: str | None = None,
    device: str | None = None,
) -> str:
    """What was recorded beside the truth, and what the rules say; of a user's gap, of all devices
    that the user ever had."""
    devices = [] if device is None else [device]
    if gap is not None:
        operation = truth.external.get(gap.operation or "", gap.operation)
        devices = [gap.activation] if gap.activation else truth.devices_of(gap.anchor.recipient)
    lines = [f"seed {known.recorded.played.seed} by {', '.join(sorted(known.sources))}: {what}"]
    lines += [f"  truth: {line}" for line in _truth_of(operation, devices, truth)]
    lines += [
        f"  {each.at:%H:%M:%S.%f} {each.source}: {each.message_type} {each.result or ''} to"
        f" {each.activation or each.recipient}{' (copy)' if each.per_device else ''}"
        for each in sorted(known.messages, key=lambda each: each.at)
        if (operation and each.operation == operation)
        or (not operation and each.activation in devices)
        or (gap is not None and gap.rule in OF_USERS and each.activation in devices)
    ]
    for each in known.whole.gaps:
        if gap is not None and each.anchor.id == gap.anchor.id:
            lines.append(
                f"  {each.rule} {each.certainty} {each.reason} ({each.counts_as}):"
                f" {each.message_type} to {each.activation}, at {each.at:%H:%M:%S.%f}, due"
                f" {each.due:%H:%M:%S.%f}, seen {each.seen} until {each.seen_until} {each.other}"
            )
    return "\n".join(lines)


def named(told: Told) -> str:
    fact = told.sent.label.fact
    return f"{fact.owes} of {fact.at:%d %H:%M:%S} to {fact.user.user_id}"


def _truth_of(operation: str | None, devices: Iterable[str], truth: Truth) -> Iterator[str]:
    for told in truth.by_operation.get(operation or "", ()):
        label = told.sent.label
        fates = [f"{each.device.activation_id[:8]} {each.fate}" for each in told.sent.attempts]
        yield (
            f"{label.at:%H:%M:%S.%f} episode {label.fact.episode} {label.fact.owes} for"
            f" {label.fact.device and label.fact.device.activation_id}"
            f" {label.corruption or label.fault or ''} {fates}"
        )
    for device in devices:
        if (life := truth.lives.get(device)) is None:
            continue
        yield from (f"{device} {each.at:%d %H:%M:%S} {each.status}" for each in life.turns)
        yield from (
            f"{device} {each.at:%d %H:%M:%S} registered {bool(each.token)} {each.is_active}"
            for each in life.rows
        )
