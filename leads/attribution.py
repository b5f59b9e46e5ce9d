"""Where an inquiry came from: the first and the last touch of a visit, as browsers and programs send it.

Whatever comes in is a stranger's: what isn't on the list is dropped, silently. Pure: imports no Django.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from leads.channels import LABELS as CHANNEL_LABELS
from leads.channels import channel_of

LONGEST = 255  # characters of one value
LONGEST_SENT = 16_000  # characters of all of it; twelve values twice are less
LARGEST_NUMBER = 10**18

LABELS: Mapping[str, str] = {
    "utm_source": "UTM source",
    "utm_medium": "UTM medium",
    "utm_campaign": "UTM campaign",
    "utm_term": "UTM term",
    "utm_content": "UTM content",
    "utm_id": "UTM ID",
    "gclid": "Google click ID",
    "fbclid": "Facebook click ID",
    "msclkid": "Microsoft click ID",
    "referrer": "Referrer",
    "landing_page": "Landing page",
    "form_page": "Form page",
}
# Of both touches and their channels, as files and other programs have them: “first_utm_source”, “last_channel”.
TOLD: Mapping[str, str] = {
    **{f"first_{key}": label for key, label in {"channel": "Channel", **LABELS}.items()},
    **{f"last_{key}": f"Last {label}" for key, label in {"channel": "channel", **LABELS}.items()},
}
SHORT: Mapping[str, str] = {"utm_campaign": "Campaign", "utm_term": "Term", "utm_content": "Content"}
CLICK_IDS = ("gclid", "fbclid", "msclkid")
PAGES = ("landing_page", "form_page")
CAMPAIGN = tuple(key for key in LABELS if key.startswith("utm_"))
IN_LINKS = (*CAMPAIGN, *CLICK_IDS)  # what an address's query may keep
CLICK_ID = re.compile(r"[A-Za-z0-9_.~-]+")
HOST = re.compile(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]")
PATH = "/%:@!$&'()*+,;=-._~"  # besides letters and digits; quotes are quoted below
CUT_ESCAPE = re.compile(r"%[0-9A-Fa-f]?$")


@dataclass(frozen=True, slots=True)
class Touch:
    """One arrival at the website; empty where nothing is known. `form_page` is where the inquiry was sent."""

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    utm_id: str = ""
    gclid: str = ""
    fbclid: str = ""
    msclkid: str = ""
    referrer: str = ""
    landing_page: str = ""
    form_page: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    @classmethod
    def of(cls, sent: object) -> Self:
        """What may be kept of what was sent, or was stored by `to_json`."""
        if not isinstance(sent, Mapping):
            return cls()
        return cls(**{key: _checked(key, sent.get(key)) for key in LABELS})

    def to_json(self) -> dict[str, str]:
        return {key: value for key, value in asdict(self).items() if value}

    @property
    def channel(self) -> str:
        return channel_of(self)

    @property
    def channel_label(self) -> str:
        return CHANNEL_LABELS.get(self.channel, "")

    @property
    def source_and_medium(self) -> str:
        """“google / cpc”."""
        return " / ".join(filter(None, (self.utm_source, self.utm_medium)))

    @property
    def details(self) -> Iterator[tuple[str, str]]:
        """All that is known but source and medium, with labels, as the lead's page lists it. What a page's query says
        is listed by itself."""
        for key in ("utm_campaign", "utm_term", "utm_content", "utm_id", "referrer", *PAGES, *CLICK_IDS):
            if value := getattr(self, key):
                yield SHORT.get(key, LABELS[key]), value.partition("?")[0] if key in PAGES else value


@dataclass(frozen=True, slots=True)
class Attribution:
    """The first and the last touch, equal where there was one."""

    first: Touch = Touch()
    last: Touch = Touch()

    def __bool__(self) -> bool:
        return bool(self.first or self.last)

    @classmethod
    def of(cls, first: object, last: object) -> Self:
        """Of two touches as sent or stored; one that is missing is like the other."""
        one, other = Touch.of(first), Touch.of(last)
        return cls(one or other, other or one)

    @property
    def is_one(self) -> bool:
        """Whether there was one touch, as far as anybody knows."""
        return self.first == self.last

    def to_json(self) -> dict[str, dict[str, str]]:
        """Empty when nothing is known; what `parse` reads."""
        return {"first": self.first.to_json(), "last": self.last.to_json()} if self else {}


NOTHING = Attribution()


def parse(sent: object) -> Attribution:
    """What a browser or a program sent: JSON text or a mapping, of two touches or flat. Never raises."""
    if isinstance(sent, str):
        sent = _loaded(sent)
    if not isinstance(sent, Mapping):
        return NOTHING
    if "first" not in sent and "last" not in sent:
        touch = Touch.of(sent)
        return Attribution(touch, touch)
    told = Attribution.of(sent.get("first"), sent.get("last"))
    page = _checked("form_page", sent.get("form_page"))
    return Attribution(replace(told.first, form_page=page), replace(told.last, form_page=page)) if page else told


def of_visit(query: Mapping[str, str], *, page: str = "", referrer: str = "") -> Attribution:
    """Of a form's own page: what its link says. A link that stands for a frame on another website brings the touches
    along in `attribution`. `page` is the form's address without its query; empty in a frame, as the page around it
    isn't seen."""
    if brought := parse(query.get("attribution", "")):
        return brought
    said = {key: query[key] for key in IN_LINKS if key in query}
    if page:
        here = f"{page}?{urlencode(said, errors='replace')}"
        said |= {"landing_page": here, "form_page": here, "referrer": "" if _is_of(referrer, page) else referrer}
    return parse(said)


def folded(value: str) -> str:
    """As leads are filtered by it: Google and google are one."""
    return _text(value).lower()[:LONGEST]


def _loaded(text: str) -> Any:
    if not text or len(text) > LONGEST_SENT:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _checked(key: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER:
        value = str(value)
    if not isinstance(value, str) or not value:
        return ""
    if key in CLICK_IDS:
        whole = value.strip()
        return whole if len(whole) <= LONGEST and CLICK_ID.fullmatch(whole) else ""  # a part of one finds nothing
    if key == "referrer":
        return _address(value, with_query=False)
    return _address(value) if key in PAGES else _text(value)[:LONGEST].strip()


def _text(value: str) -> str:
    """One line of what can be seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in value[: 4 * LONGEST]).split())


def _address(value: str, *, with_query: bool = True) -> str:
    """A page's address without its fragment, and of its query only what says where somebody came from: the rest may
    be about the person. Empty for what is no http address."""
    try:
        parts = urlsplit(value.strip()[: 16 * LONGEST])
        origin = _origin(parts)
        query = [(key, _checked(key, said)) for key, said in parse_qsl(parts.query) if key in IN_LINKS]
    except ValueError:
        return ""
    if not origin:
        return ""
    page = origin + (quote(parts.path, safe=PATH, errors="replace").replace("'", "%27") or "/")
    whole = f"{page}?{urlencode([pair for pair in query if pair[1]])}".rstrip("?") if with_query else page
    return whole if len(whole) <= LONGEST else CUT_ESCAPE.sub("", page[:LONGEST])


def _origin(parts: SplitResult) -> str:
    """Without a user's name; ValueError for a port that is none."""
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(host):
        return ""
    return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"


def _is_of(address: str, page: str) -> bool:
    try:
        return bool(address) and _origin(urlsplit(address)) == _origin(urlsplit(page))
    except ValueError:
        return False
