"""What our figures stand beside, on the same leads: the rule "same e-mail or phone", and Splink with its own
comparisons.

Splink 5 on DuckDB as its documentation has one begin: comparisons of its library, several blocking rules, the prior
from rules that hardly err, u by random sampling, m by expectation maximisation. It gets the same normalised values as
we do, and of all thresholds the one with the highest F1, which nobody knows beforehand.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment import verdict
from enrichment.evaluation import Figures, Row
from leads.keys import email_key, phone_key
from leads.names import folded_company, folded_name, split_name

Pair = tuple[int, int]  # places in the rows, the earlier lead first

RULES = (  # which pairs Splink compares
    ("email",), ("phone",), ("first", "last"), ("user",), ("phone_end",), ("last", "substr(first, 1, 2)"),
    ("first", "substr(last, 1, 4)"), ("first", "company"),
)  # fmt: skip
RULES_OF_PLACES = (
    ("first", "last"), ("street",), ("postcode",), ("suburb",), ("last",), ("house",), ("first", "number"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """One method on one file of leads. `seconds`: its own work, without reading the file."""

    method: str
    precision: float
    recall: float
    f1: float
    recall_at_p99: float
    recall_no_key: float
    seconds: float

    def line(self) -> str:
        shares = (self.precision, self.recall, self.f1, self.recall_at_p99, self.recall_no_key)
        return f"| {self.method} | {' | '.join(f'{share:.3f}' for share in shares)} | {self.seconds:.0f} |"


HEAD = (
    "| Method | Precision | Recall | F1 | Recall at 99 % precision | Recall without a shared key | Seconds |\n"
    "|---|---|---|---|---|---|---|"
)


def ours(figures: Figures, seconds: float) -> Score:
    method = f"baseCamp, {figures.decisions} decisions" if figures.decisions else "baseCamp, as shipped"
    rest = (figures.precision, figures.recall, figures.f1, figures.recall_at_p99, figures.recall_no_key)
    return Score(method, *rest, seconds)


def exact_key(rows: Sequence[Row]) -> Score:
    """Two leads with the same mailbox or the same number are one person; nobody else is."""
    begun = time.perf_counter()
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        for kind, key in keys(row).items():
            if key:
                holders[kind, key].append(at)
    found = {(a, b): 1.0 for held in holders.values() for at, b in enumerate(held) for a in held[:at]}
    return _score("Same e-mail or phone", rows, found, 0.5, time.perf_counter() - begun)


def splink(rows: Sequence[Row]) -> Score:
    begun = time.perf_counter()
    found = _splink([record(at, row) for at, row in enumerate(rows)], RULES, comparisons())
    seconds = time.perf_counter() - begun
    return _score("Splink 5, best threshold", rows, found, _best_threshold(found, _true(rows)), seconds)


def splink_of_places(rows: Sequence[Row], records: list[dict[str, Any]]) -> Score:
    """For people of whom a name and an address are known; `records` have the columns of `RULES_OF_PLACES`."""
    begun = time.perf_counter()
    found = _splink(records, RULES_OF_PLACES, _comparisons_of_places())
    seconds = time.perf_counter() - begun
    return _score("Splink 5, best threshold", rows, found, _best_threshold(found, _true(rows)), seconds)


def keys(row: Row) -> dict[str, str]:
    return {"email": email_key(row.email), "phone": phone_key(row.phone, row.region or None)}


def record(at: int, row: Row) -> dict[str, Any]:
    first, last = (folded_name(part) for part in split_name(row.name))
    own = keys(row)
    ends = {"user": own["email"].partition("@")[0], "phone_end": own["phone"][-7:]}
    texts = {"first": first, "last": last, **own, **ends, "company": folded_company(row.company), "region": row.region}
    return {"unique_id": at} | {column: text or None for column, text in texts.items()}


def comparisons() -> list[Any]:
    import splink.comparison_library as cl

    return [
        cl.ForenameSurnameComparison("first", "last").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
        cl.LevenshteinAtThresholds("phone", [1, 2]),
        cl.JaroWinklerAtThresholds("company", [0.9, 0.8]),
        cl.ExactMatch("region"),
    ]


def _comparisons_of_places() -> list[Any]:
    import splink.comparison_library as cl

    return [
        cl.ForenameSurnameComparison("first", "last").configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("number", 1),
        cl.JaroWinklerAtThresholds("street", [0.9, 0.8]),
        cl.JaroWinklerAtThresholds("house", [0.9, 0.8]),
        cl.JaroWinklerAtThresholds("suburb", [0.9, 0.8]),
        cl.LevenshteinAtThresholds("postcode", [1, 2]),
        cl.ExactMatch("state"),
    ]


def _splink(
    records: list[dict[str, Any]], rules: Iterable[tuple[str, ...]], comparisons: list[Any]
) -> dict[Pair, float]:
    """What Splink says of each pair that it compares."""
    linker = linker_for(records, rules, comparisons)
    answer = linker.inference.predict().as_duckdbpyrelation()
    found = answer.project("unique_id_l, unique_id_r, match_probability").fetchall()
    return {(min(a, b), max(a, b)): likelihood for a, b, likelihood in found}


def linker_for(records: list[dict[str, Any]], rules: Iterable[tuple[str, ...]], comparisons: list[Any]) -> Any:
    """A trained linker over the records."""
    import pandas
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
    )
    table = DuckDBAPI().register(pandas.DataFrame(records))
    linker = Linker(table, settings, log_level=40)
    first, second = list(rules)[:2]
    certain = [block_on(*first), block_on("last", *second)]
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (first, second):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker


def _score(method: str, rows: Sequence[Row], found: Mapping[Pair, float], least: float, seconds: float) -> Score:
    true = _true(rows)
    said = {pair for pair, likelihood in found.items() if likelihood >= least}
    own = [keys(row) for row in rows]
    no_key = {(a, b) for a, b in true if not any(key and key == own[b][kind] for kind, key in own[a].items())}
    precision, recall = len(said & true) / max(len(said), 1), len(said & true) / max(len(true), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    at_p99 = verdict.recall_at(verdict.WANTED_PRECISION, found, true)
    return Score(method, precision, recall, f1, at_p99, len(no_key & said) / max(len(no_key), 1), seconds)


def _best_threshold(found: Mapping[Pair, float], true: set[Pair]) -> float:
    """The probability from which on the F1 is highest."""
    count, right = Counter(found.values()), Counter(p for pair, p in found.items() if pair in true)
    best, at, seen, hits = 0.0, 1.0, 0, 0
    for likelihood in sorted(count, reverse=True):
        seen, hits = seen + count[likelihood], hits + right[likelihood]
        if 2 * hits / (seen + len(true)) > best:
            best, at = 2 * hits / (seen + len(true)), likelihood
    return at


def _true(rows: Sequence[Row]) -> set[Pair]:
    return verdict.true_pairs([row.person for row in rows])
