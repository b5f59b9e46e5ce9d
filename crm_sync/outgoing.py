"""Tells other programs of leads that are new or have changed, by signed messages: in order, each until it is taken.

    lead changed --collect--> waiting --deliver--> sent
                                 ^         +-----> failed: the address finds the message wrong; the next one goes on
                                 +-- no answer: waits, doubled; after GIVE_UP_AFTER tries the address is paused

What an address was last told is kept as a hash: what doesn't change for it costs no message, and whatever dies between
collecting and delivering, nothing is lost and a message keeps its id.
"""

import datetime as dt
import json
import logging
import time
import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from crm_sync import standard_webhooks
from crm_sync.cells import payload_hash
from crm_sync.models import OutgoingMessage, OutgoingRecord, OutgoingWebhook
from crm_sync.push import values_of
from leads import vault
from leads.models import Lead
from leads.models.lead import LeadQuerySet

logger = logging.getLogger(__name__)

AT_ONCE = 100  # leads looked through in one transaction
SHIFT = 5.0  # seconds a shift may go on with delivering: leads wait meanwhile
LEASE = 60  # seconds after which a worker that was at it must have died
LONGEST_WAIT = 3600  # seconds between two tries
GIVE_UP_AFTER = 12  # tries, over about five hours
KEPT = dt.timedelta(days=30)  # of messages that were delivered or refused
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
State = OutgoingMessage.State


def is_due() -> bool:
    now = timezone.now()
    free = OutgoingWebhook.objects.running().filter(busy_until__lte=now)
    return any(_has_work(webhook, now) for webhook in free)


def _has_work(webhook: OutgoingWebhook, now: dt.datetime) -> bool:
    head = _head(webhook)
    if head is not None:
        return head.due_at <= now
    return _changed(webhook).exists() or _gone(webhook).exists()


def work() -> None:
    """A little for each address; the bell rings again while there is more."""
    for webhook in OutgoingWebhook.objects.running():
        if _claim(webhook):
            try:
                collect(webhook)
                _deliver_some(webhook)
            finally:
                OutgoingWebhook.objects.filter(pk=webhook.pk).update(busy_until=timezone.now())
    OutgoingMessage.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(state=State.WAITING).delete()


def _claim(webhook: OutgoingWebhook) -> bool:
    now = timezone.now()
    free = OutgoingWebhook.objects.running().filter(pk=webhook.pk, busy_until__lte=now)
    return bool(free.update(busy_until=now + dt.timedelta(seconds=LEASE)))


# ---- what there is to tell -------------------------------------------------------------------------------------------


def collect(webhook: OutgoingWebhook) -> None:
    """Writes the messages that are due to the address since its leads were last looked through."""
    with transaction.atomic():
        mine = OutgoingWebhook.objects.select_for_update().get(pk=webhook.pk)
        leads = list(_changed(mine).prefetch_related("submissions").select_related("merged_into", "owner")[:AT_ONCE])
        _tell(mine, leads)
        _tell_gone(mine)
        if leads:
            mine.seen_until, mine.seen_pk = leads[-1].updated_at, leads[-1].pk
            mine.save(update_fields=["seen_until", "seen_pk"])


def _changed(webhook: OutgoingWebhook) -> LeadQuerySet:
    """In the order of their changes, and once they have come to rest: half-typed values aren't told."""
    rested = timezone.now() - dt.timedelta(seconds=settings.AIRTABLE_WAIT)
    later = Q(updated_at__gt=webhook.seen_until) | Q(updated_at=webhook.seen_until, pk__gt=webhook.seen_pk)
    leads = Lead.objects.filter(later, updated_at__gte=webhook.seen_until, updated_at__lte=rested)
    leads = leads.filter(is_sample=False, quarantined_at=None)
    return leads.order_by("updated_at", "pk")


def _tell(webhook: OutgoingWebhook, leads: Sequence[Lead]) -> None:
    known = {row.lead_public_id: row for row in webhook.records.filter(lead__in=leads)}
    values = values_of(leads)
    for lead in leads:
        row, data = known.get(lead.public_id), data_of(lead, values[lead.pk])
        told = payload_hash(data)
        if row is None and lead.merged_into_id is None:
            webhook.records.create(lead=lead, lead_public_id=lead.public_id, payload_hash=told)
            _write(webhook, "lead.created", data, lead)
        elif row is not None and row.payload_hash != told:
            OutgoingRecord.objects.filter(pk=row.pk).update(payload_hash=told)
            _write(webhook, "lead.merged" if lead.merged_into_id else "lead.updated", data, lead)


def data_of(lead: Lead, values: dict[str, object]) -> dict[str, object]:
    """What an address is told of a lead: its values by our key, the empty ones left out."""
    if lead.merged_into is not None:
        return {"lead_id": str(lead.public_id), "merged_into": str(lead.merged_into.public_id)}
    filled = {key: value for key, value in values.items() if value not in ("", None)}
    return {key: value.isoformat() if isinstance(value, dt.datetime) else value for key, value in filled.items()}


