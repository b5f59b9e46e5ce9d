"""What a benchmark returns, and how it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure beside what it must be; `is_met` is empty where there is nothing to meet."""

    name: str
    value: str
    target: str = ""
    is_met: bool | None = None

    def line(self) -> str:
        mark = {True: "yes", False: "NO", None: ""}[self.is_met]
        return f"| {self.name} | {self.value} | {self.target} | {mark} |"


HEAD = "| Figure | Measured | Must be | Met |\n|---|---|---|---|"


def at_least(name: str, value: float, target: float, unit: str = "") -> Figure:
    return Figure(name, f"{value:.2f}{unit}", f"≥ {target:g}{unit}", value >= target)


def at_most(name: str, value: float, target: float, unit: str = "") -> Figure:
    return Figure(name, f"{value:.2f}{unit}", f"≤ {target:g}{unit}", value <= target)
