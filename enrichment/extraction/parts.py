"""Tells apart what the sender newly wrote, the signature, and what is only quoted. Pure.

Own line rules, not mail-parser-reply: that library rewrites the text (strips lines, moves line ends) and gives no
offsets, takes the marker above a forwarded message for the reply, and needs quadratic time for a long line "On …".
Every line is looked at a fixed number of times here.
"""

import re
from dataclasses import dataclass, field

from enrichment.extraction.source import Span
from enrichment.extraction.words import NOT_NAMES, PARTICLES

SIGN_OFF = (
    r"(?:(?:many|much|kind|kindest|warm|warmest|best|all the|with(?: my| kind| best)?|very)[ ]){0,3}"
    r"(?:thanks|thank you|thankyou|thx|tks|tnx|regards|rgds|wishes|cheers|sincerely(?: yours)?|respectfully|cordially"
    r"|yours(?: truly| sincerely| faithfully)?|best|talk soon|take care|kr|br|mfg|vg|lg"
    r"|(?:mit )?(?:freundlichen?|besten?|viele[n]?|liebe[n]?|herzlichen?|schönen?) gr(?:ü|ue)(?:ß|ss)en?|gruß|grüße"
    r"|danke(?: schön)?|vielen dank|(?:muchas |mil )?gracias|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente"
    r"|atte|merci(?: beaucoup| d'avance)?|(?:bien )?cordialement|bien à vous|salutations|grazie(?: mille)?"
    r"|(?:cordiali |distinti )?saluti|(?:muito )?obrigad[oa]|atenciosamente|(?:met vriendelijke )?groet(?:en|jes)?"
    r"|bedankt|hochachtungsvoll|herzlichst?|beste grüße|liebe grüße|viele grüße|schöne grüße|glg"
    r"|(?:avec )?(?:mes |tous mes )?remerciements|bonne (?:journée|soirée)|belle (?:journée|soirée)|à bientôt|bises"
    r"|(?:un )?(?:caro )?abbraccio|cordialità|cordialmente|a presto|buona (?:giornata|serata)|in fede"
    r"|(?:um )?(?:grande )?abraços?|(?:um )?abs|att|grat[oa]|até (?:logo|breve)|(?:un )?abrazo|hasta (?:pronto|luego)"
    r"|happy (?:thanksgiving|holidays|easter|friday)|merry christmas|have a (?:good|great|nice) (?:day|one|weekend)"
    r"|xx|xoxo|yours)"
    r"(?: so much| again| in advance| a lot| very much| a million| and (?:best |kind )?regards"
    r"| for (?:your|the) (?:time|help|assistance)| im voraus| de antemano)?"
)
# A line of its own ("Kind regards,") or one with the name behind it ("Thanks, Mark Bruxner").
_SIGN_OFF_LINE = re.compile(rf"{SIGN_OFF}[ ,.!;:)–—-]{{0,4}}$", re.I)
_SIGN_OFF_AND_NAME = re.compile(
    rf"{SIGN_OFF}[ ]?[,!.–—-]{{1,3}}[ ]{{0,2}}(?P<name>[^\W\d_][^\d,!?@\n]{{1,40}}?)[ .!]{{0,2}}$", re.I
)
_SIGN_OFF_AT_END = re.compile(
    rf"(?:(?<=[.!?,;)])|(?<=[.!?,;)][ ])|(?<=[ ]))(?P<sign>{SIGN_OFF}[ ]?[,!.–—-]{{1,3}}[ ]{{0,2}}"
    rf"(?P<name>[^\W\d_][^\d,!?@\n]{{1,40}}?))[ .!]{{0,2}}$",
    re.I,
)
_DELIMITER = re.compile(r"(?:--|—|__|-- -)[ ]*$")
_SENT_FROM = re.compile(
    r"(?:sent (?:from|via|with) |get outlook for |von meinem .{2,30} gesendet|gesendet (?:von|mit) "
    r"|enviado (?:desde|do) |envoyé (?:de|depuis) |inviato da|verstuurd vanaf )",
    re.I,
)

