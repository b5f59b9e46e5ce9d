"""Fits the shipped weights of the matcher: `python scripts/fit_weights.py FILE.parquet [...] [--write]`.

A file is a table of leads in any order with the columns name, email, phone, region, company, message, ts (place is
optional) and the truth in person: equal means the same. Candidates are found as the product finds them, by keys, each
lead against earlier ones, and by the ten nearest messages; how common a value is, is counted from the leads so far.

The levels of agreement and their likelihoods (`leads/matching/levels.py`, `places.py`) are set by hand. What is fitted
are the bits that finer signs add: a logistic regression with the log-odds of the levels as its starting point, each
weight drawn towards what is sensible (`START`, else nought) and kept within bounds (`BOUNDS`), because a file has its
own habits. Every pair takes part three times: as it is, without its times, and without times and messages, so that
what is missing says nothing. At last all are lowered by as many bits as the held-out pairs ask for.

Printed figures are cross-validated: each fifth of the PERSONS is judged by weights that never saw them; pairs that were
no candidates count as not found. With `--write` the weights of all files go to `leads/matching/weights.json`.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

HOME = Path(__file__).resolve().parent.parent
WEIGHTS = HOME / "leads" / "matching" / "weights.json"
sys.path.insert(0, str(HOME))

from leads.keys import phone_key  # noqa: E402
from leads.matching import model  # noqa: E402
from leads.matching.lookup import COUNTED_ONLY, key_pairs  # noqa: E402
from leads.matching.people import Features, Holders, Person, features  # noqa: E402
from leads.matching.signals import signals  # noqa: E402
from leads.names import split_name  # noqa: E402

VERSION = "4"
NEAREST, NEWEST = 10, 50
RIDGE = 1.0  # one over the variance that a weight is expected to have, in nats
# Bits that a weight is drawn to where a file says little about it.
START = {
    "number:same": 4.0,
    "message:figures": 2.0,
    "number:differs": -0.5,
    "name:initial_same": 0.5,
    "name:initial_differs": -1.5,
    "mailbox:full": 5.0,
    "mailbox:initial": 3.0,
    "mailbox:last": 1.0,
    "mailbox:first": 1.0,
    "mailbox:another": -1.0,
    "phone:two_off": 3.0,
    "message:identical": 1.0,
    "message:contained": 1.0,
    "again:later": 1.5,
}
# Least and most bits, by name or by what stands before the colon.
BOUNDS = {
    "message": (0.0, 3.0),
    "number:same": (2.0, 7.0),
    "mailbox:full": (0.0, 9.0),
    "number:differs": (-1.0, 0.0),
    "mailbox": (-3.0, 6.0),
    "mailbox:another": (-3.0, 0.0),
    "name:initial_same": (0.0, 2.0),
    "name:initial_differs": (-3.0, 0.0),
    "time": (0.0, 2.0),
    "time:far": (-1.5, 0.0),
    "again": (0.0, 3.0),
    # The more have it, the less it says; agreement is never worth less than difference.
    "name:shared": (-1.0, 0.0),
    "email:shared": (0.0, 0.0),
    "phone:shared": (0.0, 0.0),
    "name:same": (-1.5, 3.0),
    "email:same": (-0.25, 3.0),
    "phone:same": (-0.5, 3.0),
    "company:same": (0.0, 3.0),
    "company:known": (-0.3, 0.3),
    "name:different": (-3.0, 0.0),
    "email:different": (-3.0, -0.5),
    "email:mixed": (-0.5, 0.0),
    "email:user_digits": (-0.5, 3.0),
    "name:first": (-1.5, 3.0),
    "name:short": (0.0, 3.0),
    "name:swapped": (-0.5, 3.0),
    "email:user": (0.0, 3.0),
    "email:handle": (0.0, 3.0),
    "part": (-0.5, 1.5),
    "phone:different": (-3.0, -0.5),
    "company:different": (-3.0, 0.0),
    "place": (0.0, 0.0),
    "": (-3.0, 3.0),
}
USUAL = (-3.0, 3.0)
# How much the copies without times, and without times and messages, count.
COPIES = 0.2
NATS = np.log(2)


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs of one file, in time order; `odds` in bits, one row of finer signs each."""

    pairs: list[tuple[int, int]]
    persons: np.ndarray
    same: np.ndarray
    has_no_key: np.ndarray
    odds: np.ndarray
    shares: np.ndarray
    signals: list[Mapping[str, float]]
    copies: list[tuple[int, float, float, Mapping[str, float]]]  # place of the pair, odds, share, signs
    every: int  # true pairs, found or not
    every_without_key: int


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--vectors", type=Path, help="Folder to keep the messages' vectors in.")
    parser.add_argument("--write", action="store_true", help="Write leads/matching/weights.json.")
    options = parser.parse_args()
    sets = [read(file, options.vectors or file.parent) for file in options.files]
    names = sorted({"", *(name for found in sets for row in found.signals for name in row)})
    unseen = [cross_validated(found, sets, names) for found in sets]
    shift = calmed(sets, unseen)
    print(f"Held-out pairs ask for {shift:+.2f} bits.")
    for file, found, odds in zip(options.files, sets, unseen, strict=True):
        show(f"{file.name}: levels alone", found, found.odds)
        show(f"{file.name}: cross-validated", found, odds + shift * found.shares)
    weights = fit([(found, np.ones(len(found.pairs), bool)) for found in sets], names)
    weights[""] = round(weights.get("", 0.0) + shift, 3)
    for name, bits in sorted(weights.items(), key=lambda item: -abs(item[1])):
        print(f"{bits:+6.2f} {name or '(before any evidence)'}")
    if options.write:
        content = {"version": VERSION, "bits": {"": 0.0} | weights}
        WEIGHTS.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


