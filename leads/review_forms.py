"""What the pages of duplicates read from their address and forms. What can't be understood narrows nothing."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from leads.models import DuplicateSuggestion, LeadSource
from leads.review import Filters

ANY = ("", "Any")
MOST_PEOPLE = 50
LEAST = 0.95
KINDS = [
    (DuplicateSuggestion.State.DISMISSED, "Not a duplicate"),
    *DuplicateSuggestion.Relation.choices,
]


def _people() -> list[tuple[str, str]]:
    names = User.objects.filter(is_active=True).order_by("username").values_list("pk", "username")
    return [(str(pk), name) for pk, name in names[:MOST_PEOPLE]]


class _Narrowing(forms.Form):
    def understood(self) -> dict[str, str]:
        self.is_valid()
        return {key: value for key, value in self.cleaned_data.items() if value}


class QueueForm(_Narrowing):
    """The filters of the queue, and the pair that the page starts behind."""

    band = forms.ChoiceField(
        required=False,
        label="How likely",
        choices=[ANY, ("95", "95 % and more"), ("80", "80 to 95 %"), ("50", "Less than 80 %")],
    )
    shared = forms.ChoiceField(
        required=False, label="E-mail or phone", choices=[ANY, ("yes", "The same"), ("no", "Not the same")]
    )
    source = forms.ChoiceField(required=False, choices=[ANY, *LeadSource.choices])
    owner = forms.ChoiceField(required=False)
    samples = forms.ChoiceField(
        required=False, label="Sample leads", choices=[ANY, ("hide", "Hide them"), ("only", "Only them")]
    )
    after = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [ANY, ("none", "Nobody"), *_people()]

    @property
    def filters(self) -> Filters:
        return Filters(**{key: value for key, value in self.understood().items() if key != "after"})

    @property
    def place(self) -> int | None:
        """The pair that the page starts behind."""
        self.is_valid()
        return self.cleaned_data.get("after")

    @property
    def query(self) -> str:
        """The address of this page of the queue, behind its "?"."""
        return urlencode(self.understood())

    @property
    def narrowing(self) -> str:
        """The filters alone, to go on with "after=...": empty, or ending in "&"."""
        chosen = {key: value for key, value in self.understood().items() if key != "after"}
        return f"{urlencode(chosen)}&" if chosen else ""


class DecisionsForm(_Narrowing):
    """The filters of the list of decisions."""

    words = forms.CharField(required=False, max_length=200, label="Search")
    kind = forms.ChoiceField(required=False, label="Decision", choices=[ANY, *KINDS])
    by = forms.ChoiceField(required=False, label="Decided by")
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        by = self.fields["by"]
        assert isinstance(by, forms.ChoiceField)
        by.choices = [ANY, *_people()]


class MergesForm(_Narrowing):
    """The search and the page of the list of merges."""

    words = forms.CharField(required=False, max_length=200)
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)

    @property
    def number(self) -> int:
        self.is_valid()
        return self.cleaned_data.get("page") or 1


class BulkForm(_Narrowing):
    """From which probability on, the pair that the page starts behind, and the merges of the pages before."""

    least = forms.FloatField(required=False, min_value=0.5, max_value=1)
    after = forms.IntegerField(required=False, min_value=1)
    done = forms.CharField(required=False, max_length=20_000)

    steps = [("0.99", "99 %"), ("0.97", "97 %"), ("0.95", "95 %"), ("0.9", "90 %"), ("0.8", "80 %")]

    @property
    def least_shown(self) -> str:
        return f"{self.least_likely:g}"

    @property
    def least_likely(self) -> float:
        self.is_valid()
        return self.cleaned_data.get("least") or LEAST

    @property
    def place(self) -> int | None:
        self.is_valid()
        return self.cleaned_data.get("after")


def pks(texts: Iterable[str]) -> list[int]:
    """The ids among these texts."""
    return [int(text) for text in texts if text.isdecimal() and len(text) < 18]