_HEADERS = {
    "sender": "from|von|de|da|van|från|fra",
    "reply_to": "reply-to|antwort an|responder a|répondre à|rispondi a",
    "to": "to|cc|bcc|an|para|à|kopie|aan|copia|delivered-to",
    "date": "sent|date|gesendet|datum|enviado(?: el)?|fecha|envoyé(?: le)?|inviato|data|verzonden|skickat",
    "subject": "subject|betreff|asunto|objet|oggetto|assunto|onderwerp|ämne|emne",
    "other": r"received|return-path|importance|priority|attachments?|anlagen?|adjuntos|mailed-by|signed-by"
    r"|(?!e-)[a-z]{1,20}-[a-z-]{1,40}",
}
_HEADER = re.compile(
    r"[>* \t]{0,6}(?:" + "|".join(f"(?P<{kind}>{names})" for kind, names in _HEADERS.items()) + r")\*?[ \t]?:\*?"
    r"(?:[ \t]+(?P<value>.*))?$",
    re.I,
)
_FORWARDED = re.compile(
    r"[> ]{0,4}(?:-{2,}[ ]?)?(?:begin forwarded message|forwarded message"
    r"|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|weitergeleitete nachricht|mensaje reenviado|inicio del mensaje reenviado|message transféré"
    r"|début du message transféré|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht)"
    r"[ ]?:?(?:[ ]?-{2,})?[ ]*$",
    re.I,
)
_ORIGINAL = re.compile(
    r"[> ]{0,4}-{2,}[ ]?(?:original message|original appointment|ursprüngliche nachricht|original-nachricht"
    r"|mensaje original|message d'origine|message original|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|reply message|previous message)[ ]?-{2,}[ ]*$",
    re.I,
)
_ATTRIBUTION_START = re.compile(
    r"(?:on|am|le|el|il|em|op|den)[ ,].{0,300}\d|\d{4}-\d\d-\d\d |.{0,80}<[^>]{3,80}@", re.I
)
_ATTRIBUTION_END = re.compile(
    r"(?:wrote|schrieb(?: .{1,80})?|a écrit|escribió|ha scritto|escreveu|schreef(?: .{1,80})?|skrev(?: .{1,80})?)"
    r"[ ]?:[ ]*$",
    re.I,
)
_RULE = re.compile(r"[_=*-]{8,}[ ]*$")

