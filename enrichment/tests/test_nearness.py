"""The nearest leads for pages, against plain numpy, with Chroma and without."""

from typing import Any

import numpy as np
import pytest

from enrichment import exact_search, nearness, vector_index
from enrichment.models import Embedding
from enrichment.tests.test_vector_index import keep, make_vectors
from leads.models import Lead
from leads.models.lead import LeadQuerySet
from tests.servers.chroma import ChromaServer, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["with Chroma", "without"])
def either(request: pytest.FixtureRequest, settings: Any) -> None:
    if request.param == "with Chroma":
        request.getfixturevalue("index")
    else:
        no_chroma(settings)


@pytest.fixture(autouse=True)
def _none_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "FEW", 0)


def no_chroma(settings: Any) -> None:
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    vector_index.try_again()
    exact_search.release()


def standing() -> LeadQuerySet:
    return Lead.objects.standing()


def truly(vector: np.ndarray, vectors: np.ndarray, leads: list[int]) -> list[int]:
    return [leads[at] for at in np.argsort(-(vectors @ vector), kind="stable")]


def test_nearest_first(either: None) -> None:
    vectors = make_vectors(120)
    leads = keep(vectors)
    vector_index.index_pending()
    found = nearness.nearest(vectors[3], standing(), 10)
    assert [pk for pk, _ in found] == truly(vectors[3], vectors, leads)[:10]
    assert [cosine for _, cosine in found] == pytest.approx(sorted(vectors @ vectors[3])[::-1][:10], abs=1e-3)


def test_few_leads_need_no_index(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    no_chroma(settings)
    monkeypatch.setattr(nearness, "FEW", 40)
    monkeypatch.setattr(nearness, "BLOCK", 7)
    vectors = make_vectors(40)
    leads = keep(vectors)
    assert [pk for pk, _ in nearness.nearest(vectors[3], standing(), 50)] == truly(vectors[3], vectors, leads)


def test_only_what_is_near_enough(either: None) -> None:
    vectors = make_vectors(60)
    leads = keep(vectors)
    vector_index.index_pending()
    found = nearness.nearest(vectors[0], standing(), 60, floor=0.999)
    assert [pk for pk, _ in found] == leads[:1]


def test_only_among_the_leads_asked_for(either: None) -> None:
    vectors = make_vectors(80)
    leads = keep(vectors)
    vector_index.index_pending()
    Lead.objects.filter(pk__in=leads[:40]).update(status="working")
    Lead.objects.filter(pk=leads[79]).update(merged_into=leads[0])
    found = nearness.nearest(vectors[0], standing().with_any_of(status="new"), 100)
    assert {pk for pk, _ in found} == set(leads[40:79])


def test_a_narrow_filter_finds_what_the_index_did_not_bring(index: ChromaServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(nearness, "OVERFETCH", 5)
    monkeypatch.setattr(nearness, "BLOCK", 3)
    vectors = make_vectors(80)
    leads = keep(vectors)
    vector_index.index_pending()
    far = truly(vectors[0], vectors, leads)[-7:]
    Lead.objects.filter(pk__in=far).update(status="working")
    found = nearness.nearest(vectors[0], standing().with_any_of(status="working"), 10)
    assert [pk for pk, _ in found] == far


def test_what_the_index_lacks_is_found_all_the_same(index: ChromaServer) -> None:
    vectors = make_vectors(40)
    early = keep(vectors[:30])
    vector_index.index_pending()
    late = keep(vectors[30:])
    assert nearness.nearest(vectors[35], standing(), 1) == [(late[5], pytest.approx(1.0, abs=1e-5))]
    # Written again: the index still has what the first lead wrote before.
    Embedding.objects.filter(lead=early[0]).update(vector=(-vectors[0]).tobytes(), is_indexed=False)
    found = dict(nearness.nearest(vectors[0], standing(), 40))
    assert found[early[0]] == pytest.approx(-1.0, abs=1e-5)
    assert Embedding.objects.filter(is_indexed=False).count() == 11  # and nothing was written


def test_leads_that_are_no_more_are_left_out(index: ChromaServer) -> None:
    vectors = make_vectors(20)
    leads = keep(vectors)
    vector_index.index_pending()
    Lead.objects.filter(pk=leads[0]).delete()
    Embedding.objects.filter(lead=leads[1]).delete()
    assert {pk for pk, _ in nearness.nearest(vectors[0], standing(), 20)} == set(leads[2:])


def test_vectors_of_another_model_are_never_compared(either: None) -> None:
    keep(make_vectors(3), model="another")
    assert nearness.nearest(make_vectors(1)[0], standing(), 5) == []
