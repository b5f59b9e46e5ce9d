"""Takes leads in one after the other, as they came, and compares each with the earlier ones: what an evaluation
measures. Meant for a scratch database."""

import datetime as dt
import time
from collections.abc import Callable, Sequence

import phonenumbers
from django.db import transaction

from enrichment import duplicates, embedding, stages
from enrichment.evaluation import Compared, Lesson, Row
from enrichment.models import LearnedWeights
from enrichment.weighing import WORTH_ASKING
from leads import intake, merging
from leads.keys import email_key
from leads.matching import WEIGHTS_VERSION
from leads.merging import NewValues
from leads.models import FieldValue, Lead, LeadSource, Submission
from leads.names import split_name
from leads.values import Contact, FoundValue

BLOCK = 64
KEPT = 0.001  # pairs that are less likely are of no interest
SOURCES = {"csv": LeadSource.CSV_IMPORT} | {source.value: source for source in LeadSource}


def run(
    rows: Sequence[Row],
    *,
    lesson: Lesson | None = None,
    with_examples: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Compared:
    """Compares each row's lead with those of the rows before it, by the real code.

    Intake and encoding go by blocks, since both are much faster so. A lead has neither keys nor a vector before its
    turn: no earlier one sees it.
    """
    if lesson is not None:
        _teach(lesson)
    compared = Compared(rows)
    place_of: dict[int, int] = {}
    begun = time.perf_counter()
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        leads = _take_in(block)
        embedding.encode_ahead([stages.embedded_text(lead) for lead in leads])
        for at, lead in enumerate(leads, start):
            place_of[lead.pk] = at
            compared.keys.append((email_key(lead.email), lead.phone_key))
            _compare(lead, place_of, compared, with_examples=with_examples)
        if start % (BLOCK * 32) == 0 or start + BLOCK >= len(rows):
            progress(start + len(block), len(rows))
    compared.total_seconds = time.perf_counter() - begun
    return compared


def _compare(lead: Lead, place_of: dict[int, int], compared: Compared, *, with_examples: bool) -> None:
    with transaction.atomic():
        stages.embed([lead]).save()
    begun = time.perf_counter()
    findings = duplicates.find([lead], least=WORTH_ASKING if with_examples else duplicates.LIKELY)
    if not with_examples:
        with transaction.atomic():
            duplicates.save(findings)
    compared.seconds.append(time.perf_counter() - begun)
    compared.weights = findings.weights
    for pair, likelihood in findings.probabilities.items():
        if likelihood >= KEPT:
            compared.probabilities[place_of[pair[0]], place_of[pair[1]]] = likelihood
    for pair, item in findings.likely.items():
        first, second = (place_of[pk] for pk in pair)
        compared.suggested[first, second] = item.match.probability
        if with_examples:
            is_same = compared.rows[first].person == compared.rows[second].person
            example = {"signals": dict(item.match.signals), "log_odds": item.match.log_odds, "is_same": is_same}
            compared.examples.append(example)


def _teach(lesson: Lesson) -> None:
    LearnedWeights.objects.create(
        version=1,
        shipped=WEIGHTS_VERSION,
        coefficients=dict(lesson.coefficients),
        decisions=lesson.decisions,
        is_active=True,
    )


# ---- intake ----------------------------------------------------------------------------------------------------------


def _take_in(block: Sequence[Row]) -> list[Lead]:
    """The leads of the rows, in their order, as inquiries that gave their fields arrive."""
    with transaction.atomic():
        kept = [_keep(row) for row in block]
        Submission.objects.bulk_update(kept, ["received_at"])
        intake.admit_waiting(as_they_are=True)
        found = Lead.objects.filter(submissions__in=kept).prefetch_related("submissions").order_by("submissions__pk")
        leads = list(found)
        # An inquiry has no field for it: rules or the model read it from the message.
        places = [
            NewValues(lead, [FoundValue("place", row.place)])
            for lead, row in zip(leads, block, strict=True)
            if row.place
        ]
        merging.apply(places, origin=FieldValue.Origin.RULE)
    return leads


def _keep(row: Row) -> Submission:
    first, last = split_name(row.name)
    contact = Contact(first[:100], last[:100], row.email[:254], _phone(row)[:40], row.company[:200])
    submission = intake.keep(row.message, source=SOURCES.get(row.source, LeadSource.API), contact=contact)
    submission.received_at = dt.datetime.fromtimestamp(row.at, dt.UTC)
    return submission


def _phone(row: Row) -> str:
    """International, read in the row's own region: an installation has one region, the file's leads have many."""
    try:
        read = phonenumbers.parse(row.phone, row.region or None)
    except phonenumbers.NumberParseException:
        return row.phone
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
