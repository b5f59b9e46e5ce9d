"""Calls of other services: stored at once as they came, taken in by the worker once it is known which value is what.

waiting --> taken                      the same call again --> repeated
   ^  +---> unmapped (nobody said yet which value is what; saving the mapping makes it wait again)
   +------> unreadable, with the reason
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leads import facebook, intake, pipeline, vault, webhook_payloads
from leads.intake import LONGEST_TEXT
from leads.models import LeadSource, Submission, Webhook, WebhookDelivery
from leads.webhook_mapping import inquiry_of, is_for, proposed
from leads.webhook_payloads import Unreadable, Value

logger = logging.getLogger(__name__)
State = WebhookDelivery.State

AT_ONCE = 40  # deliveries a shift takes before leads come first again
LOOKED_AT = 20  # of the last calls, for the screen where values are mapped
SAME_CALL = dt.timedelta(days=1)  # within which the same body is the same call, where the sender gives it no number
AWAY = 30  # seconds for which Facebook isn't asked after it did not answer
LONGEST_WAIT = 3600  # seconds
NO_MAPPING = "Nobody said yet which value is what."
OTHER_FORM = "None of its values are among those that were mapped."
EMPTY = "None of the values that were mapped says anything."


def keep(webhook: Webhook, body: bytes, content_type: str) -> WebhookDelivery:
    """Stores a call as it came and rings for a worker. One INSERT: the sender is waiting."""
    digest = hashlib.sha256(body).hexdigest()
    delivery = WebhookDelivery.objects.create(
        webhook=webhook, body=body, content_type=content_type[:200], digest=digest
    )
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return delivery


def is_due() -> bool:
    return WebhookDelivery.objects.due().exists()


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.LEAD_PIPELINE[0].cluster)


def take_due() -> None:
    """Takes in some of what waits, oldest first; each on its own, so that a bad one blocks no other."""
    for pk in WebhookDelivery.objects.due().order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
        try:
            _take(pk)
        except pipeline.DATABASE_AWAY:
            raise
        except Exception as error:
            logger.exception("Delivery %s could not be taken in", pk)
            said = f"It could not be taken in ({type(error).__name__})."
            WebhookDelivery.objects.filter(pk=pk).update(state=State.UNREADABLE, problem=said)


def try_again(webhook: Webhook) -> int:
    """Has the worker look again at what waits for a mapping or could not be read; returns how many."""
    count = webhook.deliveries.stuck().update(state=State.WAITING, problem="", due_at=timezone.now(), attempts=0)
    count += webhook.deliveries.waiting().exclude(problem="").update(due_at=timezone.now(), attempts=0)
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)
    return count


def save_mapping(webhook: Webhook, mapping: dict[str, str]) -> int:
    """Which value is what, from now on and for what waited; returns how many waited."""
    with transaction.atomic():
        webhook.mapping = mapping
        webhook.save(update_fields=["mapping"])
        return try_again(webhook)


def looked_at(webhook: Webhook) -> list[Value]:
    """The values of the last calls, each path once with its latest text, as the mapping's screen lists them."""
    found: dict[str, Value] = {}
    for delivery in webhook.deliveries.exclude(state=State.UNREADABLE)[:LOOKED_AT]:
        for value in values_of(delivery):
            found.setdefault(value.path, value)
    return list(found.values())[: webhook_payloads.MOST_VALUES]


def values_of(delivery: WebhookDelivery) -> list[Value]:
    """What the call holds, or what Facebook answered before. Empty where it can't be read."""
    try:
        items = delivery.answers or [webhook_payloads.parse(bytes(delivery.body), delivery.content_type)]
    except Unreadable:
        return []
    return [value for item in items for value in webhook_payloads.values_of(delivery.webhook.kind, item)]


def mapping_for(webhook: Webhook, values: Sequence[Value]) -> dict[str, str]:
    """What was chosen, and for values that nobody decided on what they probably are."""
    guesses = proposed(values)
    return {value.path: webhook.mapping.get(value.path, guesses[value.path]) for value in values}


# ---- what the worker does --------------------------------------------------------------------------------------------


