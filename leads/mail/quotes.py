"""An answer without the mail that it answers.

Line by line and in linear time: no pattern runs over more than a few lines at once.
"""

import re

FORWARDED = re.compile(
    r"^\s*[-_*>\s]*(?:begin forwarded message|forwarded message|anfang der weitergeleiteten|weitergeleitete nachricht|"
    r"message transféré|début du message transféré|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|"
    r"doorgestuurd bericht)",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|wg|tr|rv|i|enc|doorst|vs)\s*:", re.IGNORECASE)
ORIGINAL = re.compile(
    r"^\s*[-_*]{2,}\s*(?:original message|original appointment|reply message|ursprüngliche nachricht|"
    r"originalnachricht|original-nachricht|message d['’]origine|message original|mensaje original|"
    r"messaggio originale|mensagem original|oorspronkelijk bericht|originalmeddelande|oprindelig meddelelse|"
    r"oryginalna wiadomość|původní zpráva)\s*[-_*]{2,}\s*$",
    re.IGNORECASE,
)
WROTE = re.compile(
    r"\b(?:wrote|schrieb|geschrieben|a écrit|ecrit|escribió|ha scritto|escreveu|schreef|skrev|kirjoitti|napisał|"
    r"napisał\(a\)|napsal|napsal\(a\)|написал|пише|писал)\b",
    re.IGNORECASE,
)
OPENS = re.compile(r"^(?:on|am|le|el|il|em|op|den|w dniu|dnia|dne|a)\b", re.IGNORECASE)
WHEN_OR_WHO = re.compile(r"\d{1,2}[.:/]\d{2}|\b\d{4}\b|@")
WHEN_AND_WHO = re.compile(r"\d{1,2}[.:]\d{2}|@")  # where no quoted lines follow that would bear it out
FROM = re.compile(r"^[*_\s]*(?:from|von|de|da|van|från|fra|od|expéditeur|desde)\s?[*_]?:", re.IGNORECASE)
HEADER = re.compile(
    r"^[*_\s]*(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|enviada|fecha|para|asunto|"
    r"assunto|inviato|data|a|oggetto|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne|wysłano|do|temat)"
    r"\s?[*_]?\s?:",
    re.IGNORECASE,
)
RULE = re.compile(r"^\s*[_-]{5,}\s*$")
MOBILE = re.compile(
    r"^\s*(?:sent from (?:my|mail|outlook|yahoo|samsung)|sent with|get outlook|von meinem .{1,40} gesendet|"
    r"gesendet (?:von|mit|aus)|diese nachricht wurde von meinem|outlook für|holen sie sich outlook|"
    r"envoyé (?:de|depuis|à partir)|télécharg|"
    r"enviado (?:desde|do|a partir)|inviato da|verzonden (?:vanaf|met)|verstuurd vanaf|skickat från|"
    r"sendt fra|wysłane z)",
    re.IGNORECASE,
)
LONGEST_LINE = 400
CONTEXT = 3  # quoted lines that are kept before an answer between them


def is_forward(subject: str, text: str) -> bool:
    """Whether somebody passed on another's mail, which then is the message itself."""
    return bool(FORWARD_SUBJECT.match(subject)) or any(FORWARDED.match(line) for line in text.split("\n")[:400])


def without_quotes(text: str, *, subject: str = "", is_answer: bool = True) -> str:
    """What was written now. A forwarded mail stays whole, and so does one that holds nothing else. An answer also
    loses its signature; in a first message the signature says how to reach the writer, and stays."""
    if is_forward(subject, text):
        return text.strip()
    lines = text.split("\n")
    lines = _without_quoted_lines(lines[: _end(lines)])
    if is_answer:
        lines = _without_signature(lines)
    kept = "\n".join(_without_mobile_line(lines)).strip()
    return kept or text.strip()


def _end(lines: list[str]) -> int:
    """The line with which the earlier mail begins; one whose lines are marked as quoted is left to the next step."""
    for at, line in enumerate(lines):
        if len(line) > LONGEST_LINE or not line.strip():
            continue
        if ORIGINAL.match(line) or _is_header_block(lines, at):
            return at - 1 if at and RULE.match(lines[at - 1]) else at
        length = _attribution(lines, at)
        is_clear = length and WHEN_AND_WHO.search(" ".join(lines[at : at + length]))
        if is_clear and not _is_quoted(_next(lines, at + length)):
            return at
    return len(lines)


def _is_header_block(lines: list[str], at: int) -> bool:
    """ "From: … Sent: … To: …", as Outlook begins what it quotes."""
    if not FROM.match(lines[at]):
        return False
    return sum(bool(HEADER.match(line)) for line in lines[at + 1 : at + 6]) >= 2


def _attribution(lines: list[str], at: int) -> int:
    """In how many lines from here on it says "On … somebody wrote:"; 0 when it doesn't."""
    if _is_quoted(lines[at]) or not (OPENS.match(lines[at].strip()) or WROTE.search(lines[at])):
        return 0
    joined = ""
    for length, line in enumerate(lines[at : at + 4], start=1):
        if len(line) > LONGEST_LINE or not line.strip():
            return 0
        joined += f" {line.strip()}"
        if joined.endswith(":"):
            return length if WROTE.search(joined) and WHEN_OR_WHO.search(joined) else 0
    return 0


def _next(lines: list[str], at: int) -> str:
    return next((line for line in lines[at : at + 4] if line.strip()), "")


def _is_quoted(line: str) -> bool:
    return line.lstrip(" ").startswith(">")


def _without_quoted_lines(lines: list[str]) -> list[str]:
    """Quoted lines go; where an answer stands between them, the last few before it stay, or nobody would know what
    it answers."""
    if not any(map(_is_quoted, lines)):
        return lines
    kept: list[str] = []
    quoted: list[str] = []
    has_text = False
    for at, line in enumerate(lines):
        if _is_quoted(line):
            quoted.append(line)
        elif _attribution_before_quote(lines, at):
            continue
        else:
            if line.strip() and quoted:
                kept += quoted[-CONTEXT:] if has_text or len(quoted) <= CONTEXT else []
                quoted = []
            has_text = has_text or bool(line.strip())
            kept.append(line)
    return kept


def _attribution_before_quote(lines: list[str], at: int) -> bool:
    """Whether the line is part of the "somebody wrote:" right before a quoted part."""
    for start in range(max(at - 3, 0), at + 1):
        length = _attribution(lines, start) if lines[start].strip() and len(lines[start]) <= LONGEST_LINE else 0
        if length and start + length > at and _is_quoted(_next(lines, start + length)):
            return True
    return False


def _without_signature(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if at and line.rstrip() == "--":
            return lines[:at]
    return lines


def _without_mobile_line(lines: list[str]) -> list[str]:
    """Without "Sent from my phone" among the last lines."""
    filled = [at for at, line in enumerate(lines) if line.strip()][-4:]
    return [line for at, line in enumerate(lines) if not (at in filled and MOBILE.match(line))]