_CHAT_LINE = re.compile(
    r"(?P<time>[\[(]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?[ ])?\d{1,2}:\d\d(?::\d\d)?(?:[ ]?[ap]\.?m\.?)?"
    r"(?:,[ ]\d{1,4}[./-]\d{1,2}[./-]\d{1,4})?[\])]?[ ]?[-–]?[ ]?)?"
    r"(?P<speaker>[^\W\d_][\w.'+-]{0,24}(?:[ ][\w.'()-]{1,24}){0,3})[ ]?"
    r"(?P<after>[\[(]\d{1,2}:\d\d(?::\d\d)?(?:[ ]?[ap]m)?[\])])?:(?:[ ]|$)",
    re.I,
)
_OWN_SIDE = re.compile(
    r"(?:live[ -]?)?(?:agent|me|support|you|bot|chat ?bot|operator|staff|assistant|admin|representative|rep|system|team"
    r"|us|yo|ich|moi|tú|agente|soporte|reception|receptionist|shop|office|host"
    r"|garage|workshop|clinic|salon|spa|studio|front ?desk"
    r"|customer (?:service|support|care))(?:[ ]\w{1,20})?$",
    re.I,
)
_FORM_LABEL = re.compile(
    r"(?:(?:full|first|last|your|contact|company|business|given|family|customer|sur|event|preferred|best|phone|email"
    r"|e-mail|mobile|cell|zip|postal|street|service|car|vehicle|home|work|project|appointment|requested)[ -]?)*"
    r"(?:name|firstname|lastname|surname|e-?mail|mail|phone|tel|telephone|telefon|teléfono|mobile|cell|fax|address"
    r"|company|"
    r"firma|empresa|organi[sz]ation|message|nachricht|mensaje|comments?|subject|date|time|budget"
    r"|service|services|website|url"
    r"|city|state|zip|code|country|notes?|question|questions|source|location|job|title|role|position|vehicle|make"
    r"|model|year|"
    r"mileage|type|number|amount|price|quantity|details|description|re|ps|p\.s\.|nb|note|example|e\.g\.|i\.e\."
    r"|https?|mailto|"
    r"http|to|from|cc|sent|vin|id|order|invoice|ref|reference|insurance|problem|issue|symptoms?|dob|age|call|text"
    r"|contact"
    r"|either|options?|here|below|following|please|hi|hello|dear|thanks|thank you|also|question is|update|edit"
    r"|important"
    r"|urgent|warning|attn|attention|availability|available|hours"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Line:
    start: int
    end: int
    text: str  # without trailing white space


@dataclass(slots=True)
class Parts:
    """Spans in the tidied text. `body` may enclose quoted spans; an empty body is (0, 0)."""

    body: Span = (0, 0)
    signature: Span | None = None
    quoted: list[Span] = field(default_factory=list)
    sender: Span | None = None  # what the header block at the top says behind From:
    reply_to: Span | None = None
    subject: Span | None = None
    speakers: list[Span] = field(default_factory=list)  # the other side's names in a pasted chat


def split(text: str) -> Parts:
    lines = _lines(text)
    parts = Parts()
    first = _read_top(lines, parts)
    if not _read_chat(lines[first:], parts):
        written = _read_quotes(lines, first, parts)
        parts.body, parts.signature = _body_and_signature(written)
        return parts
    spans = [(line.start, line.end) for line in lines[first:] if line.text]
    parts.body = (spans[0][0], spans[-1][1])
    return parts


def _lines(text: str) -> list[Line]:
    lines, position = [], 0
    for raw in text.split("\n"):
        content = raw.rstrip()
        lines.append(Line(position, position + len(content), content))
        position += len(raw) + 1
    return lines


def _read_top(lines: list[Line], parts: Parts) -> int:
    """Reads a pasted e-mail's header block at the top; returns the index of the first line behind it."""
    first = _next_filled(lines, 0)
    marked = first
    # "FYI" and the like above a forwarded message is not the inquiry.
    for index in range(first, min(first + 4, len(lines))):
        if _FORWARDED.match(lines[index].text):
            if sum(len(line.text.split()) for line in lines[first:index]) > 3:
                return first
            marked = _next_filled(lines, index + 1)
            break
    end, kinds = _header_block(lines, marked)
    if not _is_top_block(kinds):
        return first
    for kind, span in kinds.items():
        if kind in ("sender", "reply_to", "subject") and span[0] < span[1]:
            setattr(parts, kind, span)
    parts.quoted += [(line.start, line.end) for line in lines[first:end] if line.text]
    return end


def _header_block(lines: list[Line], index: int) -> tuple[int, dict[str, Span]]:
    """The lines of a header block from `index` on: where it ends, and the span of each header's value."""
    kinds: dict[str, Span] = {}
    while index < len(lines):
        line = lines[index]
        match = _HEADER.match(line.text) if ":" in line.text[:50] else None
        if not match and not (kinds and line.text[:1] in (" ", "\t") and line.text.strip()):
            break
        if match:
            kind = next(kind for kind in _HEADERS if match[kind])
            start = line.start + match.start("value") if match["value"] else line.end
            if kind == "sender" and "@" in line.text:
                kinds["address"] = (start, line.end)
            kinds.setdefault(kind, (start, line.end))
        index += 1
    return index, kinds


def _is_top_block(kinds: dict[str, Span]) -> bool:
    """A removal firm's "From: Austin / To: Dallas" is no header; an address, a date or a subject makes it one."""
    if "subject" in kinds:
        return True
    return "sender" in kinds and ("address" in kinds or "date" in kinds)


def _next_filled(lines: list[Line], index: int) -> int:
    while index < len(lines) and not lines[index].text.strip():
        index += 1
    return index


def _read_quotes(lines: list[Line], index: int, parts: Parts) -> list[Line]:
    """Adds the quoted spans; returns the lines that the sender wrote."""
    written: list[Line] = []
    while index < len(lines):
        line = lines[index]
        if line.text.startswith(">"):
            parts.quoted.append((line.start, line.end))
            index += 1
            continue
        taken = _history_start(lines, index)
        if not taken:
            written.append(line)
            index += 1
            continue
        follows = _next_filled(lines, index + taken)
        if _is_attribution(lines, index) and follows < len(lines) and lines[follows].text.startswith(">"):
            parts.quoted += [(quoted.start, quoted.end) for quoted in lines[index : index + taken]]
            index += taken
            continue
        parts.quoted.append((line.start, lines[-1].end))
        break
    return written


def _history_start(lines: list[Line], index: int) -> int:
    """How many lines introduce older mail here: 0 when none do."""
    text = lines[index].text
    if _FORWARDED.match(text) or _ORIGINAL.match(text):
        return 1
    if taken := _is_attribution(lines, index):
        return taken
    start = index
    if _RULE.match(text):
        start = _next_filled(lines, index + 1)
        if start - index > 3 or start == len(lines):
            return 0
    if ":" in lines[start].text[:50] and _HEADER.match(lines[start].text):
        end, kinds = _header_block(lines[: start + 12], start)
        if "sender" in kinds and ("date" in kinds or "subject" in kinds) and len(kinds.keys() - {"address"}) >= 3:
            return end - index
    return 0


def _is_attribution(lines: list[Line], index: int) -> int:
    """The number of lines (1 to 3) of "On … wrote:"; 0 when there is none."""
    if not _ATTRIBUTION_START.match(lines[index].text[:400]):
        return 0
    joined = ""
    for taken, line in enumerate(lines[index : index + 3], start=1):
        joined = f"{joined} {line.text}".strip()
        if not line.text or len(joined) > 400:
            return 0
        if _ATTRIBUTION_END.search(joined[-120:]):
            return taken
    return 0


def _body_and_signature(written: list[Line]) -> tuple[Span, Span | None]:
    filled = [line for line in written if line.text.strip()]
    if not filled:
        return (0, 0), None
    start, end = filled[0].start + _indent(filled[0]), filled[-1].end
    cut = _signature_start(written, filled)
    if cut is None:
        return (start, end), None
    above = [line for line in filled if line.start < cut]
    if not above:
        return (start, end), None
    return (start, min(above[-1].end, cut)), (cut, end)


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _signature_start(written: list[Line], filled: list[Line]) -> int | None:
    for line in filled:
        if _DELIMITER.match(line.text.strip()) and line is not filled[-1]:
            return line.start
    tail = filled[-12:]
    for position, line in enumerate(tail):
        if _SENT_FROM.match(line.text.strip()) and len(line.text) < 80:
            return line.start
        below = tail[position + 1 :]
        if len(line.text) < 80 and _is_sign_off(line, below):
            return line.start
    if match := _SIGN_OFF_AT_END.search(tail[-1].text[-90:]):
        if _could_be_name(match["name"]):
            return tail[-1].end - len(tail[-1].text[-90:]) + match.start("sign")
        return None
    return _unannounced_signature(written, filled)


def _is_sign_off(line: Line, below: list[Line]) -> bool:
    """Whether this line says goodbye and only short lines (name, title, contact) follow."""
    if any(len(other.text) > 80 or other.text.rstrip().endswith("?") for other in below):
        return False
    text = line.text.strip()
    if _SIGN_OFF_LINE.match(text):
        # A "Thanks!" with nothing below is a word of the message, but it ends it.
        return True
    match = _SIGN_OFF_AND_NAME.match(text)
    return bool(match and _could_be_name(match["name"]))


def _could_be_name(words: str) -> bool:
    """Capitalised words, none of them a word that starts sentences."""
    names = words.split()
    return 0 < len(names) <= 4 and all(
        name.lower() in PARTICLES or (not name[0].islower() and name.strip(".").lower() not in NOT_NAMES)
        for name in names
    )


def _unannounced_signature(written: list[Line], filled: list[Line]) -> int | None:
    """A last paragraph of short lines that starts with a name and goes on with how to reach its owner."""
    block: list[Line] = []
    for line in reversed(written):
        if line.text.strip():
            block.insert(0, line)
        elif block:
            break
        if len(block) > 7:
            return None
    if len(block) == len(filled) or any(len(line.text) > 60 for line in block):
        return None
    first = block[0].text.strip()
    is_reachable = len(block) == 1 or any(re.search(r"@|\d{3}|www\.|\.com", line.text) for line in block[1:])
    if (
        is_reachable
        and len(first.split()) <= 4
        and not re.search(r"[\d@:?!/]", first)
        and _could_be_name(first.lstrip("-~–— "))
    ):
        return block[0].start
    return None


def _read_chat(lines: list[Line], parts: Parts) -> bool:
    """Reads a pasted chat: the names go to `speakers`; names' prefixes and our own side's lines to `quoted`."""
    turns = [(line, match) for line in lines if (match := _turn(line))]
    if not turns or not _is_chat(turns, lines):
        return False
    is_own = False
    spoken = {line.start: match for line, match in turns}
    for line in lines:
        match = spoken.get(line.start)
        if match:
            is_own = bool(_OWN_SIDE.match(match["speaker"]))
            if not is_own:
                parts.speakers.append((line.start + match.start("speaker"), line.start + match.end("speaker")))
        if line.text and (is_own or match):
            parts.quoted.append((line.start, line.end if is_own or not match else line.start + match.end()))
    return True


def _turn(line: Line) -> re.Match[str] | None:
    match = _CHAT_LINE.match(line.text.lstrip()) if ":" in line.text[:90] and line.text[:1].strip() else None
    if not match or _FORM_LABEL.match(match["speaker"]):
        return None
    # Without a time only a written name ("Maria:", "Agent:") opens a turn; "the price is:" does not.
    is_timed = bool(match["time"] or match["after"])
    return match if is_timed or match["speaker"][:1].isupper() or _OWN_SIDE.match(match["speaker"]) else None


def _is_chat(turns: list[tuple[Line, re.Match[str]]], lines: list[Line]) -> bool:
    if any(match["time"] or match["after"] for _, match in turns):
        return True
    filled = sum(1 for line in lines if line.text)
    speakers = [match["speaker"].lower() for _, match in turns]
    is_talk = len(set(speakers)) < len(speakers) or any(_OWN_SIDE.match(speaker) for speaker in speakers)
    return len(turns) >= 2 and is_talk and len(turns) * 3 >= filled