def _take(pk: int) -> None:
    delivery = WebhookDelivery.objects.due().select_related("webhook").filter(pk=pk).first()
    if delivery is None:
        return
    try:
        payload = webhook_payloads.parse(bytes(delivery.body), delivery.content_type)
        items = _items(delivery, payload)
    except Unreadable as error:
        _say(delivery, State.UNREADABLE, str(error))
    except (facebook.NotNow, vault.Unreadable) as error:
        _wait(delivery, str(error) or "The access token can't be read any more; type it in again.")
        if isinstance(error, facebook.Away):
            _leave_alone()
    else:
        _store(delivery, items)


def _leave_alone() -> None:
    """Leads wait while Facebook is asked: one question is enough to know that nobody is there."""
    others = WebhookDelivery.objects.due().filter(webhook__kind=Webhook.Kind.FACEBOOK, answers=[])
    others.update(due_at=timezone.now() + dt.timedelta(seconds=AWAY))


def _items(delivery: WebhookDelivery, payload: Any) -> list[Any]:
    """The inquiries of a call: one, but for Facebook, which announces several at once. Asks Facebook."""
    if delivery.webhook.kind != Webhook.Kind.FACEBOOK:
        return [payload]
    if delivery.answers:
        return list(delivery.answers)
    announced = webhook_payloads.leadgens(payload)
    if not announced:
        raise Unreadable("It announces no lead.")
    token = vault.unseal(delivery.webhook.access_token)
    found = [each if each.get("field_data") else facebook.answers(str(each["leadgen_id"]), token) for each in announced]
    WebhookDelivery.objects.filter(pk=delivery.pk).update(answers=found)
    return found


def _store(delivery: WebhookDelivery, items: Sequence[Any]) -> None:
    with transaction.atomic():
        held = WebhookDelivery.objects.select_for_update(of=("self",), skip_locked=not settings.IS_SQLITE)
        fresh = held.select_related("webhook").waiting().filter(pk=delivery.pk).first()
        if fresh is None:
            return  # another worker has it
        outcomes = [_store_one(fresh, item) for item in items]
        problem = next((outcome for outcome in outcomes if isinstance(outcome, str)), "")
        if problem:  # what was stored of it stays, and is known again by its number
            _say(delivery, State.UNMAPPED, problem)


def _store_one(delivery: WebhookDelivery, item: Any) -> Submission | str:
    """The submission that came of it, or why none can yet."""
    webhook = delivery.webhook
    values = webhook_payloads.values_of(webhook.kind, item)
    if not webhook.mapping:
        return NO_MAPPING
    if not is_for(webhook.mapping, values):
        return OTHER_FORM
    inquiry = inquiry_of(values, webhook.mapping)
    if inquiry.is_empty:
        return EMPTY
    key = _idempotency_key(delivery, item)
    earlier = Submission.objects.filter(idempotency_key=key).first()
    if earlier is not None:
        _say(delivery, State.REPEATED, "", submission=earlier)
        return earlier
    submission = intake.keep(
        inquiry.text[:LONGEST_TEXT],
        source=LeadSource.API if webhook.kind == Webhook.Kind.OTHER else LeadSource.WEB_FORM,
        contact=inquiry.contact,
        payload={"webhook": webhook.name, "received": item},
        idempotency_key=key,
    )
    _say(delivery, State.TAKEN, "", submission=submission)
    return submission


def _idempotency_key(delivery: WebhookDelivery, item: Any) -> str:
    """By the sender's own number, else by the body: the first of equal calls within a day stands for them all."""
    number = webhook_payloads.sender_id(delivery.webhook.kind, item)
    if number:
        return f"webhook:{delivery.webhook_id}:{number}"
    since = delivery.received_at - SAME_CALL
    same = WebhookDelivery.objects.filter(webhook=delivery.webhook_id, digest=delivery.digest, received_at__gte=since)
    first = same.filter(pk__lte=delivery.pk).order_by("pk").values_list("pk", flat=True).first()
    return f"webhook:{delivery.webhook_id}:call-{first or delivery.pk}"


def _say(delivery: WebhookDelivery, state: str, problem: str, submission: Submission | None = None) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk).update(state=state, problem=problem, submission=submission)


def _wait(delivery: WebhookDelivery, reason: str) -> None:
    after = min(30 * 2 ** min(delivery.attempts, 10), LONGEST_WAIT)
    due_at = timezone.now() + dt.timedelta(seconds=after)
    waiting = WebhookDelivery.objects.waiting().filter(pk=delivery.pk)
    waiting.update(problem=reason, due_at=due_at, attempts=min(delivery.attempts + 1, 100))
