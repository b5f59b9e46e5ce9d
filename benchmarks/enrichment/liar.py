"""What becomes of a model that lies: `python -m benchmarks enrichment.liar` (REAL=100: so many for the real one).

Every inquiry of the labelled set is a lead that passes rules and model. The scripted liar answers three times, as
another business each time; the real one (SmolLM2, 135 million parameters) once for the first inquiries by a shuffle.
"""

import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.test.utils import get_runner

from benchmarks.enrichment import labelled
from benchmarks.enrichment.labelled import Inquiry
from benchmarks.figures import Figure, at_least, at_most
from enrichment import normalise, stages
from enrichment.models import Enrichment
from enrichment.normalise import fold
from enrichment.wording import unsupported
from leads.fields import FIELDS, Group
from leads.intake import receive
from leads.models import FieldValue, Lead
from tests.servers.ollama import OllamaServer
from tests.servers.ollama_liar import lies

BUSINESSES = ("automotive", "medspa", "consulting")
REAL = int(os.environ.get("REAL", "40"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`answers`: how often the model answered; `usable`: how many could be read; `invented`: facts in the database that
    don't occur in their message, each with its lead; `kept` and `dropped`: parts of the answers."""

    answers: int
    usable: int
    kept: int
    dropped: int
    invented: tuple[str, ...]
    stuck: int


def run() -> list[Figure]:
    settings.OLLAMA_TIMEOUT = 60
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        inquiries = labelled.read()
        with OllamaServer(answer=lies) as server:
            liar = _all(server, inquiries, BUSINESSES)
        real = _real(random.Random(1).sample(inquiries, min(REAL, len(inquiries))))
    finally:
        runner.teardown_databases(databases)
    return [*_figures("scripted liar", liar, 1000), *_figures("SmolLM2-135M", real, 1)]


def _real(inquiries: Sequence[Inquiry]) -> Outcome:
    from tests.servers.llama import MODEL, LlamaServer

    settings.OLLAMA_MODEL = MODEL
    with LlamaServer() as server:
        return _all(server, inquiries, ("automotive",))


def _all(server: OllamaServer, inquiries: Sequence[Inquiry], businesses: Iterable[str]) -> Outcome:
    settings.OLLAMA_BASE_URL = server.url
    stuck = 0
    leads: list[int] = []
    for business in businesses:
        settings.BUSINESS_TYPE = business
        for inquiry in inquiries:
            lead = receive(inquiry.text, source="api", contact=inquiry.typed)
            leads.append(lead.pk)
            stuck += not _pass(lead)
    answers = Enrichment.objects.filter(lead__in=leads)
    used = answers.filter(outcome=Enrichment.Outcome.USED)
    values = FieldValue.objects.filter(lead__in=leads)
    return Outcome(
        answers=answers.count(),
        usable=used.count(),
        kept=values.filter(origin="model").count(),
        dropped=sum(len(dropped) for dropped in used.values_list("dropped", flat=True)),
        invented=tuple(_invented(values)),
        stuck=stuck,
    )


def _pass(lead: Lead) -> bool:
    """Whether the lead came through, with the model's answer or without it."""
    for stage in (stages.extract, stages.enrich, stages.score):
        (found,) = Lead.objects.filter(pk=lead.pk).prefetch_related("submissions")
        outcome = stage([found])
        outcome.save()
        if outcome.later:
            return False
    return True


def _invented(values: QuerySet[FieldValue]) -> list[str]:
    """Facts and sentences whose words are not where they are said to be, or say something else."""
    found = []
    for value in values.exclude(origin="submitter").select_related("evidence_submission", "lead"):
        reason = _wrong(value)
        if reason:
            found.append(f"lead {value.lead_id} {value.field} {value.value!r} ({value.origin}): {reason}")
    return found


def _wrong(value: FieldValue) -> str:
    known = FIELDS[value.field]
    text = "\n".join(value.lead.submissions.values_list("text", flat=True))
    if known.group is Group.JUDGEMENT:
        typed = " ".join(word for each in value.lead.submissions.all() for word in each.contact.values())
        is_told = value.origin == "model" and value.field in ("summary", "topics")
        return unsupported(value.value, fold(f"{text} {typed}").text, names=value.field == "summary") if is_told else ""
    source = value.evidence_submission
    if source is None:
        return "no evidence"
    if source.text[value.evidence_start : value.evidence_end] != value.evidence_text:
        return "the evidence is elsewhere"
    if value.field in ("email", "first_name", "last_name", "company", "place", "product") and value.origin == "model":
        return "" if fold(value.value).text in fold(value.evidence_text).text else "the value is not in its words"
    if value.field == "phone":
        read = normalise.phone(value.evidence_text, settings.DEFAULT_REGION)
        digits = "".join(filter(str.isdigit, value.evidence_text)).lstrip("0")
        return "" if read == value.value or value.value.endswith(digits[-7:]) else "another number"
    return ""


def _figures(name: str, outcome: Outcome, least: int) -> list[Figure]:
    for invented in outcome.invented[:20]:
        print(f"  {name}: {invented}")
    print(f"  {name}: {outcome.kept} values kept of the model's, {outcome.dropped} parts dropped")
    return [
        at_least(f"Answers of the {name}", outcome.answers, least),
        Figure(f"Of them usable, {name}", str(outcome.usable)),
        at_most(f"Facts not in their message, {name}", len(outcome.invented), 0),
        at_most(f"Leads stuck, {name}", outcome.stuck, 0),
    ]
