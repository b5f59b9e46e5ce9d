"""What each kind of business is asked about, which facts are looked for, and what a reply may say. Pure: imports no
Django. The four shipped ones stand here; those that staff change or make are rows (`enrichment.business`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from leads.fields import FIELDS, Kind

COMMON_FACTS: Mapping[str, str] = {
    "first_name": "the sender's first name",
    "last_name": "the sender's last name",
    "email": "the sender's e-mail address",
    "phone": "the sender's phone number",
    "company": "the company the sender writes for",
    "product": "the product or service asked for",
    "date": "the day (and time) the sender wants",
    "amount": "the money the sender names, with its currency",
    "place": "the sender's town or address",
}
COMMON_INTENTS: Mapping[str, str] = {
    "inquiry": "asks about services, prices in general, opening hours or availability",
    "appointment_request": "wants to book, move or confirm a visit or a call",
    "quote_request": "wants to know what a particular job would cost",
    "support": "needs help with something already bought, booked or done",
    "complaint": "is unhappy with what was done or promised",
    "general": "anything else from a possible customer",
    "job_application": "wants to work for the business",
    "sales_pitch": "wants to sell something to the business",
}


@dataclass(frozen=True, slots=True)
class ProfileField:
    """One fact beyond the common ones. `choices`: of a choice, pairs of key and label."""

    key: str
    label: str
    kind: Kind
    meaning: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """What the business offers; `price` in the words that a reply may quote ("from $89"), empty when none may be."""

    name: str
    price: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of a business profile. `base` is the shipped kind whose word lists the rules use.

    `intents`: key of `leads.fields.INTENTS` to what it means here; `examples`: to sentences of such inquiries.
    `business_name`, `opening_hours`, `services`, `notes` and `signature` are all that a reply may know of the business.
    """

    key: str
    about: str
    intents: Mapping[str, str]
    fields: tuple[ProfileField, ...] = ()
    version: int = 0
    base: str = "general"
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tone: str = "friendly and brief"
    business_name: str = ""
    opening_hours: str = ""
    services: tuple[Service, ...] = ()
    notes: str = ""
    signature: str = ""

    @property
    def facts(self) -> Mapping[str, str]:
        """Every fact's field key with what it means, the common ones first."""
        return {**COMMON_FACTS, **self.extra_facts}

    @property
    def extra_facts(self) -> Mapping[str, str]:
        return {extra.key: extra.meaning for extra in self.fields}

    @property
    def label(self) -> str:
        """As stored with each answer."""
        return f"{self.key} {self.version}"

    def kind(self, key: str) -> Kind:
        """How a fact's words are read; KeyError for a field that this profile doesn't know."""
        own = {extra.key: extra.kind for extra in self.fields}
        return own[key] if key in own else FIELDS[key].kind

    def to_json(self) -> dict[str, Any]:
        """What a version stores; key and version stand beside it."""
        content = asdict(self)
        return {name: value for name, value in content.items() if name not in ("key", "version")}

    @classmethod
    def from_json(cls, key: str, version: int, content: Mapping[str, Any]) -> "Profile":
        """Reads what `to_json` wrote; unknown keys of a newer baseCamp are left out."""
        known = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
        known["fields"] = tuple(
            ProfileField(
                **{**each, "kind": Kind(each["kind"]), "choices": tuple((k, label) for k, label in each["choices"])}
            )
            for each in content.get("fields", ())
        )
        known["services"] = tuple(Service(**each) for each in content.get("services", ()))
        known["examples"] = {intent: tuple(said) for intent, said in content.get("examples", {}).items()}
        return cls(**{**known, "key": key, "version": version})


def _fields(meanings: Mapping[str, str]) -> tuple[ProfileField, ...]:
    return tuple(ProfileField(key, FIELDS[key].label, FIELDS[key].kind, meaning) for key, meaning in meanings.items())


