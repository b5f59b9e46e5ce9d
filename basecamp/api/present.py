"""How leads look to other programs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from basecamp.api import schemas
from basecamp.api.storing import status_url
from crm_sync import connection
from crm_sync.airtable import record_url
from crm_sync.models import CrmRecord
from enrichment.checking import Known
from enrichment.models import Enrichment
from enrichment.similar import SimilarInquiry
from leads.fields import CONTACT, FIELDS, Group
from leads.models import DuplicateSuggestion, FieldValue, Lead
from leads.steps import Step, steps_of


def next_url(request: HttpRequest, cursor: str) -> str | None:
    """This request's address with another cursor; None without one."""
    if not cursor:
        return None
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"{settings.SITE_URL}{request.path}?{query.urlencode()}"


def brief(lead: Lead) -> schemas.LeadBrief:
    return schemas.LeadBrief(**_head(lead), enrichment=schemas.Judgement(**_judgement(lead)))


def similar(inquiry: SimilarInquiry) -> schemas.SimilarLead:
    return schemas.SimilarLead(
        lead=brief(inquiry.lead),
        similarity=round(inquiry.closeness, 4),
        words=inquiry.words,
        reply=inquiry.reply,
        handled_at=inquiry.handled_at,
        handled_by=inquiry.handled_by,
    )


def known(found: Known) -> schemas.KnownLead:
    return schemas.KnownLead(
        lead=brief(found.lead),
        probability=round(found.probability, 4),
        reasons=list(found.reasons),
        similarity=None if found.similarity is None else round(found.similarity, 4),
    )


def whole(lead: Lead) -> schemas.LeadOut:
    """Everything known of a lead that comes with its submissions, values, runs and CRM record."""
    current = {value.field: value for value in lead.values.all() if value.state == FieldValue.State.CURRENT}
    suggested = [value for value in lead.values.all() if value.state == FieldValue.State.SUGGESTED]
    return schemas.LeadOut(
        **_head(lead),
        submissions=[_submission(found) for found in lead.submissions.all()],
        enrichment=_enriched(lead, current),
        values=[_value(value) for value in current.values()],
        suggestions=[_value(value) for value in suggested],
        duplicate_suggestions=_duplicates(lead),
        stages=[_stage(step) for step in steps_of(lead)],
        crm=_crm(getattr(lead, "crm_record", None)),
    )


def _head(lead: Lead) -> dict[str, Any]:
    return {
        "id": lead.public_id,
        "url": settings.SITE_URL + lead.get_absolute_url(),
        "status_url": status_url(lead),
        "contact": schemas.Contact(**{key: getattr(lead, key) for key in CONTACT}),
        "source": lead.source,
        "status": lead.status,
        "is_sample": lead.is_sample,
        "received_at": lead.received_at,
        "updated_at": lead.updated_at,
    }


def _judgement(lead: Lead) -> dict[str, Any]:
    return {key: getattr(lead, key) for key in ("intent", "urgency", "quality_score", "summary")}


def _enriched(lead: Lead, current: dict[str, FieldValue]) -> schemas.Enriched:
    texts = {key: value.value for key, value in current.items()}
    confidences = {key: value.confidence for key, value in current.items()}
    answer = _latest_answer(lead)
    return schemas.Enriched(
        **_judgement(lead),
        intent_confidence=confidences.get("intent"),
        urgency_confidence=confidences.get("urgency"),
        score_reasons=lead.score_reasons,
        topics=[topic.strip() for topic in texts.get("topics", "").split(",") if topic.strip()],
        language=texts.get("language", ""),
        reply=texts.get("reply", ""),
        entities={key: text for key, text in texts.items() if text and _is_fact(key)},
        model=answer.model if answer else "",
        prompt_version=answer.prompt_version if answer else "",
        enriched_at=answer.created_at if answer else None,
    )


def _is_fact(key: str) -> bool:
    return key not in FIELDS or FIELDS[key].group is Group.FACT


def _latest_answer(lead: Lead) -> Enrichment | None:
    kind = Enrichment.Kind.READING
    used = Enrichment.objects.filter(lead=lead, kind=kind, outcome=Enrichment.Outcome.USED)
    return used.only("model", "prompt_version", "created_at").order_by("-id").first()


def _submission(submission: Any) -> schemas.SubmissionOut:
    return schemas.SubmissionOut(
        id=submission.pk,
        source=submission.source,
        text=submission.text,
        received_at=submission.received_at,
        attachments=[
            schemas.AttachmentOut(**{name: getattr(file, name) for name in schemas.AttachmentOut.model_fields})
            for file in submission.attachments.all()
        ],
    )


def _value(value: FieldValue) -> schemas.ValueOut:
    return schemas.ValueOut(
        field=value.field,
        value=value.value,
        origin=value.origin,
        confidence=value.confidence,
        evidence=_evidence(value),
        note=value.note,
        made_by=value.made_by,
        is_locked=value.is_locked,
        at=value.created_at,
    )


def _evidence(value: FieldValue) -> schemas.EvidenceOut | None:
    if value.evidence_start is None or value.evidence_end is None:
        return None
    return schemas.EvidenceOut(
        submission=value.evidence_submission_id,
        start=value.evidence_start,
        end=value.evidence_end,
        text=value.evidence_text,
    )


def _duplicates(lead: Lead) -> list[schemas.DuplicateOut]:
    """What is to be reviewed, and what was decided."""
    found = DuplicateSuggestion.objects.about(lead.pk)
    shown = found.to_review() | found.decided()
    return [
        schemas.DuplicateOut(
            lead_id=(found.second if found.first_id == lead.pk else found.first).public_id,
            probability=found.probability,
            reasons=found.reasons,
            state=found.state,
        )
        for found in shown.select_related("first", "second").likeliest_first()
    ]


def _stage(step: Step) -> schemas.StageOut:
    is_gated = step.state == "gated"
    run = step.run
    return schemas.StageOut(
        stage=step.stage,
        label=step.label,
        state=run.state if run else step.state,
        reason=run.reason if run and is_gated else step.reason,
        note=step.note,
        attempts=run.attempts if run else 0,
        gate_reason=step.reason if is_gated else "",
    )


def _crm(record: CrmRecord | None) -> schemas.CrmOut:
    if record is None:
        return schemas.CrmOut(
            state="waiting" if connection.current() else "not_connected", record_id="", error="", url=""
        )
    url = record_url(record.base_id, record.table_id, record.record_id) if record.record_id else ""
    return schemas.CrmOut(state=record.state, record_id=record.record_id, error=record.last_error, url=url)
