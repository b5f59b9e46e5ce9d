"""What staff's decisions teach the matcher: learned, judged by decisions that it had not seen, put in use, taken back.

The shipped weights stay as they are; what is learned is a correction of them (`leads.matching.learning`), kept by
version. A new one is put in use only if it foretells the newest decisions better than what is in use, by more than
chance would explain: held-out decisions are few, and each new version has all leads weighed again. Decisions count as
long as the pair was weighed by the shipped weights of today: a correction of others would not fit these.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import log, sqrt
from statistics import stdev

from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone

from enrichment import people
from enrichment.models import LearnedWeights, LearnedWeightsQuerySet, Refit
from leads import pipeline
from leads.matching import WEIGHTS_VERSION, Correction
from leads.matching.learning import Example, corrected, fit, judge
from leads.models import DuplicateSuggestion
from leads.models.duplicates import DuplicateSuggestionQuerySet

logger = logging.getLogger(__name__)

CLUSTER = "ml"  # learns, one at a time
FEWEST = 30  # decisions of each kind
MOST = 10_000  # decisions, the newest
HELD_OUT = 0.2  # of the decisions of each kind: the newest, to judge by
WORTH_IT = 0.99  # of the log-loss of what is in use; a smaller gain isn't worth weighing all leads again
GUESSING = 0.95  # of the log-loss of always saying the same; above, decisions don't follow what can be seen
KEPT = 30  # versions that are not in use, and times of learning
TRIES = 3

Coefficients = Mapping[str, float]


class NotUsable(Exception):
    """A version that can't be put in use; `reason` is a sentence for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Figures:
    """How well held-out decisions were foretold: log-loss in nats, and shares from 0 to 1."""

    log_loss: float
    recall_at_p99: float  # of the duplicates, found while 99 of 100 are right
    right: float  # of the decisions, where the likelier answer was the right one


@dataclass(frozen=True, slots=True)
class Trial:
    """What was learned, and how it, what is in use and the shipped weights alone did on the held-out decisions."""

    coefficients: Coefficients
    decisions: int
    held_out: int
    guessing: float  # the log-loss of always giving the share of duplicates among the decisions it learned from
    doubt: float  # the standard error of the difference that it makes to the log-loss
    slack: float  # how far the recall may fall by chance alone: its standard error
    after: Figures
    before: Figures
    shipped: Figures

    @property
    def objection(self) -> str:
        """Why it is not put in use, in a sentence; empty when it is."""
        if self.after.log_loss > GUESSING * self.guessing:
            return "These decisions can't be foretold from what the leads say."
        gain = self.before.log_loss - self.after.log_loss
        if gain <= self.doubt or self.after.log_loss > WORTH_IT * self.before.log_loss:
            return "It foretold the newest decisions not clearly better than what was in use."
        if self.after.recall_at_p99 < self.before.recall_at_p99 - self.slack:
            found, now = _of_100(self.after.recall_at_p99), _of_100(self.before.recall_at_p99)
            return f"It would find {found} of 100 duplicates with hardly an error; what was in use found {now}."
        return ""


# ---- what is in use --------------------------------------------------------------------------------------------------

_last_read: tuple[tuple[int, object], Correction] | None = None


def current() -> Correction | None:
    """What is in use, None when the shipped weights alone are. One small query; as long as nothing changes the same
    object, so that a change is noticed at once and nothing is read twice."""
    global _last_read
    # By hand: it is asked for each new lead, and building the query takes the ORM ten times as long as asking it.
    sql = f"SELECT version, created_at FROM {LearnedWeights._meta.db_table} WHERE is_active AND shipped IN ({{ids}})"
    found = next(iter(people.rows(sql, [WEIGHTS_VERSION])), None)
    if found is None:
        return None
    if _last_read is None or _last_read[0] != found:
        weights = in_use().filter(version=found[0]).first()
        if weights is None:  # taken out of use just now
            return None
        correction = Correction(weights.version, weights.decisions, dict(weights.coefficients))
        _last_read = (found[0], found[1]), correction
    return _last_read[1]


def in_use() -> LearnedWeightsQuerySet:
    """The version in use, if any. One that corrects other shipped weights waits for these to come back."""
    return LearnedWeights.objects.active().filter(shipped=WEIGHTS_VERSION)


