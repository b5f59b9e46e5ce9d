"""The quarantine: what looks like spam is set aside with the reasons, for somebody to decide. Nothing is ever deleted.

    waiting --screen--> suspect --"Spam"--> spam          (both held: no lead, no stage, no CRM, no mail)
                           |                  |
                           +---"Not spam"-----+--> not spam: a lead comes of it, as of any other

Each decision teaches the filter (`leads.spam.lessons`), and each can be taken back. A lead that is marked as spam goes
the same way with all its messages, and comes back as it was.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from numpy.typing import NDArray

from leads import pipeline
from leads.models import Event, Lead, LeadSource, SpamLesson, StageRun, Submission
from leads.spam import Incoming, Lesson, judge, learned, lessons, rules
from leads.spam import Verdict as Judgement

Verdict = Submission.Verdict
SCREENED = (LeadSource.WEB_FORM, LeadSource.EMAIL)  # what strangers send; the rest comes from staff and their programs
COPIES_WITHIN = dt.timedelta(days=30)
MOST_COPIES = 200  # that are looked at
MOST_LESSONS = 2000  # the newest count


@dataclass(slots=True)
class _Taught:
    """The correction that this process learned last, and from which lessons."""

    version: tuple[int, int] = (0, 0)
    correction: NDArray[np.float32] | None = None


_taught = _Taught()


def held_for(suspicion: str) -> dict[str, Any]:
    """The columns of a submission that is set aside at once for one reason; none without."""
    return {"is_held": True, "verdict": Verdict.SUSPECT, "spam_reasons": [suspicion]} if suspicion else {}


# ---- what comes in -------------------------------------------------------------------------------------------------


def screen(submissions: Sequence[Submission]) -> list[Submission]:
    """Sets aside what looks like spam and returns the others. For the worker, in the transaction that admits them."""
    strange = [each for each in submissions if each.source in SCREENED and _is_strange(each)]
    if not strange:
        return list(submissions)
    correction = _correction()
    for submission in strange:
        submission.text_print = _print(submission.text)
    copies = _copies(strange)
    for submission in strange:
        _hold_if_suspect(submission, _judged(submission, copies, correction))
    columns = ["text_print", "spam_score", "spam_reasons", "is_held", "verdict"]
    Submission.objects.bulk_update(strange, columns)
    return [submission for submission in submissions if not submission.is_held]


def _is_strange(submission: Submission) -> bool:
    return submission.verdict != Verdict.NOT_SPAM and not submission.is_test


def _hold_if_suspect(submission: Submission, judgement: Judgement) -> None:
    submission.spam_score = round(judgement.score, 2)
    submission.spam_reasons = list(judgement.reasons) if judgement.is_suspect else []
    submission.is_held = judgement.is_suspect
    submission.verdict = Verdict.SUSPECT if judgement.is_suspect else Verdict.CLEAN


def _judged(
    submission: Submission, copies: dict[str, set[str]], correction: NDArray[np.float32] | None = None
) -> Judgement:
    typed = submission.contact
    others = copies.get(submission.text_print, set()) - {_address(typed)}
    incoming = Incoming(
        submission.text,
        name=f"{typed.get('first_name', '')} {typed.get('last_name', '')}".strip(),
        email=typed.get("email", ""),
        company=typed.get("company", ""),
        earlier=len(others),
    )
    return judge(incoming, correction)


def _copies(submissions: Iterable[Submission]) -> dict[str, set[str]]:
    """By fingerprint, the addresses that its text came from before."""
    prints = {each.text_print for each in submissions if each.text_print}
    if not prints:
        return {}
    since = timezone.now() - COPIES_WITHIN
    earlier = Submission.objects.filter(text_print__in=prints, received_at__gte=since)
    found: dict[str, set[str]] = {}
    for text_print, contact in earlier.values_list("text_print", "contact").order_by("-id")[:MOST_COPIES]:
        found.setdefault(text_print, set()).add(_address(contact))
    return found


def _address(contact: dict[str, str]) -> str:
    return contact.get("email", "").casefold() or contact.get("phone", "")


def _print(text: str) -> str:
    letters = rules.fingerprint(text)
    return hashlib.sha256(letters.encode()).hexdigest()[:32] if letters else ""


def _correction() -> NDArray[np.float32] | None:
    """What staff taught, learned anew only after a decision."""
    row = SpamLesson.objects.order_by().aggregate(count=Count("pk"), newest=Max("pk"))
    version = (row["count"], row["newest"] or 0)
    if version != _taught.version:
        rows = SpamLesson.objects.order_by("-id").values_list("signs", "is_spam", "base")[:MOST_LESSONS]
        taught = [Lesson(lessons.unpack(bytes(signs)), is_spam, base) for signs, is_spam, base in reversed(rows)]
        _taught.version, _taught.correction = version, learned(taught) if taught else None
    return _taught.correction


# ---- what staff decide ---------------------------------------------------------------------------------------------


@transaction.atomic
def decide(pks: Collection[int], *, is_spam: bool, actor: str) -> list[int]:
    """Marks submissions as spam or not, and teaches the filter; returns the ids of those it changed.

    What isn't spam goes to the pipeline at once; what is stays in quarantine. A submission that is on a lead takes the
    whole lead along.
    """
    wanted = Verdict.SPAM if is_spam else Verdict.NOT_SPAM
    changed = [each for each in _locked(pks) if each.verdict != wanted]
    for submission in changed:
        _teach(submission, is_spam=is_spam, actor=actor)
        submission.verdict, submission.is_held = wanted, is_spam
    _save(changed)
    _move_leads(changed, is_held=is_spam, actor=actor)
    return [submission.pk for submission in changed]


@transaction.atomic
def take_back(pks: Collection[int], *, actor: str) -> int:
    """Undoes decisions and what was learned from them; returns how many. What had become a lead meanwhile goes back to
    quarantine with its lead."""
    taken = {lesson.submission_id: lesson for lesson in SpamLesson.objects.filter(submission__in=list(pks))}
    changed = list(_locked(taken))
    for submission in changed:
        submission.verdict = taken[submission.pk].was
        submission.is_held = submission.verdict in (Verdict.SUSPECT, Verdict.SPAM)
    _save(changed)
    SpamLesson.objects.filter(submission__in=list(taken)).delete()
    for is_held in (True, False):
        _move_leads([each for each in changed if each.is_held == is_held], is_held=is_held, actor=actor)
    return len(changed)


def mark_lead(lead: Lead, *, actor: str) -> list[int]:
    """Puts a lead into quarantine with all its messages; returns their ids, for the undo."""
    return decide(list(lead.submissions.values_list("pk", flat=True)), is_spam=True, actor=actor)


def take_back_lead(lead: Lead, *, actor: str) -> int:
    """Takes a lead out of quarantine by undoing what put it there; returns how many decisions that were."""
    return take_back(list(lead.submissions.filter(is_held=True).values_list("pk", flat=True)), actor=actor)


def _locked(pks: Collection[int]) -> list[Submission]:
    """With their leads locked first, in one order, as everything else that changes them does."""
    lead_ids = Submission.objects.filter(pk__in=list(pks)).exclude(lead=None).values_list("lead", flat=True)
    list(Lead.objects.select_for_update().filter(pk__in=list(lead_ids)).order_by("pk"))
    return list(Submission.objects.select_for_update(of=("self",)).filter(pk__in=list(pks)).order_by("pk"))


def _save(submissions: Sequence[Submission]) -> None:
    Submission.objects.bulk_update(submissions, ["verdict", "is_held"])
    pipeline.ring_after_commit(settings.LEAD_PIPELINE[0].cluster)


def _teach(submission: Submission, *, is_spam: bool, actor: str) -> None:
    """Only the last word counts; what it was before anyone decided is remembered."""
    judgement = _judged(submission, {})
    earlier = SpamLesson.objects.filter(submission=submission).first()
    was = earlier.was if earlier else submission.verdict
    if earlier:
        earlier.delete()  # a new row, so that workers see that something changed
    SpamLesson.objects.create(
        submission=submission,
        is_spam=is_spam,
        base=judgement.base,
        signs=lessons.pack(judgement.signs),
        was=was,
        decided_by=actor,
    )


def _move_leads(submissions: Sequence[Submission], *, is_held: bool, actor: str) -> None:
    ids = sorted({each.lead_id for each in submissions if each.lead_id})
    for lead in Lead.objects.filter(pk__in=ids, quarantined_at__isnull=is_held).order_by("pk"):
        _set_aside(lead, actor) if is_held else _bring_back(lead, actor)


def _set_aside(lead: Lead, actor: str) -> None:
    lead.quarantined_at = lead.updated_at = timezone.now()
    lead.save(update_fields=["quarantined_at", "updated_at"])
    StageRun.objects.pending().filter(lead=lead).delete()
    Event.objects.create(lead=lead, actor=actor, text="Put into quarantine as spam")


def _bring_back(lead: Lead, actor: str) -> None:
    """All stages look at it again: what happened meanwhile passed it by."""
    lead.quarantined_at, lead.updated_at = None, timezone.now()
    lead.save(update_fields=["quarantined_at", "updated_at"])
    Submission.objects.filter(lead=lead, is_held=True).update(is_held=False, verdict=Verdict.CLEAN)
    Event.objects.create(lead=lead, actor=actor, text="Taken out of quarantine")
    pipeline.schedule([lead.pk], [settings.LEAD_PIPELINE[0].name])