NAMES: Mapping[str, str] = {
    "general": "General",
    "automotive": "Automotive",
    "medspa": "Med spa",
    "consulting": "Consulting",
}
PROFILES: Mapping[str, Profile] = {
    profile.key: profile
    for profile in (
        Profile(
            "general",
            "a small service business",
            COMMON_INTENTS,
            examples={
                "inquiry": ("Do you work on Saturdays, and do you come to our side of town?",),
                "appointment_request": ("Could somebody come by on Tuesday afternoon?",),
                "quote_request": ("What would it cost to have the gutters of a two-storey house cleaned?",),
                "support": ("The lock you fitted last week sticks. What should I do?",),
                "complaint": ("Nobody showed up today, and I took the day off for it.",),
                "general": ("Thanks again for the quick help last month!",),
                "job_application": ("I am a trained electrician and would like to join your team.",),
                "sales_pitch": ("We can get your website to the top of the search results.",),
            },
        ),
        Profile(
            "automotive",
            "a car repair shop",
            {
                **COMMON_INTENTS,
                "appointment_request": "wants to bring a vehicle in, move or confirm a booking, or have it towed in",
                "quote_request": "wants to know what a repair, part or service for a vehicle would cost",
                "support": "asks about a vehicle that is in the shop, or about work already done",
            },
            _fields(
                {
                    "vehicle": "year, make and model of the vehicle",
                    "mileage": "the odometer reading",
                    "symptoms": "what the vehicle does wrong",
                }
            ),
            base="automotive",
            tone="friendly, brief and plain; no shop talk unless the customer uses it",
            examples={
                "inquiry": ("Do you work on hybrids, and do you have a loaner car?",),
                "appointment_request": ("Can I drop off my Civic on Thursday morning for an oil change?",),
                "quote_request": ("How much are new front brake pads for a 2016 Outback?",),
                "support": ("Is my truck ready yet? You have had it since Monday.",),
                "complaint": ("The noise you said you fixed is back after two days.",),
                "job_application": ("Are you hiring? I have eight years behind me as a mechanic.",),
                "sales_pitch": ("We supply garages with tools at wholesale prices.",),
            },
        ),
        Profile(
            "medspa",
            "a medical spa",
            {
                **COMMON_INTENTS,
                "appointment_request": "wants to book, move or confirm a consultation or a treatment",
                "quote_request": "wants to know what a treatment or package costs",
                "support": "asks about care after a treatment, a reaction, a membership or a gift card",
            },
            _fields(
                {
                    "treatment": "the treatment asked for",
                    "concern": "what the sender wants to improve, or worries about",
                    "areas": "the parts of the face or body it is about",
                    "timing": "by when or before which event, such as a wedding",
                }
            ),
            base="medspa",
            tone="warm, discreet and calm; no medical advice and no promise of a result",
            examples={
                "inquiry": ("Does laser hair removal hurt, and how many sessions does it take?",),
                "appointment_request": ("I would like to come in for a facial next Friday after work.",),
                "quote_request": ("What do you charge for Botox between the brows?",),
                "support": ("My lips are still swollen three days after the filler. Is that normal?",),
                "complaint": ("I waited forty minutes and was then told to come back another day.",),
                "job_application": ("I am a licensed aesthetician and looking for a part-time position.",),
                "sales_pitch": ("Our new device would fit your clinic; may I show it to you?",),
            },
        ),
        Profile(
            "consulting",
            "a consulting firm",
            {
                **COMMON_INTENTS,
                "appointment_request": "wants a call or meeting",
                "quote_request": "wants a proposal or a price for a project",
                "support": "asks about a project that is under way or delivered",
            },
            _fields(
                {
                    "industry": "the industry the sender works in",
                    "scope": "what the project should cover",
                    "timeline": "by when or for how long",
                    "amount": "the budget for the project, with its currency",
                }
            ),
            base="consulting",
            tone="courteous, precise and to the point",
            examples={
                "inquiry": ("Have you done supply chain work for mid-sized manufacturers?",),
                "appointment_request": ("Could we talk for half an hour next week?",),
                "quote_request": ("Please send a proposal for moving our accounting to the new system.",),
                "support": ("When do we get the final report of the audit?",),
                "complaint": ("The workshop was not what we had agreed on.",),
                "job_application": ("I am finishing my degree and would like to start as an analyst.",),
                "sales_pitch": ("We provide vetted leads to consulting firms.",),
            },
        ),
    )
}


def profile_for(business_type: str) -> Profile:
    """The profile of a business type; an unknown type is read as a general business."""
    return PROFILES.get(business_type, PROFILES["general"])
