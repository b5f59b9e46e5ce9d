"""The verdict on one message: the model's score, the rules' points and what staff taught, added up. Pure."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from leads.spam.model import shipped
from leads.spam.rules import Reason, reasons_of
from leads.spam.signs import Signs, signs

LIMIT = 0.0  # from here on a message is suspect; the shipped offset is chosen so
_FEW = 4  # words that are too few to be called spam for how they are worded
_SAYS_NOTHING = -1.0
_WORDING = 1.0  # of the model's score: less is not worth a reason of its own


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came in. `earlier`: how many others wrote the very same text before."""

    text: str
    name: str = ""
    email: str = ""
    company: str = ""
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`base` is the score without what staff taught. `reasons` are sentences for staff, the weightiest first."""

    score: float
    base: float
    reasons: tuple[str, ...]
    signs: Signs = field(repr=False)

    @property
    def is_suspect(self) -> bool:
        return self.score > LIMIT


def judge(incoming: Incoming, correction: NDArray[np.float32] | None = None) -> Verdict:
    """Whether the message is to be set aside, and why; `correction` comes from `learned`."""
    found = signs(incoming.text)
    wording = shipped().score(found) if len(found[0]) else _SAYS_NOTHING
    if len(incoming.text.split()) < _FEW and incoming.text.isascii():
        wording = min(wording, _SAYS_NOTHING)
    broken = reasons_of(
        incoming.text, name=incoming.name, email=incoming.email, company=incoming.company, earlier=incoming.earlier
    )
    base = wording + sum(reason.points for reason in broken)
    places, values = found
    taught = float(correction[places] @ values) if correction is not None else 0.0
    score = base + taught
    return Verdict(score, base, _sentences(broken, wording=wording, taught=taught), found)


def _sentences(broken: list[Reason], *, wording: float, taught: float) -> tuple[str, ...]:
    found = list(broken)
    if wording > 0 or (not broken and wording > -_WORDING):
        found.append(Reason("It is worded like known spam.", max(wording, 0.1)))
    if taught > _WORDING / 2:
        found.append(Reason("It resembles what was marked as spam here.", taught))
    return tuple(reason.words for reason in sorted(found, key=lambda reason: -reason.points))
