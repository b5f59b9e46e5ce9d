"""Whatever is merged, undone, done again, edited and read in between: no message is lost, nothing runs in a circle, and
a lead that comes back is as it was."""

import itertools
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leads import merges, merging
from leads.fields import COLUMNS
from leads.merge_plan import Choice, plan
from leads.merge_values import _made_by
from leads.merging import NewValues
from leads.models import DuplicateSuggestion, FieldValue, Lead, Merge, StageRun, Submission
from leads.status import change_status, next_statuses
from leads.values import Contact, Evidence, FoundValue
from tests.leads_at_hand import apart

LEADS = 4
EXAMPLES = 15 if project.IS_SQLITE else 6
STEPS = 14
index = st.integers(0, 1000)
NAMES = ["Ana", "A.", "Anna", ""]
EMAILS = ["ana@example.com", "ANA@example.com", "other@example.org", ""]
PHONES = ["+15125550142", "(512) 555-0142", "+15125550199", ""]
VALUES = {"first_name": NAMES, "email": EMAILS, "phone": PHONES, "company": ["Acme", "Acme Inc", ""]}
READ = {"company": ["Acme", "Bruxner"], "place": ["Austin", "Waco"], "urgency": ["low", "high"]}

SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    phases=[Phase.generate],  # to make a failing chain shorter takes minutes
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def dump(lead: Lead) -> dict[str, Any]:
    """The lead with all that is its own, but for its timeline and when it last changed."""
    lead = Lead.objects.get(pk=lead.pk)
    columns = {field.attname: getattr(lead, field.attname) for field in Lead._meta.concrete_fields}
    del columns["updated_at"]
    return columns | {
        "values": list(FieldValue.objects.filter(lead=lead).order_by("pk").values()),
        "submissions": sorted(lead.submissions.values_list("pk", flat=True)),
        "contact_points": sorted(lead.contact_points.values_list("kind", "key", "value")),
    }


def suggestions() -> list[dict[str, Any]]:
    return list(DuplicateSuggestion.objects.order_by("pk").values())


