"""Whether a message says no to the words at a place. Pure: imports no Django.

By what stands right before and behind in the same clause, in six languages. Texts are folded (`normalise.fold`).
"""

import re

from enrichment.normalise import word_set

# In Portuguese "no" is "in the".
_NO = (
    r"not|never|none|neither|nor|without|lacks?|lacking|nicht|kein\w*|nie|niemals|ohne|nein|pas|jamais|sans|aucune?"
    r"|sin|nunca|ning[uú]n\w*|falta|senza|mai|non|manca|n[aã]o|sem|nem|nenhum\w*"
)
_DENIAL = re.compile(rf"\b(?:{_NO}|no)\b|n't\b|\bcannot\b|\bcant\b|\bdont\b")
_DENIAL_PT = re.compile(rf"\b(?:{_NO})\b")
# What looks like a no and is none.
_IDIOM = re.compile(
    r"\b(?:not (?:only|just|later than)|no (?:later than|problem\w*|doubt|worries|matter)|why not"
    r"|can't wait|cannot wait"
    r"|nicht (?:nur|später als)|kein problem|warum nicht|ohne (?:zweifel|probleme?)|pas (?:seulement|plus tard|que)"
    r"|pas de (?:problème|souci)|pourquoi pas|sans (?:doute|problème)|no s[oó]lo|no m[aá]s tarde|sin (?:duda|problema)"
    r"|por qu[eé] no|non (?:solo|oltre|più tardi|seulement)|senza (?:dubbio|problemi)|perch[eé] no|n[aã]o s[oó]"
    r"|n[aã]o mais tarde|sem (?:d[uú]vida|problemas?)|por que n[aã]o)\b|n't (?:you|we|they)\b"
)
_CLAUSE = re.compile(r"[.!?;,:()\n]|\b(?:but|aber|sondern|mais|pero|sino|however|though|although)\b")
# What may stand between a "no" and what isn't wanted.
_BETWEEN = word_set(
    "want wanting wants need needs needing require like looking look for interested in after asking about ask get do "
    "a an any the more my our your such of on very really actually even to have come make it this next "
    "will möchte brauche brauchen wollen benötige suche an am diesen kommen ein eine einen das die der den dem mehr "
    "veux voudrais besoin cherche intéressé intéressée par de d du des le la les un une avoir "
    "quiero necesito busco interesa me el los las en hacer hacerme "
    "voglio vorrei serve ho bisogno di cerco interessa mi il lo gli i uno "
    "quero preciso procuro interessa o os as um uma fazer "
)
_INSTEAD = re.compile(
    r"\b(?:instead of|rather than|except|other than|apart from|statt|anstatt|au[sß]er|au lieu d[eu']|sauf|en vez de"
    r"|excepto|salvo|invece d[ie]\w*|tranne|eccetto|em vez d[eo]|exceto)\s?(?:\w{1,4}\s)?$"
)
_BEHIND = re.compile(
    r"\W{0,2} (?:will|möchte|brauche|benötige|suche|geht|passt|kann) (?:ich|wir|es|mir|uns)?\s?(?:nicht|keine?n?)\b"
    r"|\s?[?:=]\s?(?:no|nein|non|nope|none|n[aã]o)\b"
    r"| (?:is|are|does|do|would|won't|can)\s?(?:not|n't) (?:work|an option|needed"
    r"|necessary|possible|suit|good)| (?:isn't|aren't|doesn't|don't|wouldn't|won't|can't) (?:work|an option|needed"
    r"|necessary|possible|suit|good)| (?:je )?(?:ne |n')\w{1,8} pas\b| no (?:puedo|podemos|me va)\b"
    r"| non (?:posso|possiamo|va)\b| n[aã]o (?:posso|podemos|d[aá])\b"
)
_PAST_BEFORE = re.compile(
    r"\b(?:last|past|previous|since|letzte[nrs]?|vorige[nr]?|vergangene[nr]?|seit|depuis|desde(?: el)?|pasado|scorso"
    r"|passad[oa]|dal(?: scorso)?)\s$"
)
_PAST_BEHIND = re.compile(r" (?:dernier|pass[eé]|pasado|scorso|passad[oa])\b| ago\b")
_ANSWER = re.compile(
    r"\s?(?:\([^()]{0,30}\))?\s?[?:=-]\s?(?:(?P<yes>yes|yep|ja|oui|s[ií]|sim)|no|nein|non|none|n[aã]o)\b"
)


def answer_behind(behind: str) -> bool | None:
    """What is answered right behind the words, as forms do it: "Insured: no". None where nothing is."""
    match = _ANSWER.match(behind)
    return None if match is None else match["yes"] is not None


def clause_before(before: str) -> str:
    """The part of the words before that belongs to the same clause."""
    return _CLAUSE.split(before)[-1]


def is_denied(said: str, language: str = "") -> bool:
    """Whether there is a "no" in the words."""
    pattern = _DENIAL_PT if language == "pt" else _DENIAL
    return pattern.search(_IDIOM.sub(" ", said)) is not None


def is_unwanted(before: str, behind: str, language: str = "") -> bool:
    """Whether the message says that it is not about what stands between these words: "I don't want any …"."""
    if _BEHIND.match(behind) or _INSTEAD.search(before):
        return True
    clause = _IDIOM.sub(" . ", clause_before(before))
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?|\.", clause.replace("d'", "d "))
    while words and words[-1] in _BETWEEN:
        words.pop()
    return bool(words) and is_denied(words[-1], language)


def is_past(before: str, behind: str) -> bool:
    """Whether the day between these words is told as past: "since last Friday"."""
    return _PAST_BEFORE.search(before) is not None or _PAST_BEHIND.match(behind) is not None
