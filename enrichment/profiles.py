"""What each kind of business is asked about, and which facts the model looks for. Pure: imports no Django."""

from collections.abc import Mapping
from dataclasses import dataclass

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
class BusinessProfile:
    """One business type: who reads the inquiries, what each intent means there, and the facts worth having."""

    key: str
    about: str
    intents: Mapping[str, str]
    extra_facts: Mapping[str, str]

    @property
    def facts(self) -> Mapping[str, str]:
        """Every fact's field key with what it means, the common ones first."""
        return {**COMMON_FACTS, **self.extra_facts}


PROFILES: Mapping[str, BusinessProfile] = {
    profile.key: profile
    for profile in (
        BusinessProfile("general", "a small service business", COMMON_INTENTS, {}),
        BusinessProfile(
            "automotive",
            "a car repair shop",
            {
                **COMMON_INTENTS,
                "appointment_request": "wants to bring a vehicle in, move or confirm a booking, or have it towed in",
                "quote_request": "wants to know what a repair, part or service for a vehicle would cost",
                "support": "asks about a vehicle that is in the shop, or about work already done",
            },
            {
                "vehicle": "year, make and model of the vehicle",
                "mileage": "the odometer reading",
                "symptoms": "what the vehicle does wrong",
            },
        ),
        BusinessProfile(
            "medspa",
            "a medical spa",
            {
                **COMMON_INTENTS,
                "appointment_request": "wants to book, move or confirm a consultation or a treatment",
                "quote_request": "wants to know what a treatment or package costs",
                "support": "asks about care after a treatment, a reaction, a membership or a gift card",
            },
            {
                "treatment": "the treatment asked for",
                "concern": "what the sender wants to improve, or worries about",
            },
        ),
        BusinessProfile(
            "consulting",
            "a consulting firm",
            {
                **COMMON_INTENTS,
                "appointment_request": "wants a call or meeting",
                "quote_request": "wants a proposal or a price for a project",
                "support": "asks about a project that is under way or delivered",
            },
            {
                "industry": "the industry the sender works in",
                "scope": "what the project should cover",
                "timeline": "by when or for how long",
            },
        ),
    )
}


def profile_for(business_type: str) -> BusinessProfile:
    """The profile of a business type; an unknown type is read as a general business."""
    return PROFILES.get(business_type, PROFILES["general"])
