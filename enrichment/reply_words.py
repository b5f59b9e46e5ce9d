"""The words by which a reply promises or settles something, in six languages. Pure: imports no Django.

In small letters without accents. All languages together: a model may mix them.
"""

import re

_PROMISES = (
    # English
    r"guarant", r"warrant(?:y|ies)", r"discount", r"complimentary", r"refund", r"money back", r"coupon", r"voucher",
    r"promis", r"compensat", r"reimburs", r"free(?! to\b)", r"no (?:extra )?(?:charge|cost)", r"(?:best|lowest) price",
    # German
    r"garant", r"gewahrleist", r"rabatt", r"kostenlos", r"gratis", r"kostenfrei", r"umsonst", r"erstatt", r"gutschein",
    r"versprech", r"nachlass", r"geschenk", r"entschadig",
    # French
    r"gratuit", r"remise", r"rabais", r"rembours", r"offert", r"promet", r"promess", r"dedommag",
    # Spanish, Italian, Portuguese
    r"descuento", r"reembols", r"sin (?:costo|coste|cargo)", r"indemniz", r"cupon", r"sconto", r"sconti", r"rimbors",
    r"omaggio", r"desconto", r"sem custo", r"brinde", r"indeniz", r"cupom",
)  # fmt: skip
PROMISE = re.compile(rf"\b(?:{'|'.join(_PROMISES)})\w*")

_DAY = (
    r"(?:tomorrow|today|tonight|next|this|then|mon|tue|wed|thu|fri|sat|sun|at \d|on (?:mon|tue|wed|thu|fri|sat|sun|the)"
    r"|the \d)"
)
_SETTLED = (
    # English
    r"\b(?:is|are|been|you're|it's|was|hereby) (?:now |all |already )?(?:confirmed|booked|scheduled|reserved|set)\b",
    rf"\bsee(?:ing)? you {_DAY}",
    rf"\b(?:meeting|welcoming|expect) you {_DAY}",
    r"\b(?:we|i)(?:'ve| have) (?:now |already )?(?:booked|scheduled|reserved|confirmed|set)\b",
    r"\b(?:we|i) (?:hereby )?confirm\b",
    r"\b(?:we|i|he|she|they|somebody|someone|our \w+)(?:'ll| will| shall| can) (?:\w+ )?(?:be there|come|arrive|fix"
    r"|repair|finish|deliver|pick|fit you in|have (?:it|this|your)|see you|meet you"
    r"|call you (?:at|on|tomorrow|today|within|in)"
    r"|send you (?:an? )?(?:quote|offer|estimate) (?:by|within|today|tomorrow))",
    r"\b(?:opening|availability|slot|appointment)s? (?:available |free |open )?(?:on|at|for|tomorrow|today)\b",
    r"\bwe(?:'re| are) (?:available|free)\b",
    r"\bavailable (?:on|at|tomorrow|today)\b",
    # German
    r"\b(?:bestatigt|gebucht|reserviert|eingetragen|vorgemerkt|eingeplant)\b",
    r"\bbestatigen wir\b",
    r"\bwir bestatigen\b",
    r"\bbis (?:morgen|dann|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b",
    r"\bwir (?:kommen|sind (?:am|um)|reparieren|holen|liefern|erledigen|erwarten sie)\b",
    r"\btermin (?:steht|ist|frei|am)\b",
    # French
    r"\bconfirm(?:ee?s?|ons)\b",
    r"\brendez-vous (?:est|le|a|du)\b",
    r"\b(?:c'est )?(?:reserve|note) pour\b",
    r"\ba (?:demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b",
    r"\bnous (?:serons|viendrons|passerons|reparerons|livrerons|vous attendons|sommes disponibles)\b",
    # Spanish, Italian, Portuguese
    r"\b(?:confirmad|reservad|agendad|confermat|prenotat|fissat|marcad)[oa]s?\b",
    r"\b(?:le|la|lo|te) (?:esperamos|aspettiamo)\b",
    r"\b(?:esperamos (?:por )?(?:voce|lo|la|si)|esperamo-lo)\b",
    r"\b(?:hasta|ate|a) (?:manana|amanha|domani|el \w+|lunedi|martedi|mercoledi|giovedi|venerdi|sabato)\b",
    r"\b(?:iremos|llegaremos|repararemos|verremo|arriveremo|ripareremo|chegaremos|estaremos|saremo|consertaremos"
    r"|confirmamos|confermiamo)\b",
)
SETTLED = re.compile("|".join(_SETTLED))