class Merging(RuleBasedStateMachine):
    """`homes`: the lead that each message came in with; `frozen`: what merged leads were when they were merged."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.actor = User.objects.create_user("ana")

    @initialize(
        picks=st.lists(
            st.tuples(*[st.sampled_from(values) for values in VALUES.values()]), min_size=LEADS, max_size=LEADS
        )
    )
    def take_in(self, picks):
        self.leads = [
            apart(f"Message {at}", contact=Contact(**dict(zip(VALUES, values, strict=True))))
            for at, values in enumerate(picks)
        ]
        for lead in self.leads[1:]:
            merging.apply([NewValues(lead, [FoundValue("place", f"Town {lead.pk}")])], origin="rule")
        for first, second in itertools.combinations(self.leads[:3], 2):
            DuplicateSuggestion.objects.create(first=first, second=second, probability=0.7, signals={"name": 1})
        DuplicateSuggestion.objects.filter(second=self.leads[1].pk).update(state="dismissed", decided_by=self.actor)
        self.homes = {lead.submissions.get().pk: lead.pk for lead in self.leads}
        self.untouched = {lead.pk: dump(lead) for lead in self.leads}
        self.frozen: dict[int, dict[str, Any]] = {}
        self.suggestions: list[dict[str, Any]] | None = suggestions()

    def standing(self) -> list[Lead]:
        return list(Lead.objects.standing().order_by("pk"))

    def fold(self, survivor: Lead, others: list[Lead], picks: list[int]) -> None:
        leads = [survivor, *others]
        fields = plan(leads, survivor=survivor).fields
        choices = {
            field.key: Choice(leads[pick % len(leads)].pk, keep_both=pick % 2 == 0)
            for field, pick in zip(fields, itertools.cycle(picks), strict=False)
        }
        frozen = {lead.pk: dump(lead) for lead in others}
        merges.merge(survivor, others, choices=choices, actor=self.actor)
        self.frozen |= frozen

    @rule(
        which=index,
        survivor=st.sampled_from([0, 0, 0, 1, 2]),
        count=st.sampled_from([1, 1, 2]),
        picks=st.lists(index, min_size=1, max_size=5),
    )
    @precondition(lambda self: len(self.standing()) > 1)
    def merge(self, which, survivor, count, picks):
        standing = self.standing()
        survivor = standing.pop(survivor % len(standing))
        others = [standing[(which + at) % len(standing)] for at in range(min(count, len(standing)))]
        self.fold(survivor, others, picks)

    @rule(which=index)
    @precondition(lambda self: Merge.objects.standing().exists())
    def undo(self, which):
        made = list(Merge.objects.standing().select_related("survivor__merged_into"))
        merge = made[which % len(made)]
        if merges.blockers(merge):
            with pytest.raises(merges.MergeRefused):
                merges.undo(merge, actor=self.actor)
            return
        for lead in merges.undo(merge, actor=self.actor):
            frozen = self.frozen.pop(lead.pk)
            assert dump(lead) == frozen

    @rule(which=index)
    @precondition(lambda self: Merge.objects.exclude(undone_at=None).exists())
    def redo(self, which):
        made = list(Merge.objects.exclude(undone_at=None))
        merge = made[which % len(made)]
        group = [row.absorbed for row in Merge.objects.filter(group=merge.group)]
        standing = self.standing()
        if merge.survivor not in standing or not set(group) <= set(standing):
            with pytest.raises(merges.MergeRefused):
                merges.redo(merge, actor=self.actor)
            return
        frozen = {lead.pk: dump(lead) for lead in group}
        merges.redo(merge, actor=self.actor)
        self.frozen |= frozen

    @rule(kind=st.sampled_from(["edit", "message", "read", "read", "status", "decide"]), which=index, more=index)
    def something_else(self, kind, which, more):
        if kind == "edit":
            self.edit(which, sorted(VALUES)[more % len(VALUES)], more // 7)
        elif kind == "message":
            self.a_new_message(which)
        elif kind == "read":
            self.read_again(which, ["rule", "model", "crm"][more % 3], sorted(READ)[more // 3 % len(READ)], more // 11)
        elif kind == "status":
            self.move_on(which)
        else:
            self.decide(which, ["dismissed", "open"][more % 2])

    def edit(self, which, field, value):
        lead = self.leads[which % LEADS]
        text = VALUES[field][value % len(VALUES[field])]
        if lead.pk in self.frozen:
            with pytest.raises(merging.MergedAway):
                merging.edit(lead, field=field, value=text, actor="bo")
            return
        self.untouched.pop(lead.pk, None)
        merging.edit(lead, field=field, value=text, actor="bo")

    def a_new_message(self, which):
        lead = merges.root(Lead.objects.get(pk=self.leads[which % LEADS].pk))
        self.untouched.pop(lead.pk, None)
        self.homes[Submission.objects.create(lead=lead, source="email", payload={}, text="More").pk] = lead.pk

    def read_again(self, which, origin, field, value):
        """Also a lead that is merged by now, as a stage does that began before; then nothing may come of it."""
        lead = self.leads[which % LEADS]
        texts = list(Submission.objects.filter(lead=lead))
        if lead.pk not in self.frozen:
            self.untouched.pop(lead.pk, None)
        found = FoundValue(field, READ[field][value % 2], evidence=Evidence(0, 4, "Mess"))
        submission = texts[which % len(texts)] if texts else None
        merging.apply([NewValues(lead, [found], submission=submission)], origin=origin)

    def move_on(self, which):
        lead = Lead.objects.get(pk=self.leads[which % LEADS].pk)
        if lead.pk not in self.frozen:
            self.untouched.pop(lead.pk, None)
            change_status(lead, next_statuses(lead.status)[0][0], "bo")

    def decide(self, which, state):
        standing = self.standing()
        pairs = DuplicateSuggestion.objects.filter(first__in=standing, second__in=standing).order_by("pk")
        if pairs:
            self.suggestions = None
            pairs.filter(pk=pairs[which % len(pairs)].pk).update(state=state, relation="")

    @invariant()
    def every_message_is_where_it_belongs(self):
        if not hasattr(self, "homes"):
            return
        leads = {lead.pk: lead for lead in Lead.objects.all()}
        expected = {pk: root(leads, home) for pk, home in self.homes.items()}
        assert dict(Submission.objects.values_list("pk", "lead")) == expected

    @invariant()
    def merged_leads_stay_as_they_were(self):
        for pk, was in getattr(self, "frozen", {}).items():
            now = dump(Lead(pk=pk))
            assert now["merged_into_id"] is not None
            assert now | {"merged_into_id": None, "submissions": was["submissions"]} == was

    @invariant()
    def columns_repeat_the_current_values(self):
        for lead in Lead.objects.all():
            current = dict(lead.values.current().values_list("field", "value"))
            assert {key: getattr(lead, key) for key in COLUMNS} == {key: current.get(key, "") for key in COLUMNS}
            assert lead.contact_points.count() == 0 or lead.pk in self.frozen or lead.merges.standing().exists()

    @invariant()
    def what_was_read_in_a_message_is_where_the_message_is(self):
        made = {pk for merge in Merge.objects.standing() for pk in _made_by(merge)}
        read = FieldValue.objects.filter(lead__merged_into=None).exclude(evidence_submission=None).exclude(pk__in=made)
        for value in read.exclude(origin="staff").select_related("evidence_submission"):
            assert value.evidence_submission.lead_id == value.lead_id

    def teardown(self):
        try:
            self.undo_all()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def undo_all(self):
        if not hasattr(self, "homes"):
            return
        while made := Merge.objects.standing().select_related("survivor__merged_into").order_by("pk"):
            merges.undo(next(merge for merge in made if not merges.blockers(merge)), actor=self.actor)
        assert not StageRun.objects.filter(lead__merged_into__isnull=False).exists()
        for pk, was in self.untouched.items():
            assert dump(Lead(pk=pk)) == was
        if self.suggestions is not None:
            assert suggestions() == self.suggestions


def root(leads: dict[int, Lead], pk: int) -> int:
    seen = set()
    while leads[pk].merged_into_id is not None:
        assert pk not in seen, "a circle"
        seen.add(pk)
        pk = leads[pk].merged_into_id
    return pk


def test_no_chain_of_changes_loses_anything(db):
    run_state_machine_as_test(Merging, settings=SETTINGS)
    assert not connection.needs_rollback