# ---- reading a file --------------------------------------------------------------------------------------------------


def read(file: Path, folder: Path) -> Pairs:
    table = pd.read_parquet(file).sort_values("ts", kind="stable").reset_index(drop=True)
    vectors = embedded(list(table.message.fillna("")), folder / f"{file.stem}.vectors.npy")
    people = [person(row) for row in table.to_dict("records")]
    keys = [key_pairs(one) for one in people]
    pairs = sorted(candidates(keys) | nearest(vectors), key=lambda pair: (pair[1], pair[0]))
    return weighed(people, keys, pairs, vectors, table.person.to_numpy())


def person(row: Mapping[str, object]) -> Person:
    text = {key: str(value) if value is not None and value == value else "" for key, value in row.items()}
    first, last = split_name(text["name"])
    return Person(
        first,
        last,
        text["email"],
        phone_key(text["phone"], text["region"] or None),
        text["company"],
        text.get("place", ""),
        text["message"],
        pd.Timestamp(text["ts"]).timestamp(),
    )


def embedded(texts: list[str], kept: Path) -> np.ndarray:
    """The vectors of the messages in time order, computed once."""
    if not kept.exists():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "basecamp.settings")
        import django

        django.setup()
        from enrichment import embedding

        np.save(kept, embedding.encode(texts))
    return np.load(kept)


def candidates(keys: list[list[tuple[str, str]]]) -> set[tuple[int, int]]:
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    found = set()
    for lead, own in enumerate(keys):
        for key in own:
            if key[0] not in COUNTED_ONLY:
                found.update((other, lead) for other in holders[key][-NEWEST:])
            holders[key].append(lead)
    return found


def nearest(vectors: np.ndarray) -> set[tuple[int, int]]:
    """Each lead with those earlier ones whose messages are nearest."""
    found = set()
    for start in range(1, len(vectors)):
        cosines = vectors[:start] @ vectors[start]
        best = np.argpartition(-cosines, NEAREST)[:NEAREST] if start > NEAREST else range(start)
        found.update((int(other), start) for other in best)
    return found


