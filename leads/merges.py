"""Folding leads into one, taking that back, and doing it again.

A merge is a delta: `Merge.snapshot` notes what moved, what was made and what it replaced, while the absorbed lead keeps
its own values, contact points and suggestions frozen. So it can be undone after any number of edits, new messages and
other merges into the same lead, in any order: what came since stays. Only a lead that was itself merged on must be
brought back first.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.timesince import timesince

from leads import conversation, merging, pipeline, replies
from leads.merge_plan import OWNER, STATUS, Choice, MergeRefused, Plan, plan
from leads.merge_rows import (
    came_since,
    carry_suggestions,
    drop_contacts,
    keep_contacts,
    mark_pair,
    move,
    move_back,
    moved_submissions,
    related_leads,
    restore_suggestions,
)
from leads.merge_values import give_back_values, take_values
from leads.models import Event, Lead, Merge, StageRun
from leads.models.merge import UNDO_FOR
from leads.models.pipeline import STAGES
from leads.tries import again_when_busy

__all__ = ["Choice", "MergeRefused", "blockers", "merge", "redo", "root", "undo"]

READ_AGAIN = (
    "embed",
    "enrich",
    "score",
)  # what a lead passes once more when its messages change; the rest follows from these
ERASED = "One of these leads was erased meanwhile."
BUSY = "The database is busy just now. Nothing was changed; try again."
STATE_COLUMNS = {STATUS: "status", OWNER: "owner_id"}


@again_when_busy(lambda: MergeRefused(BUSY))
def merge(survivor: Lead, others: Sequence[Lead], *, choices: Mapping[str, Choice], actor: User) -> list[Merge]:
    """Folds the others into the survivor, all or nothing, and returns one row for each. `choices` say by field whose
    value is taken; where there is none, the preselected one of `leads.merge_plan.plan`.

    Raises:
        MergeRefused: one of them was merged or erased meanwhile, or they can't be merged at all.
    """
    ids = [survivor.pk, *(lead.pk for lead in others)]
    with transaction.atomic():
        leads = _locked(ids)
        planned = plan([leads[pk] for pk in ids], survivor=leads[survivor.pk])
        wanted = _checked(planned, choices)
        group = uuid.uuid4()
        made = [_fold(planned, absorbed, wanted, group, actor) for absorbed in planned.absorbed]
        _keep_contacts(planned.survivor, made)
        _schedule([survivor.pk], [*READ_AGAIN, *(name for merge in made for name in merge.snapshot["stages"])])
        _schedule([merge.absorbed_id for merge in made], [settings.LEAD_PIPELINE[-1].name])
    return made


@again_when_busy(lambda: MergeRefused(BUSY))
def undo(merge: Merge, *, actor: User, with_later: bool = False) -> list[Lead]:
    """Takes a merge back, with all that were made in one go with it, and returns the leads that stand again.

    They are as they were; what came since (messages, edits, decisions) stays on the survivor, whose timeline says so.
    `with_later`: where the survivor itself was merged into another since, that is taken back first; all or nothing.

    Raises:
        MergeRefused: see `blockers`.
    """
    with transaction.atomic():
        later = Merge.objects.standing().filter(absorbed=merge.survivor_id).first() if with_later else None
        before = undo(later, actor=actor, with_later=True) if later else []
        group = _locked_group(merge)
        for made in reversed(group):
            made.refresh_from_db(fields=["snapshot"])  # undoing the one before may have changed it
            _unfold(made, actor)
        leads = [made.absorbed for made in group]
        stages = [name for made in group for name in made.snapshot["stages"]]
        _schedule([group[0].survivor_id, *(lead.pk for lead in leads)], [*READ_AGAIN, *stages])
    return [*before, *leads]


def redo(merge: Merge, *, actor: User) -> list[Merge]:
    """Merges the same leads again with the same choices, after an undo.

    Raises:
        MergeRefused: the merge stands, or one of its leads was merged or erased since.
    """
    group = list(Merge.objects.filter(group=merge.group).select_related("survivor", "absorbed").order_by("pk"))
    if not group:
        raise MergeRefused(ERASED)
    if not all(made.is_undone for made in group):
        raise MergeRefused("This merge stands: there is nothing to do again.")
    there = {made.absorbed_id for made in group} | {made.survivor_id for made in group}
    choices = {key: Choice(**choice) for key, choice in group[0].choices.items() if choice["lead"] in there}
    return _merge(group[0].survivor, [made.absorbed for made in group], choices=choices, actor=actor)


_merge = merge  # inside `redo` the name means the row


def blockers(merge: Merge) -> str:
    """Why the merge can't be undone now, in a plain sentence; empty when it can. Asks the database nothing when the
    survivor and what it was merged into came with the row."""
    if merge.undone_at:
        return f"This merge was undone by {merge.undone_by} {_ago(merge.undone_at)}."
    if merge.merged_at + UNDO_FOR < timezone.now():
        return f"A merge can be undone for {UNDO_FOR.days} days; this one is from {merge.merged_at:%d %B %Y}."
    into = merge.survivor.merged_into
    return f"“{merge.survivor.name}” was itself merged into “{into.name}” since: undo that first." if into else ""


def root(lead: Lead) -> Lead:
    """The standing lead that a merged one ended in; a standing one itself."""
    while lead.merged_into_id is not None:
        lead = Lead.objects.get(pk=lead.merged_into_id)
    return lead


# ---- merging ---------------------------------------------------------------------------------------------------------


def _locked(ids: Sequence[int]) -> dict[int, Lead]:
    """The leads, fresh and held, and with them the others of their suggestions, in the one order that all keep to."""
    list(Lead.objects.select_for_update().filter(pk__in=related_leads(ids)).order_by("pk").values_list("pk", flat=True))
    leads = Lead.objects.in_bulk(ids)
    if len(leads) < len(set(ids)):
        raise MergeRefused(ERASED)
    if gone := next((lead for lead in leads.values() if lead.merged_into_id is not None), None):
        raise MergeRefused(_who_merged(gone))
    return leads


def _who_merged(lead: Lead) -> str:
    made = Merge.objects.standing().filter(absorbed=lead).select_related("survivor").first()
    if made is None:
        return f"“{lead.name}” was merged into another lead already."
    return f"“{lead.name}” was merged into “{made.survivor.name}” by {made.merged_by} {_ago(made.merged_at)}."


def _ago(moment: Any) -> str:
    """ "3 minutes ago"."""
    since = timesince(moment, depth=1)
    return "a moment ago" if since.startswith("0") else f"{since} ago"


def _checked(planned: Plan, choices: Mapping[str, Choice]) -> dict[str, Choice]:
    wanted = planned.choices()
    wanted |= {key: choice for key, choice in choices.items() if key in wanted}
    if not {choice.lead for choice in wanted.values()} <= {lead.pk for lead in planned.leads}:
        raise MergeRefused("Each value must be one of the leads’ that are merged.")
    return wanted


def _fold(planned: Plan, absorbed: Lead, choices: Mapping[str, Choice], group: uuid.UUID, actor: User) -> Merge:
    survivor = planned.survivor
    merge = Merge(survivor=survivor, absorbed=absorbed, group=group, merged_by=actor.get_username())
    merge.choices = {key: {"lead": choice.lead, "keep_both": choice.keep_both} for key, choice in choices.items()}
    merge.snapshot["stages"] = _drop_runs(absorbed)
    names = survivor.name, absorbed.name
    move(merge)
    merging.restate(survivor, take_values(merge, planned, choices))
    _take_state(merge, planned, choices)
    carry_suggestions(merge)
    mark_pair(merge, actor)
    _point(absorbed, survivor)
    merge.save()
    replies.set_clock([survivor.pk, absorbed.pk])
    conversation.count_messages([survivor.pk])
    _tell(survivor, f"“{names[1]}” was merged into this lead", merge.merged_by)
    _tell(absorbed, f"Merged into “{names[0]}”", merge.merged_by)
    return merge


def _keep_contacts(survivor: Lead, made: Sequence[Merge]) -> None:
    """After all of them: what the lead itself says in the end is no further contact."""
    others = _standing(survivor)
    for merge in made:
        keep_contacts(merge, [*others, *made])
    Merge.objects.bulk_update(made, ["snapshot"])
    merging.restate(survivor, {})


def _drop_runs(absorbed: Lead) -> list[str]:
    """What the absorbed lead had yet to pass, or failed at, goes: nobody could retry it there. Returns the stages,
    which the survivor passes instead."""
    runs = absorbed.runs.exclude(state=StageRun.State.SUCCEEDED)
    left = [run for run in runs if run.stage in STAGES and not STAGES[run.stage].takes_merged]
    absorbed.runs.filter(pk__in=[run.pk for run in left]).delete()
    return [run.stage for run in left]


def _take_state(merge: Merge, planned: Plan, choices: Mapping[str, Choice]) -> None:
    state = merge.snapshot["state"] = {}
    for field, column in STATE_COLUMNS.items():
        before, after = getattr(merge.survivor, column), getattr(merge.absorbed, column)
        if field in choices and choices[field].lead == merge.absorbed_id and before != after:
            state[column] = [before, after]
            setattr(merge.survivor, column, after)
    merge.survivor.save(update_fields=list(state))


def _standing(survivor: Lead) -> list[Merge]:
    """What was folded into a lead and still is, oldest first."""
    merges = list(Merge.objects.standing().filter(survivor=survivor).select_related("absorbed").order_by("pk"))
    for merge in merges:
        merge.survivor = survivor
    return merges


def _point(lead: Lead, to: Lead | None) -> None:
    lead.merged_into, lead.updated_at = to, timezone.now()
    lead.save(update_fields=["merged_into", "updated_at"])


def _tell(lead: Lead, text: str, actor: str) -> None:
    Event.objects.create(lead=lead, text=text[:300], actor=actor)


def _schedule(lead_ids: Sequence[int], stages: Iterable[str]) -> None:
    pipeline.schedule(lead_ids, [name for name in dict.fromkeys(stages) if name in STAGES])


# ---- undoing ---------------------------------------------------------------------------------------------------------


def _locked_group(merge: Merge) -> list[Merge]:
    """The merges made in one go, fresh, with their leads held. The survivor is the same object in all of them."""
    survivors = Lead.objects.filter(merges__group=merge.group)
    absorbed = Merge.objects.standing().filter(survivor__in=survivors).values_list("absorbed", flat=True)
    ids = related_leads([*absorbed, *survivors.values_list("pk", flat=True)])
    list(Lead.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    found = Merge.objects.filter(group=merge.group).select_related("survivor__merged_into", "absorbed")
    group = list(found.order_by("pk"))
    if not group:
        raise MergeRefused(ERASED)
    if reason := blockers(group[0]):
        raise MergeRefused(reason)
    for made in group:
        made.survivor = group[0].survivor
    return group


def _unfold(merge: Merge, actor: User) -> None:
    survivor, absorbed = merge.survivor, merge.absorbed
    others = [other for other in _standing(survivor) if other.pk != merge.pk]
    since = came_since(merge, others)
    columns = give_back_values(merge, others, moved_submissions(merge))
    move_back(merge)
    _give_back_state(merge, others)
    restore_suggestions(merge, others)
    merging.restate(survivor, columns)
    _point(absorbed, None)
    drop_contacts(merge, others)
    for other in others:
        carry_suggestions(other)
    merging.restate(survivor, {})
    merge.undone_at, merge.undone_by = timezone.now(), actor.get_username()
    Merge.objects.bulk_update([merge, *others], ["snapshot", "undone_at", "undone_by"])
    replies.set_clock([survivor.pk, absorbed.pk])
    conversation.count_messages([survivor.pk, absorbed.pk])
    _tell(survivor, f"Merge of “{absorbed.name}” undone{_what_stays(since)}", merge.undone_by)
    _tell(absorbed, f"Merge into “{survivor.name}” undone", merge.undone_by)


def _give_back_state(merge: Merge, others: Sequence[Merge]) -> None:
    """Status and owner as they were, unless they changed since."""
    restored = []
    for column, (before, after) in merge.snapshot["state"].items():
        later = [other.snapshot["state"] for other in others if other.pk > merge.pk]
        link = next((state for state in later if state.get(column, [None])[0] == after and column in state), None)
        if link is not None:
            link[column][0] = before
        elif getattr(merge.survivor, column) == after and _is_there(column, before):
            setattr(merge.survivor, column, before)
            restored.append(column)
    merge.survivor.save(update_fields=restored)


def _is_there(column: str, value: Any) -> bool:
    return column != "owner_id" or value is None or User.objects.filter(pk=value).exists()


def _what_stays(messages: int) -> str:
    if not messages:
        return ""
    return (
        "; 1 message that came since stays here"
        if messages == 1
        else f"; {messages} messages that came since stay here"
    )
