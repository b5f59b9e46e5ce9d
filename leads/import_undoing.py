"""Taking an import back: leads that nobody touched since go, messages leave the leads that they joined."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from leads import conversation, merging, pipeline
from leads.models import ContactPoint, Event, Feedback, FieldValue, Import, ImportRow, Lead, Merge, Reply, Submission

Fate, State = ImportRow.Fate, ImportRow.State
Origin = FieldValue.Origin


def take_back(source: Import, at_once: int) -> bool:
    """Takes back the next rows, in the file's order; returns whether there were any. Call it inside a transaction, with
    the import held."""
    rows = list(source.rows.made().order_by("number")[:at_once])
    own = [row for row in rows if row.fate == Fate.CREATE]
    joined = [row for row in rows if row.fate == Fate.JOIN and row.first_number is None]
    followed = [row for row in rows if row.fate == Fate.JOIN and row.first_number is not None]
    _lock(rows)
    _remove_leads(source, own)
    _remove_messages(source, [*joined, *_of_others(source, followed)])
    _close(followed)
    return bool(rows)


def _lock(rows: Sequence[ImportRow]) -> None:
    """The rows' leads, and those that messages moved to by a merge since, in the one order that all keep to."""
    moved = Submission.objects.filter(pk__in=[row.submission_id for row in rows]).values_list("lead", flat=True)
    ids = {row.lead_id for row in rows}.union(moved)
    list(Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def touched(source: Import) -> QuerySet[Lead]:
    """Leads that anybody or anything but the machines' reading worked on, beyond this import's messages."""
    own = source.rows.filter(submission=OuterRef("pk"))
    theirs = Q(lead=OuterRef("pk"))
    marks = (
        Submission.objects.filter(theirs).filter(~Exists(own)),
        Reply.objects.filter(theirs),
        Feedback.objects.filter(theirs),
        FieldValue.objects.filter(theirs, origin__in=[Origin.STAFF, Origin.CRM]),
        Event.objects.filter(theirs).exclude(actor=""),
        ContactPoint.objects.filter(theirs),
        Merge.objects.standing().filter(Q(survivor=OuterRef("pk")) | Q(absorbed=OuterRef("pk"))),
    )
    worked_on = ~Q(status=Lead.Status.NEW) | ~Q(owner=None) | Q(merged_into__isnull=False)
    for mark in marks:
        worked_on |= Q(Exists(mark))
    return Lead.objects.filter(worked_on)


def _remove_leads(source: Import, rows: Sequence[ImportRow]) -> None:
    ids = {row.lead_id for row in rows if row.lead_id is not None}
    kept = set(touched(source).filter(pk__in=ids).values_list("pk", flat=True))
    for row in rows:
        row.state = State.KEPT if row.lead_id in kept else State.UNDONE
    ImportRow.objects.bulk_update(rows, ["state"])
    Lead.objects.filter(pk__in=ids - kept).delete()


def _of_others(source: Import, rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Those that followed an earlier row onto a lead that was there before the import."""
    firsts = source.rows.filter(number__in=[row.first_number for row in rows], fate=Fate.JOIN)
    numbers = set(firsts.values_list("number", flat=True))
    return [row for row in rows if row.first_number in numbers]


def _remove_messages(source: Import, rows: Sequence[ImportRow]) -> None:
    submissions = list(Submission.objects.filter(pk__in=[row.submission_id for row in rows]))
    leads = sorted({submission.lead_id for submission in submissions if submission.lead_id})
    merging.withdraw(submissions)
    for row in rows:
        row.state, row.submission, row.lead = State.UNDONE, None, None
    ImportRow.objects.bulk_update(rows, ["state", "submission", "lead"])
    Submission.objects.filter(pk__in=[submission.pk for submission in submissions]).delete()
    merging.refresh(leads)
    conversation.count_messages(leads)
    _tell(source, leads)
    pipeline.schedule(leads, [settings.LEAD_PIPELINE[0].name], can_wait=True)


def _close(rows: Sequence[ImportRow]) -> None:
    """What followed a row onto a lead of this import went with it, or stays with it."""
    left = [row for row in rows if row.state == State.MADE]
    there = set(Lead.objects.filter(pk__in=[row.lead_id for row in left]).values_list("pk", flat=True))
    for row in left:
        row.state = State.KEPT if row.lead_id in there else State.UNDONE
    ImportRow.objects.bulk_update(left, ["state"])


def _tell(source: Import, leads: Iterable[int]) -> None:
    text = f"The import of “{source.name}” was undone: its message is gone"[:300]
    Event.objects.bulk_create(Event(lead_id=pk, text=text) for pk in leads)
