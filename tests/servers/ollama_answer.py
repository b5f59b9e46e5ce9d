"""The Ollama stand-in's own answer: what plain search finds in the inquiry, and nothing else."""

import re
from typing import Any

Answer = dict[str, Any]

MARKED = re.compile(r"<(\w+-[0-9a-f]{8,})>\n(?:Sender typed: [^\n]*\n)?(.*?)</\1>", re.DOTALL)
WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
FOUND = {
    "email": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "phone": r"\+?\(?\d[\d\s().-]{7,16}\d",
    "amount": r"[$€£]\s?\d(?:[\d,.]*\d)?k?",
    "date": (
        rf"\b(?:next |this )?(?:{WEEKDAYS})\b(?: at \d{{1,2}}(?::\d\d)?\s?[ap]m)?|\btomorrow\b|\b\d{{1,2}}/\d{{1,2}}\b"
    ),
    "first_name": r"(?i:my name is|this is|i'?m|thanks,?|regards,?|cheers,?)\s+([A-Z][a-z]+)(?![a-z])",
    "last_name": r"(?i:my name is|this is|i'?m|thanks,?|regards,?|cheers,?)\s+[A-Z][a-z]+ ([A-Z][a-z]+)(?![a-z])",
    "company": r"\b(?:from|at|with) ([A-Z]\w+(?: [A-Z]\w+)*(?: (?:Inc|LLC|Ltd|GmbH))?)",
    "place": r"\bin ([A-Z][a-z]+(?:, [A-Z]{2})?)\b",
    "vehicle": r"\b(?:19|20)\d\d [A-Z]\w+(?: [A-Z0-9]\w*)?",
    "mileage": r"\b\d[\d,]*k? miles\b",
    "symptoms": (
        r"\b(?:brakes?|engine|car|it)\b[^.!?\n]{0,30}\b(?:squeal|grind|leak|noise|overheat|stall|shak|won't start)\w*"
    ),
    "product": r"\b(?:oil change|brake pads?|brakes|tires|inspection|website|strategy|bookkeeping|SEO|consultation)\b",
    "treatment": r"\b(?:botox|fillers?|laser hair removal|facial|microneedling|chemical peel)\b",
    "concern": r"\b(?:wrinkles|acne|scars?|dark spots|fine lines)\b",
    "industry": r"\b(?:retail|healthcare|manufacturing|logistics|finance|hospitality)\b",
    "scope": r"\b(?:migration|rollout|audit|redesign|implementation)\b[^.!?\n]{0,40}",
    "timeline": r"\b(?:by|within|before) (?:the end of \w+|Q[1-4]|\w+ (?:weeks|months))\b",
}
INTENT_CUES = (
    ("job_application", r"resume|apply for|position|hiring|my cv"),
    ("sales_pitch", r"we offer|our agency|rank your|boost your|lead generation services"),
    ("complaint", r"unhappy|disappoint|terrible|refund|complain|unacceptable"),
    ("quote_request", r"quote|estimate|how much|price|cost"),
    ("appointment_request", r"appointment|book|schedule|come in|bring it in"),
    ("support", r"not working|help with|still waiting|problem with"),
    ("inquiry", r"\?|interested|do you|looking for"),
)
URGENCY_CUES = (
    ("low", r"no rush|not urgent|whenever|no hurry"),
    ("urgent", r"urgent|emergency|asap|stranded|immediately"),
    ("high", rf"today|tomorrow|won't start|leak|{WEEKDAYS}"),
)


def answer_from_message(body: dict[str, Any]) -> Answer:
    """The requested keys, filled with what stands in the inquiry and with nothing else."""
    text = inquiry_of(body)
    asked = body.get("format")
    keys = asked.get("properties", {}) if isinstance(asked, dict) else [*FOUND, "intent", "urgency", "summary"]
    judged = {
        "intent": _cued(INTENT_CUES, text, "general"),
        "intent_confidence": 0.8,
        "urgency": _cued(URGENCY_CUES, text, "medium"),
        "urgency_confidence": 0.7,
        "summary": _first_sentence(text),
        "topics": [words for key in ("product", "treatment", "concern") if (words := _search(FOUND[key], text))],
        "language": "en",
    }
    return {key: judged[key] if key in judged else _search(FOUND.get(key, r"(?!)"), text) for key in keys}


def reply_to_message(body: dict[str, Any]) -> str:
    """Plain text, for a chat that asks for no form."""
    text = inquiry_of(body)
    about = next((words for key in ("vehicle", "treatment", "product") if (words := _search(FOUND[key], text))), "")
    thanks = f"Thank you for writing to us about {about}." if about else "Thank you for your message."
    return f"{thanks} Our team has read it with care. Somebody will get back to you about your questions."


def inquiry_of(body: dict[str, Any]) -> str:
    """What stands between the marks, all messages; without marks the last message of the user."""
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    for content in said:
        if marked := list(MARKED.finditer(content)):
            return "\n\n".join(match[2].strip() for match in marked)
    return said[-1] if said else ""


def _search(pattern: str, text: str) -> str:
    match = re.search(rf"(?i:{pattern})" if "[A-Z]" not in pattern else pattern, text)
    return match[match.lastindex or 0] if match else ""


def _cued(cues: tuple[tuple[str, str], ...], text: str, default: str) -> str:
    return next((key for key, pattern in cues if re.search(pattern, text, re.IGNORECASE)), default)


def _first_sentence(text: str) -> str:
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s|\n", text) if len(part.split()) > 3]
    return (sentences or [text.strip()])[0][:200]
