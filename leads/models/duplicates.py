from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class DuplicateSuggestionQuerySet(models.QuerySet["DuplicateSuggestion"]):
    def open(self) -> Self:
        return self.filter(state=DuplicateSuggestion.State.OPEN)

    def about(self, lead_id: int) -> Self:
        return self.filter(Q(first=lead_id) | Q(second=lead_id))

    def to_review(self) -> Self:
        """What the review list shows: not the unlikely pairs that are only asked to learn from."""
        both = {
            f"{side}__{column}": None for side in ("first", "second") for column in ("merged_into", "quarantined_at")
        }
        return self.open().filter(is_probe=False, **both)

    def decided(self) -> Self:
        return self.exclude(state=DuplicateSuggestion.State.OPEN)

    def told_apart(self) -> Self:
        """Not merged: not a duplicate, or related."""
        return self.filter(state__in=[DuplicateSuggestion.State.DISMISSED, DuplicateSuggestion.State.RELATED])

    def likeliest_first(self) -> Self:
        return self.order_by("-probability", "-id")


class DuplicateSuggestion(models.Model):
    """A pair of leads that may be the same person or company, with the reasons. `first` is the older lead.

    `reasons` is a list of `{"text": "same phone", "weight": 7.2}`; weights are bits of evidence, for or against.
    `signals` are the numbers behind them, which decisions teach the matcher by; `log_odds` is what it said without
    what it had learned. Once decided, both stay as they were.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        MERGED = "merged", "Merged"
        DISMISSED = "dismissed", "Dismissed"
        RELATED = "related", "Related"

    class Relation(models.TextChoices):
        COLLEAGUE = "colleague", "Colleague"
        FAMILY = "family", "Family"

    first = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    probability = models.FloatField()
    similarity = models.FloatField(null=True, blank=True, help_text="Cosine of the two messages, -1 to 1.")
    reasons = models.JSONField(default=list)
    log_odds = models.FloatField(default=0.0, help_text="Bits, before what was learned.")
    signals = models.JSONField(default=dict, blank=True)
    weights = models.CharField(max_length=60, blank=True, help_text="The version of the weights.")
    is_probe = models.BooleanField(default=False, help_text="An unlikely pair, asked only to learn from the answer.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    relation = models.CharField(max_length=10, choices=Relation, blank=True)
    shared_keys = models.JSONField(
        default=list, blank=True, help_text="E-mails and phones both had when decided; another one asks again."
    )
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = DuplicateSuggestionQuerySet.as_manager()

    class Meta:
        ordering = ["-probability", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="one_suggestion_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="suggestion_older_lead_first"),
            models.CheckConstraint(
                condition=Q(probability__gte=0) & Q(probability__lte=1), name="probability_from_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(state="related", relation__gt="") | (~Q(state="related") & Q(relation="")),
                name="related_says_how",
            ),
        ]
        indexes = [
            # The review list: open ones, likeliest first.
            models.Index(
                fields=["-probability", "-id"], name="suggestion_to_review", condition=Q(state="open", is_probe=False)
            ),
            # What was decided, newest first: the list of decisions, and what is learned from.
            models.Index(fields=["-decided_at"], name="suggestion_decided", condition=~Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"

    @property
    def percent(self) -> int:
        return min(round(self.probability * 100), 99)  # likely is never certain

    @property
    def percent_label(self) -> str:
        return f"{self.percent}\u2009%"