def weighed(
    people: list[Person], keys: list[list[tuple[str, str]]], pairs: list, vectors: np.ndarray, persons: np.ndarray
) -> Pairs:
    folded = [features(one) for one in people]
    contacts = [{key for key in own if key[0] in ("email", "phone")} for own in keys]
    odds, shares, rows, copies = [], [], [], []
    for place, ((one, other), holders) in enumerate(zip(pairs, counted(keys, pairs), strict=True)):
        cosine = float(vectors[one] @ vectors[other])
        versions = list(copied(folded[one], folded[other], cosine))
        for number, (a, b, similarity) in enumerate(versions):
            found = model._weigh(a, b, similarity, holders)
            share = min(1.0, max(0.0, (found.mixture - model.NOT_AT_ALL) / (model.FULLY - model.NOT_AT_ALL)))
            signs = signals(found.one, found.other, found.levels, similarity, holders) if share else {}
            if number == 0:
                odds.append(found.mixture)
                shares.append(share)
                rows.append({"": 1.0, **signs} if share else {})
                if not share:
                    break
            elif share:
                copies.append((place, found.mixture, share, {"": 1.0, **signs}))
    same = np.array([persons[one] == persons[other] for one, other in pairs])
    alike = [(one, other) for group in groups(persons) for at, one in enumerate(group) for other in group[at + 1 :]]
    return Pairs(
        pairs,
        persons,
        same,
        np.array([not contacts[one] & contacts[other] for one, other in pairs]),
        np.array(odds),
        np.array(shares),
        rows,
        copies,
        len(alike),
        sum(not contacts[one] & contacts[other] for one, other in alike),
    )


def copied(a: Features, b: Features, cosine: float) -> Iterator[tuple[Features, Features, float | None]]:
    yield a, b, cosine
    a, b = replace(a, at=0.0), replace(b, at=0.0)
    yield a, b, cosine
    yield replace(a, message=""), replace(b, message=""), None


def groups(persons: np.ndarray) -> Iterable[list[int]]:
    found = defaultdict(list)
    for lead, one in enumerate(persons):
        found[one].append(lead)
    return found.values()


def counted(keys: list[list[tuple[str, str]]], pairs: list[tuple[int, int]]) -> Iterator[Holders]:
    """How common what a pair shares was when the later lead came."""
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    known = [defaultdict(set) for _ in keys]
    for own, one in zip(keys, known, strict=True):
        for kind, key in own:
            one[kind].add(key)
    seen = 0

    def others(kind: str, pair: tuple[int, int], told_apart_by: tuple[str, ...]) -> int:
        marks = [{(sort, key) for sort in told_apart_by for key in known[lead][sort]} for lead in pair]
        shared = known[pair[0]][kind] & known[pair[1]][kind]
        found = set()
        for lead in holders[(kind, min(shared))][-NEWEST:] if shared else ():
            its = {(sort, key) for sort in told_apart_by for key in known[lead][sort]}
            if its and not its & (marks[0] | marks[1]):
                found.add(min(its))
        return len(found)

    for pair in pairs:
        while seen <= pair[1]:
            for key in keys[seen]:
                holders[key].append(seen)
            seen += 1

        def count(kind: str, pair: tuple[int, int] = pair) -> int:
            shared = known[pair[0]][kind] & known[pair[1]][kind]
            return max(len(holders[(kind, min(shared))]) - 2, 0) if shared else 0

        yield Holders(
            seen,
            others("name", pair, ("email", "phone")),
            count("first"),
            count("last"),
            others("email", pair, ("name",)),
            others("phone", pair, ("name",)),
            count("company"),
            count("domain"),
            count("place"),
            count("text"),
        )


# ---- fitting ---------------------------------------------------------------------------------------------------------


def fit(sets: list[tuple[Pairs, np.ndarray]], names: list[str]) -> dict[str, float]:
    """Bits by sign, from the pairs of each set that the mask chooses."""
    rows, odds, same, weights = [], [], [], []
    column = {name: place for place, name in enumerate(names)}
    for found, chosen in sets:
        whole = ((at, found.odds[at], found.shares[at], found.signals[at]) for at in np.flatnonzero(found.shares))
        for weight, items in ((1.0, whole), (COPIES, found.copies)):
            for place, bits, share, signs in items:
                if chosen[place]:
                    row = np.zeros(len(names))
                    for name, value in signs.items():
                        row[column[name]] = value * share
                    rows.append(row)
                    odds.append(bits)
                    same.append(found.same[place])
                    weights.append(weight)
    return solved(np.array(rows), np.array(odds), np.array(same, float), np.array(weights), names)


