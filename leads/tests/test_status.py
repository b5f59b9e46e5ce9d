import pytest

from leads.models import Event, Lead, StageRun
from leads.status import TRANSITIONS, WrongTransition, change_status, next_statuses

Status = Lead.Status
ALLOWED = {
    ("new", "working"),
    ("new", "qualified"),
    ("new", "unqualified"),
    ("working", "qualified"),
    ("working", "unqualified"),
    ("working", "new"),
    ("qualified", "converted"),
    ("qualified", "working"),
    ("qualified", "unqualified"),
    ("unqualified", "working"),
    ("converted", "qualified"),
}


def test_the_table_is_what_was_agreed():
    assert {(old, new) for old, following in TRANSITIONS.items() for new in following} == ALLOWED
    assert set(TRANSITIONS) == set(Status.values)


@pytest.mark.parametrize("new", [*Status.values, "nonsense"])
@pytest.mark.parametrize("old", Status.values)
def test_change_status(db, old, new):
    lead = Lead.objects.create(source="paste", status=old)
    before = lead.updated_at
    if (old, new) in ALLOWED:
        change_status(lead, new, "olivia")
        label = Status(new).label
        assert list(Event.objects.values_list("lead", "actor", "text")) == [
            (lead.pk, "olivia", f"Status changed to {label}")
        ]
        assert list(StageRun.objects.values_list("stage", "state")) == [("push", "pending")]
        assert (lead.status, lead.updated_at > before) == (new, True)
    elif old == new:
        change_status(lead, new, "olivia")
        assert not Event.objects.exists()
        assert not StageRun.objects.exists()
    else:
        with pytest.raises(WrongTransition):
            change_status(lead, new, "olivia")
    assert Lead.objects.get().status == (new if (old, new) in ALLOWED else old)


def test_a_wrong_transition_says_so_in_a_sentence(db):
    lead = Lead.objects.create(source="paste", status="unqualified")
    with pytest.raises(WrongTransition, match=r"^A lead that is unqualified can't become converted\.$"):
        change_status(lead, "converted", "olivia")


def test_a_stale_page_changes_the_status_that_the_lead_has_now(db):
    lead = Lead.objects.create(source="paste", status="new")
    Lead.objects.update(status="unqualified")
    with pytest.raises(WrongTransition):
        change_status(lead, "qualified", "olivia")


def test_next_statuses_have_labels():
    assert next_statuses("unqualified") == [("working", "Working")]