def _tell_gone(webhook: OutgoingWebhook) -> None:
    for row in _gone(webhook).order_by("pk")[:AT_ONCE]:
        _write(webhook, "lead.deleted", {"lead_id": str(row.lead_public_id)}, None)
        row.delete()


def _gone(webhook: OutgoingWebhook) -> models.QuerySet[OutgoingRecord]:
    """Of leads that were erased or turned out to be spam. One that comes back from quarantine is told as a new one."""
    return webhook.records.filter(Q(lead=None) | Q(lead__in=Lead.objects.quarantined()))


def _write(webhook: OutgoingWebhook, type_: str, data: dict[str, object], lead: Lead | None) -> OutgoingMessage:
    body = {"type": type_, "timestamp": timezone.now().isoformat(timespec="milliseconds"), "data": data}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return webhook.messages.create(lead=lead, message_id=f"msg_{uuid.uuid4().hex}", type=type_, body=text)


# ---- telling it ------------------------------------------------------------------------------------------------------


def _head(webhook: OutgoingWebhook) -> OutgoingMessage | None:
    """The next message: they go in order, so that an older state never arrives after a newer one."""
    return webhook.messages.filter(state=State.WAITING).order_by("id").first()


def _deliver_some(webhook: OutgoingWebhook) -> None:
    end = time.monotonic() + SHIFT
    while time.monotonic() < end:
        head = _head(webhook)
        if head is None or head.due_at > timezone.now() or not deliver(webhook, head):
            return


def deliver(webhook: OutgoingWebhook, message: OutgoingMessage) -> bool:
    """One try; returns whether the next message may go."""
    try:
        secret = vault.unseal(webhook.secret)
    except vault.Unreadable:
        pause(webhook, "Its secret can’t be read any more, because SECRET_KEY has changed. Make a new one.")
        return False
    answer = standard_webhooks.send(
        webhook.url, secret, message_id=message.message_id, timestamp=int(time.time()), body=message.body
    )
    now, row = timezone.now(), OutgoingMessage.objects.filter(pk=message.pk)
    if answer.is_delivered:
        row.update(state=State.SENT, body="", sent_at=now, answer=answer.said)
        OutgoingWebhook.objects.filter(pk=webhook.pk).update(last_success_at=now)
    elif answer.is_over:
        pause(webhook, "The address answers that it wants no more messages (HTTP 410).")
    elif answer.is_final:
        row.update(state=State.FAILED, answer=answer.said)
    else:
        _wait(webhook, message, answer.said)
    return answer.is_delivered or answer.is_final


def _wait(webhook: OutgoingWebhook, message: OutgoingMessage, said: str) -> None:
    attempts = message.attempts + 1
    due_at = timezone.now() + dt.timedelta(seconds=min(5 * 2**attempts, LONGEST_WAIT))
    OutgoingMessage.objects.filter(pk=message.pk).update(attempts=attempts, due_at=due_at, answer=said)
    if attempts >= GIVE_UP_AFTER:
        pause(webhook, f"The address could not be reached {attempts} times in a row. It last answered: {said}")


# ---- what admins do --------------------------------------------------------------------------------------------------


def add(*, name: str, url: str) -> tuple[OutgoingWebhook, str]:
    """A new address that is told what changes from now on, and its secret, which is shown once."""
    secret = standard_webhooks.new_secret()
    return OutgoingWebhook.objects.create(name=name, url=url, secret=vault.seal(secret)), secret


def renew_secret(webhook: OutgoingWebhook) -> str:
    secret = standard_webhooks.new_secret()
    OutgoingWebhook.objects.filter(pk=webhook.pk).update(secret=vault.seal(secret), pause_reason="")
    return secret


def pause(webhook: OutgoingWebhook, reason: str) -> None:
    """Everything waits; what changes meanwhile is told afterwards."""
    logger.warning("Outgoing webhook %s is paused", webhook.pk)
    OutgoingWebhook.objects.filter(pk=webhook.pk).update(pause_reason=reason)


def resume(webhook: OutgoingWebhook) -> None:
    """What waits is tried again at once, in order."""
    webhook.messages.filter(state=State.WAITING).update(attempts=0, due_at=timezone.now())
    OutgoingWebhook.objects.filter(pk=webhook.pk).update(pause_reason="")


def tell_again(webhook: OutgoingWebhook, *, is_refused_only: bool) -> None:
    """Has all leads told as they are now, or those whose last messages were refused."""
    with transaction.atomic():
        records, refused = webhook.records.filter(lead__isnull=False), webhook.messages.filter(state=State.FAILED)
        if is_refused_only:
            records = records.filter(lead__in=refused.values("lead"))
        records.update(payload_hash="")
        refused.delete()
        OutgoingWebhook.objects.filter(pk=webhook.pk).update(seen_until=LONG_AGO, seen_pk=0)


def try_out(webhook: OutgoingWebhook) -> standard_webhooks.Answer:
    """Sends a message of the type `test` at once."""
    body = json.dumps({"type": "test", "timestamp": timezone.now().isoformat(), "data": {}})
    secret = vault.unseal(webhook.secret)
    return standard_webhooks.send(
        webhook.url, secret, message_id=f"msg_{uuid.uuid4().hex}", timestamp=int(time.time()), body=body
    )
