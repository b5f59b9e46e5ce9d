"""A form's own colours, and whether people can read them. Pure: imports no Django.

Contrast is WCAG 2.2's: 4.5 to 1 for text, 3 to 1 for the lines around fields
(https://www.w3.org/TR/WCAG22/#contrast-minimum).
"""

import re
from dataclasses import dataclass

TEXT, LINE = 4.5, 3.0
HEX = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
REDS = ("#b3261e", "#ff9a92", "#7a120c")


@dataclass(frozen=True, slots=True)
class Colours:
    """As #rrggbb: the page's background, its text, and its links and button."""

    paper: str
    ink: str
    accent: str

    def problem(self) -> str:
        """Why people could not read the form, in plain words; empty when they can."""
        if not all(HEX.fullmatch(colour) for colour in (self.paper, self.ink, self.accent)):
            return "Write a colour as # and six digits: #1f5fbf."
        for what, colour in (("text", self.ink), ("colour of links and button", self.accent)):
            ratio = contrast(colour, self.paper)
            if ratio < TEXT:
                return f"The {what} is too pale on this background: the contrast is {ratio:.1f}, and 4.5 is needed."
        return ""

    def css(self) -> str:
        """The variables of form.css, also for dark mode: own colours are the same in both."""
        values = {
            "ink": self.ink,
            "soft": _readable((_mix(self.ink, self.paper, 0.7),), self),
            "line": next(each for each in self._lines() if contrast(each, self.paper) >= LINE),
            "paper": self.paper,
            "field": self.paper,
            "accent": self.accent,
            "accent-ink": max(("#ffffff", "#000000"), key=lambda colour: contrast(colour, self.accent)),
            "bad": _readable(REDS, self),
            "bad-paper": self.paper,
        }
        # Twice the same class: it must win over the variables of dark mode.
        listed = "".join(f"--{name}:{value};" for name, value in values.items())
        return f":root:root{{color-scheme:{'light' if luminance(self.paper) > 0.5 else 'dark'};{listed}}}"

    def _lines(self) -> list[str]:
        """From faint to the text's own colour, which is always strong enough."""
        return [*(_mix(self.ink, self.paper, share) for share in (0.5, 0.7)), self.ink]


def _readable(colours: tuple[str, ...], own: Colours) -> str:
    return next((colour for colour in colours if contrast(colour, own.paper) >= TEXT), own.ink)


def _mix(first: str, second: str, share: float) -> str:
    """So much of the first colour, the rest of the second."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


def contrast(first: str, second: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
