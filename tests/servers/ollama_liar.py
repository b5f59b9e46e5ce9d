"""A model that answers every form with plausible inventions: names, numbers, days and prices that nobody wrote.

Use it as the `answer` of `tests.servers.ollama.OllamaServer`. What it says of a message is always the same.
"""

import random
import zlib
from typing import Any

from tests.servers.ollama_answer import Answer, inquiry_of

FIRST = [
    "Mark",
    "Maria",
    "Emma",
    "Liam",
    "Sofia",
    "Hans",
    "Claire",
    "Giulia",
    "Pedro",
    "Olivia",
    "Noah",
    "Chloe",
    "Bill",
    "Jeff",
    "Zelda",
]
LAST = [
    "Johnson",
    "Becker",
    "Moreau",
    "Ferrari",
    "Gates",
    "Bezos",
    "Silva",
    "Quigley",
    "Okafor",
    "Nakamura",
    "Winterbottom",
]
COMPANIES = ("Globex", "Initech LLC", "Umbrella GmbH", "Hooli", "Vandelay Industries", "Dunder Mifflin")
TOWNS = ("Springfield, IL", "Gotham", "Zurich", "Reykjavik", "742 Evergreen Terrace", "Timbuktu")
THINGS = ("a wedding package", "helicopter repair", "gold plating", "a submarine", "premium wax", "dragon grooming")
DAYS = ("March 3, 2031", "next Tuesday at 4:15pm", "2031-05-17", "el 17 de mayo de 2031", "übernächsten Freitag, 9 Uhr")
FACTS = {
    "first_name": lambda pick: pick.choice(FIRST),
    "last_name": lambda pick: pick.choice(LAST),
    "email": lambda pick: f"{pick.choice(FIRST).lower()}.{pick.randrange(999)}@example.com",
    "phone": lambda pick: f"({pick.randrange(201, 989)}) {pick.randrange(201, 989)}-{pick.randrange(1000, 9999)}",
    "company": lambda pick: pick.choice(COMPANIES),
    "place": lambda pick: pick.choice(TOWNS),
    "date": lambda pick: pick.choice(DAYS),
    "amount": lambda pick: f"${pick.randrange(1000, 99999):,}",
    "vehicle": lambda pick: f"{pick.randrange(1990, 2030)} Batmobile GT",
    "mileage": lambda pick: f"{pick.randrange(10, 300)},{pick.randrange(100, 999)} miles",
}


def lies(body: dict[str, Any]) -> Answer:
    """Every key of the requested form, filled with something that sounds right; now and then with a word of the message
    that means something else."""
    text = inquiry_of(body)
    pick = random.Random(zlib.crc32(f"{text}{body['options'].get('seed')}".encode()))
    asked = body.get("format")
    properties = asked.get("properties", {}) if isinstance(asked, dict) else {}
    return {key: _lie(key, rule, text, pick) for key, rule in properties.items()}


def _lie(key: str, rule: dict[str, Any], text: str, pick: random.Random) -> Any:
    name = f"{pick.choice(FIRST)} {pick.choice(LAST)}"
    if "enum" in rule:
        return pick.choice(rule["enum"])
    if rule.get("type") == "number":
        return round(pick.uniform(0.8, 1.0), 2)
    if rule.get("type") == "array":
        return [pick.choice(COMPANIES), pick.choice(THINGS), f"{pick.randrange(2, 900)} cars"]
    if key == "summary":
        return f"{name} of {pick.choice(COMPANIES)} wants {pick.choice(THINGS)} for ${pick.randrange(100, 9999)}."
    if key == "language":
        return pick.choice(("en", "de", "fr", "klingon"))
    if pick.random() < 0.1 and (words := text.split()):
        return pick.choice(words)
    return FACTS.get(key, lambda chance: chance.choice(THINGS))(pick)
