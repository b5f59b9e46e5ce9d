"""The generator behind `make bench-duplicates`: what its figures are worth depends on what it promises."""

from collections import Counter, defaultdict

from benchmarks.duplicates import leads_set

COUNT = 600


def test_the_second_set_is_the_same_for_a_seed_and_other_people_for_another() -> None:
    first, again, other = leads_set.make(COUNT, 3), leads_set.make(COUNT, 3), leads_set.make(COUNT, 4)
    assert first == again
    assert {lead.email for lead in first} & {lead.email for lead in other} < {lead.email for lead in first}


def test_the_second_set_has_as_many_duplicates_and_lookalikes_as_it_says() -> None:
    leads = leads_set.make(COUNT, 3)
    kinds = Counter(lead.kind for lead in leads)
    assert len(leads) == COUNT
    assert kinds["base"] == COUNT * 0.6
    assert kinds["dup_key"] + kinds["dup_nokey"] == COUNT * 0.15
    assert 0.2 < kinds["dup_nokey"] / (COUNT * 0.15) < 0.47
    assert [lead.ts for lead in leads] == sorted(lead.ts for lead in leads)
    assert len({lead.person for lead in leads}) == COUNT * 0.85


def test_who_comes_back_with_a_key_shares_one_and_lookalikes_are_other_people() -> None:
    leads = leads_set.make(COUNT, 3)
    number = {lead.lead_id: lead for lead in leads}
    checked: dict[str, int] = defaultdict(int)
    for lead in leads:
        before = number.get(lead.base)
        if before is None:
            continue
        shares = bool((lead.mailbox and lead.mailbox == before.mailbox) or (lead.line and lead.line == before.line))
        is_same = lead.person == before.person
        assert is_same == lead.kind.startswith("dup_")
        assert not is_same or shares == (lead.kind == "dup_key")
        checked[lead.kind] += 1
    assert min(checked[kind] for kind in ("dup_key", "dup_nokey", "hn_family", "hn_colleague", "hn_samename")) > 5