def solved(rows: np.ndarray, odds: np.ndarray, same: np.ndarray, weights: np.ndarray, names: list[str]) -> dict:
    start = np.array([START.get(name, 0.0) for name in names]) * NATS
    bounds = [tuple(np.array(bound(name)) * NATS) for name in names]

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        z = odds * NATS + rows @ found
        expected = 1 / (1 + np.exp(-np.clip(z, -50, 50)))
        pull = found - start
        value = (weights * (np.logaddexp(0, z) - same * z)).sum() + RIDGE / 2 * (pull**2).sum()
        return value, rows.T @ (weights * (expected - same)) + RIDGE * pull

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000}).x
    return {name: round(float(bits / NATS), 3) for name, bits in zip(names, found, strict=True) if abs(bits) > 0.005}


def bound(name: str) -> tuple[float, float]:
    return BOUNDS.get(name) or BOUNDS.get(name.partition(":")[0], USUAL)


def calmed(sets: list[Pairs], unseen: list[np.ndarray]) -> float:
    """Bits to take from all, because fitted weights are surer of what they saw than of what they did not."""
    odds, same = np.concatenate(unseen), np.concatenate([found.same for found in sets])
    near = (odds > -1) & (odds < 7)
    steps = np.arange(-1.5, 0.01, 0.05)
    losses = [np.logaddexp(0, np.where(same[near], -1, 1) * (odds[near] + step) * NATS).sum() for step in steps]
    return round(float(steps[np.argmin(losses)]), 2)


def corrected(found: Pairs, weights: Mapping[str, float]) -> np.ndarray:
    total = np.array([sum(weights.get(name, 0.0) * value for name, value in row.items()) for row in found.signals])
    return found.odds + found.shares * np.clip(total, -model.MOST, model.MOST)


def cross_validated(found: Pairs, sets: list[Pairs], names: list[str], folds: int = 5) -> np.ndarray:
    """Log-odds in bits of the pairs of one file, each by weights that saw neither of its persons."""
    everyone = np.unique(found.persons)
    fold_of = dict(zip(everyone, np.random.default_rng(0).integers(0, folds, len(everyone)), strict=True))
    earlier, later = (np.array([fold_of[found.persons[pair[side]]] for pair in found.pairs]) for side in (0, 1))
    odds = found.odds.copy()
    for fold in range(folds):
        chosen = [
            (one, (earlier != fold) & (later != fold) if one is found else np.ones(len(one.pairs), bool))
            for one in sets
        ]
        judged = later == fold
        odds[judged] = corrected(found, fit(chosen, names))[judged]
    return odds


# ---- figures ---------------------------------------------------------------------------------------------------------


def show(label: str, found: Pairs, odds: np.ndarray) -> None:
    chance = 1 / (1 + 2.0 ** -np.clip(odds, -60, 60))
    shown = chance >= 0.5
    hits = (shown & found.same).sum()
    precision, recall = hits / max(shown.sum(), 1), hits / found.every
    order = np.argsort(-chance, kind="stable")
    right = np.cumsum(found.same[order])
    is_sure = right >= 0.99 * np.arange(1, len(order) + 1)
    at_p99 = right[is_sure].max() / found.every if is_sure.any() else 0.0
    without = (shown & found.same & found.has_no_key).sum() / max(found.every_without_key, 1)
    alone = {lead for group in groups(found.persons) if len(group) == 1 for lead in group}
    alerts = {pair[1] for pair, p, same in zip(found.pairs, chance, found.same, strict=True) if p >= 0.9 and not same}
    print(
        f"{label}: P {precision:.3f} R {recall:.3f} F1 {2 * precision * recall / (precision + recall):.4f} "
        f"R@P99 {at_p99:.3f} no key {without:.3f} ECE {error(chance[shown], found.same[shown]):.3f} "
        f"false alerts at .9 {100 * len(alerts & alone) / len(alone):.2f} %"
    )


def error(chance: np.ndarray, same: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over the shown pairs."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    return float(
        sum(abs(chance[place == at].mean() - same[place == at].mean()) * (place == at).mean() for at in set(place))
    )


if __name__ == "__main__":
    main()