def use(version: int, *, by: str) -> LearnedWeights:
    """Puts a version in use. Raises NotUsable."""
    with transaction.atomic():
        _lock()
        weights = LearnedWeights.objects.filter(version=version).first()
        if weights is None:
            raise NotUsable(f"There is no version {version} any more.")
        if weights.shipped != WEIGHTS_VERSION:
            raise NotUsable(f"Version {version} was learned on top of other shipped weights.")
        _take_out_of_use(by=by)
        weights.is_active, weights.note = True, _by("Put in use", by)
        weights.save(update_fields=["is_active", "note"])
        transaction.on_commit(_weigh_all_again)
    return weights


def reset(*, by: str) -> None:
    """Goes back to the shipped weights; the versions are kept."""
    with transaction.atomic():
        _lock()
        if _take_out_of_use(by=by):
            transaction.on_commit(_weigh_all_again)


def _lock() -> None:
    """One writer at a time, once there is a first version; of two who write that one, one meets its number."""
    list(LearnedWeights.objects.select_for_update().order_by("pk").values_list("pk", flat=True))


def _take_out_of_use(*, by: str) -> int:
    return LearnedWeights.objects.active().update(is_active=False, note=_by("Taken out of use", by))


def _by(what: str, who: str) -> str:
    return f"{what} by {who}, {timezone.localtime():%d %b %Y}."


def _weigh_all_again() -> None:
    """The open suggestions were weighed by what was in use before."""
    from enrichment import sweep  # late: it asks the night's rule, which asks us

    sweep.start(over=True)


# ---- decisions -------------------------------------------------------------------------------------------------------


def teaching() -> Q:
    """The decided suggestions that teach: weighed by the shipped weights of today, with the numbers kept."""
    is_ours = Q(weights=WEIGHTS_VERSION) | Q(weights__startswith=f"{WEIGHTS_VERSION}+")
    return is_ours & Q(decided_at__isnull=False) & ~Q(signals={})


def examples() -> list[Example]:
    """The newest decisions, oldest first: merged is the same, all else is not. What was undone is open again."""
    rows: DuplicateSuggestionQuerySet = DuplicateSuggestion.objects.decided().filter(teaching())
    found = rows.order_by("-decided_at", "-id").values_list("signals", "log_odds", "state", "decided_at")[:MOST]
    return [
        Example(signals, log_odds, state == DuplicateSuggestion.State.MERGED, decided_at.timestamp())
        for signals, log_odds, state, decided_at in reversed(found)
        if decided_at
    ]


# ---- learning --------------------------------------------------------------------------------------------------------


def ask(*, by: str = "") -> None:
    """Asks the worker to learn, by whom; once, however often it is asked before it gets to it."""
    with transaction.atomic():
        Refit.objects.bulk_create([Refit(asked_by=by)], ignore_conflicts=True)
        pipeline.ring_after_commit(CLUSTER)


def last_asked() -> dt.datetime | None:
    last: Refit | None = Refit.objects.first()
    return last.asked_at if last else None


def is_asked() -> bool:
    return Refit.objects.filter(finished_at=None).exists()


def refit_if_asked() -> None:
    """Learns if somebody asked. Never raises: the worker has other work. Killed in between it is asked still."""
    if not is_asked():
        return
    try:
        outcome = _learn()[1]
    except pipeline.DATABASE_AWAY as error:
        logger.warning("Learning must wait: %s", error)
        return
    except Exception as error:
        logger.exception("Learning from the decisions failed")
        outcome = f"Something unexpected went wrong ({type(error).__name__}). The log has the details."
    Refit.objects.filter(finished_at=None).update(finished_at=timezone.now(), outcome=outcome)
    Refit.objects.exclude(pk__in=list(Refit.objects.values_list("pk", flat=True)[:KEPT])).delete()


def refit() -> LearnedWeights | None:
    """Learns from the decisions: a new version, in use if it is better. None without enough decisions or news."""
    return _learn()[0]


