"""One level of agreement in one thing. Pure: imports no Django."""

from typing import NamedTuple


class Level(NamedTuple):
    """One level of agreement: its probability under each explanation. `holders`: of the value, beside the pair."""

    key: str
    same: float
    household: float
    colleague: float
    unrelated: float
    holders: int = 0