def _learn() -> tuple[LearnedWeights | None, str]:
    """The new version, if any, and what came of it in words."""
    for _ in range(TRIES):
        known = examples()
        before = in_use().first()
        if too_few := _too_few(known):
            return None, too_few
        trial = try_out(known, before.coefficients if before else {})
        newest = LearnedWeights.objects.filter(shipped=WEIGHTS_VERSION).first()
        if newest and newest.coefficients == trial.coefficients:
            return None, f"Nothing new: the decisions are those that version {newest.version} was learned from."
        with suppress(IntegrityError):  # somebody else's version has this number
            if weights := _store(trial, before):
                use_of_it = "now" if weights.is_active else "not"
                return weights, f"Version {weights.version} is {use_of_it} in use. {weights.note}"
    return None, "Somebody else was learning at the same time."


def _too_few(known: Sequence[Example]) -> str:
    same = sum(example.is_same for example in known)
    if min(same, len(known) - same) >= FEWEST:
        return ""
    return f"Too few decisions to learn from: {same} merges and {len(known) - same} others, {FEWEST} of each needed."


def try_out(known: Sequence[Example], in_use: Coefficients) -> Trial:
    """Fits the older decisions and judges by the newest; what is learned is then fitted to all."""
    older, newest = _split(known)
    tried = fit(older)
    before = _figures(newest, in_use)
    share = sum(example.is_same for example in older) / len(older)
    return Trial(
        coefficients=dict(fit(known)),
        decisions=len(known),
        held_out=len(newest),
        guessing=-sum(log(share if example.is_same else 1 - share) for example in newest) / len(newest),
        doubt=_doubt(newest, tried, in_use),
        slack=_slack(before.recall_at_p99, sum(example.is_same for example in newest)),
        after=_figures(newest, tried),
        before=before,
        shipped=_figures(newest, {}),
    )


def _split(known: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """The older and the newest of each kind: people may well decide all of one kind in a row."""
    older: list[Example] = []
    newest: list[Example] = []
    for is_same in (True, False):
        kind = [example for example in known if example.is_same is is_same]
        kept = len(kind) - max(1, round(len(kind) * HELD_OUT))
        older += kind[:kept]
        newest += kind[kept:]
    return older, newest


def _figures(decided: Sequence[Example], coefficients: Coefficients) -> Figures:
    judged = judge(decided, coefficients)
    right = sum(
        (corrected(example.signals, example.log_odds, coefficients) >= 0) is example.is_same for example in decided
    )
    return Figures(judged.log_loss, judged.recall_at_p99, right / len(decided))


def _doubt(decided: Sequence[Example], tried: Coefficients, in_use: Coefficients) -> float:
    gains = [judge([example], in_use).log_loss - judge([example], tried).log_loss for example in decided]
    return stdev(gains) / sqrt(len(gains))


def _slack(share: float, count: int) -> float:
    """One standard error of a share of `count`; of one at its end, that of the next one."""
    inside = min(max(share, 1 / (count + 1)), count / (count + 1))
    return sqrt(inside * (1 - inside) / count)


def _store(trial: Trial, before: LearnedWeights | None) -> LearnedWeights | None:
    """None when something else came into use than what the trial was compared with."""
    with transaction.atomic():
        _lock()
        if in_use().first() != before:
            return None
        objection = trial.objection
        if not objection:
            LearnedWeights.objects.active().update(is_active=False)
        last = LearnedWeights.objects.aggregate(last=Max("version"))["last"] or 0
        weights = LearnedWeights.objects.create(
            version=last + 1,
            shipped=WEIGHTS_VERSION,
            coefficients=trial.coefficients,
            decisions=trial.decisions,
            figures={"held_out": trial.held_out, "guessing": trial.guessing}
            | {name: asdict(getattr(trial, name)) for name in ("after", "before", "shipped")},
            is_active=not objection,
            note=objection or _praise(trial),
        )
        _clear_out()
        if not objection:
            transaction.on_commit(_weigh_all_again)
    return weights


def _praise(trial: Trial) -> str:
    right, before = _of_100(trial.after.right), _of_100(trial.before.right)
    if right > before:
        return f"Right about {right} of 100 decisions that it had not seen, before {before}."
    return "It foretold decisions that it had not seen better than what was in use."


def _of_100(share: float) -> int:
    return round(share * 100)


def _clear_out() -> None:
    kept = LearnedWeights.objects.filter(is_active=False)[:KEPT].values_list("pk", flat=True)
    LearnedWeights.objects.filter(is_active=False).exclude(pk__in=list(kept)).delete()
