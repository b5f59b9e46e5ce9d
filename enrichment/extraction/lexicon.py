"""What each kind of business is asked for, as patterns of the words people use. Pure.

(field, value, pattern): the value is the name shown to staff.
"""

import re

from enrichment.extraction.words import word_set


def _compiled(field: str, table: dict[str, str]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple((field, value, re.compile(rf"\b(?:{words})\b", re.I)) for value, words in table.items())


_CAR_SERVICES = {
    "oil change": r"oil[ -]?changes?|change (?:the|my) oil|ölwechsel|cambio de aceite|vidange",
    "brakes": r"brake (?:pads?|rotors?|job|service|repair|inspection|replacement)|(?:new|replace (?:the|my)?|front"
    r"|rear|my) ?brakes"
    r"|brakes|bremsen|frenos",
    "transmission": r"transmissions?|gearbox|getriebe|transmisión",
    "tires": r"(?:new |winter |snow |all[ -]season |flat )?t(?:i|y)res?(?: rotation| change| repair)?"
    r"|reifen(?:wechsel)?|llantas|neumáticos",
    "air conditioning": r"a/c|(?:car )?air[ -]?con(?:ditioning|ditioner)?|ac (?:repair|recharge|service|system"
    r"|compressor|unit)"
    r"|(?:my|the) ac|klimaanlage|aire acondicionado",
    "inspection": r"(?:state |safety |pre[ -]purchase |vehicle |car |annual )inspections?|inspection sticker|tüv"
    r"|mot test|smog check",
    "battery": r"(?:new |car |dead )?batter(?:y|ies)(?: replacement)?|batterie|batería",
    "wheel alignment": r"(?:wheel )?alignment",
    "tune-up": r"tune[ -]?ups?",
    "engine diagnosis": r"check engine light|engine light|diagnostics?|diagnosis",
    "suspension": r"suspension|shocks and struts|struts|ball joints?|control arms?",
    "exhaust": r"exhaust|mufflers?|catalytic converters?|auspuff",
    "body work": r"body ?work|dent (?:repair|removal)|collision repair|bumper (?:repair|replacement)|scratch repair",
    "detailing": r"(?:car |auto |full |interior |mobile )?detailing|full detail",
    "windshield": r"windshields?|windscreens?|auto glass",
    "towing": r"tow(?:ing| truck)|need a tow|abschlepp\w*|grúa",
    "coolant": r"coolant (?:flush|leak)|radiators?|water pump",
    "alternator": r"alternators?",
}
_CAR_SYMPTOMS = {
    "grinding noise": r"grinding(?: noise| sound)?",
    "squealing": r"squeal(?:ing|s)?|squeak(?:ing|s|y)?|screech(?:ing|es)?",
    "check engine light": r"check[ -]engine(?: light)?|engine light(?: is| came)? on",
    "won't start": r"(?:won'?t|will not|wouldn'?t|doesn'?t|does not|not) start(?:ing)?|no crank|springt nicht an"
    r"|no arranca"
    r"|ne démarre p(?:as|lus)",
    "leak": r"(?:oil |coolant |fluid |water )?leak(?:s|ing|age)?",
    "overheating": r"overheat(?:s|ing|ed)?|running hot",
    "vibration": r"vibrat(?:es?|ing|ion)|shak(?:es|ing|y)|shudder(?:s|ing)?",
    "stalling": r"stall(?:s|ing|ed)",
    "knocking": r"knocking(?: noise| sound)?|clunk(?:ing|s)?",
    "smoke": r"smok(?:e|ing)",
    "slipping": r"slipping",
    "warning light": r"warning lights?|abs light|airbag light|dashboard light",
    "flat tire": r"flat t(?:i|y)re|puncture",
}
_TREATMENTS = {
    "Botox": r"botox|dysport|xeomin|jeuveau|toxina botulínica",
    "dermal filler": r"(?:lip |dermal |cheek |under[ -]?eye |jawline )?fillers?|juv(?:e|é)derm|restylane"
    r"|lippenunterspritzung|rellenos?",
    "laser hair removal": r"laser hair removal|hair removal|depilación láser|laser-?haarentfernung|épilation laser",
    "facial": r"hydra ?facials?|facials?|gesichtsbehandlung|limpieza facial",
    "microneedling": r"micro[ -]?needling|morpheus ?8|rf needling",
    "chemical peel": r"chemical peels?|peels?|peeling",
    "laser resurfacing": r"(?:co2 |skin |fraxel |laser )resurfacing|fraxel|co2 laser",
    "IPL": r"ipl|photofacials?|bbl",
    "CoolSculpting": r"cool ?sculpting|body (?:contouring|sculpting)|emsculpt",
    "PRP": r"prp|vampire facial",
    "massage": r"massages?|masajes?",
    "dermaplaning": r"dermaplan(?:e|ing)",
    "tattoo removal": r"tattoo removal",
    "weight loss": r"semaglutide|tirzepatide|ozempic|weight[ -]loss (?:program|injections?|shots?)",
    "IV therapy": r"iv (?:therapy|drip|hydration)",
    "threads": r"thread lifts?|pdo threads",
    "waxing": r"waxing|brazilian wax",
}
_CONCERNS = {
    "acne": r"acne|breakouts?|akne|acné",
    "wrinkles": r"wrinkles?|fine lines|crow'?s feet|forehead lines|frown lines|falten|arrugas|rides",
    "scars": r"(?:acne )?scars?|scarring|narben|cicatrices",
    "pigmentation": r"melasma|hyper ?pigmentation|dark spots|sun ?spots|age spots|pigmentation|manchas",
    "rosacea": r"rosacea|redness",
    "sagging skin": r"sagging(?: skin)?|loose skin|jowls|double chin",
    "unwanted hair": r"unwanted hair|facial hair",
    "cellulite": r"cellulite|stretch marks",
    "dark circles": r"dark circles|under[ -]eye bags|tear troughs?",
    "hair loss": r"hair loss|thinning hair",
}
_CONSULTING = {
    "strategy": r"(?:business|growth|marketing|digital|go[ -]to[ -]market|brand|pricing|it|cloud|data) strategy"
    r"|strategy (?:session|workshop"
    r"|consult\w*)",
    "SEO": r"seo|search engine optimi[sz]ation",
    "bookkeeping": r"book ?keep(?:ing|er)|buchhaltung|contabilidad",
    "CRM implementation": r"crm(?: (?:implementation|setup|set-up|migration|integration|system))?|salesforce|hubspot",
    "website": r"(?:new|redesign(?:ing)?(?: of)? (?:our|my)) web ?site|web ?site (?:redesign|design|development)"
    r"|web (?:design|development)",
    "paid advertising": r"google ads|ppc|facebook ads|paid (?:ads|advertising|media)|ad campaigns?",
    "social media": r"social media (?:management|marketing|strategy)",
    "process improvement": r"process (?:improvement|automation|optimi[sz]ation)|workflow automation",
    "training": r"(?:staff|team|leadership|sales) training|coaching|workshops?",
    "audit": r"(?:security |financial |seo |it |website |compliance )audits?",
    "market research": r"market research|competitor analysis",
    "tax advice": r"tax (?:advice|planning|preparation|return|filing)|steuerberatung",
    "HR consulting": r"hr (?:consulting|support|policies)|recruiting support|hiring process",
    "ERP": r"erp|netsuite|sap",
    "data analytics": r"data analytics|dashboards?|business intelligence|power ?bi",
    "AI consulting": r"ai (?:consulting|strategy|integration|implementation)|chatbot development",
}
_INDUSTRIES = {
    "healthcare": r"healthcare|health care|hospital|medical practice|dental (?:practice|office)",
    "retail": r"retail(?:er)?|e-?commerce|online (?:shop|store)",
    "restaurants": r"restaurants?|hospitality|cafés?",
    "real estate": r"real estate|property management",
    "manufacturing": r"manufactur(?:er|ing)",
    "construction": r"construction (?:company|business|industry|firm)",
    "logistics": r"logistics|trucking (?:company|business)",
    "finance": r"fintech|financial services|insurance (?:agency|company)",
    "legal": r"law firm|legal practice",
    "non-profit": r"non-?profit|ngo|charity",
    "software": r"saas|software (?:company|startup)",
    "education": r"education(?:al)? (?:sector|company|industry)|private school",
}

LEXICON: dict[str, tuple[tuple[str, str, re.Pattern[str]], ...]] = {
    "automotive": _compiled("product", _CAR_SERVICES) + _compiled("symptoms", _CAR_SYMPTOMS),
    "medspa": _compiled("treatment", _TREATMENTS) + _compiled("concern", _CONCERNS),
    "consulting": _compiled("product", _CONSULTING) + _compiled("industry", _INDUSTRIES),
}

# Makes that are also everyday words, places or names stand for a car only beside a year or a model.
MAKES = (
    "acura|alfa romeo|audi|bmw|buick|cadillac|chevrolet|chevy|chrysler|citroën|citroen|dacia|dodge|fiat|ford|genesis"
    "|gmc|honda"
    "|hyundai|infiniti|jaguar|jeep|kia|land rover|range rover|lexus|lincoln|maserati|mazda|mercedes[- ]benz|mercedes"
    "|mercury"
    "|mini cooper|mini|mitsubishi|nissan|opel|peugeot|pontiac|porsche|ram|renault|saab|saturn|seat|skoda|škoda|smart"
    "|subaru"
    "|suzuki|tesla|toyota|vauxhall|volkswagen|vw|volvo"
)
DOUBTFUL_MAKES = word_set("ford lincoln genesis mercury mini ram saturn seat smart jaguar fiat dodge tesla")
MODELS = (
    "civic|accord|cr-?v|hr-?v|pilot|odyssey|ridgeline|fit|corolla|camry|rav-?4|highlander|tacoma|tundra|prius|sienna"
    "|4runner|yaris"
    "|avalon|altima|sentra|maxima|rogue|pathfinder|frontier|titan|versa|murano|leaf|f-?[1-4]50|mustang|explorer"
    "|escape|fusion"
    "|focus|ranger|edge|bronco|expedition|fiesta|transit|taurus|silverado|malibu|equinox|tahoe|suburban|impala|cruze"
    "|camaro"
    "|corvette|traverse|trax|colorado|sierra|yukon|acadia|terrain|wrangler|grand cherokee|cherokee|compass|renegade"
    "|gladiator"
    "|ram 1500|1500|2500|3500|charger|challenger|durango|caravan|grand caravan|pacifica|300|elantra|sonata|tucson"
    "|santa fe"
    "|accent|kona|palisade|optima|sorento|sportage|soul|forte|telluride|outback|forester|impreza|crosstrek|legacy"
    "|wrx|ascent"
    "|mazda ?[36]|cx-?(?:5|9|30|50)|miata|mx-?5|jetta|passat|golf|tiguan|atlas|beetle|polo|gti|corsa|astra|clio"
    "|megane|a[3-8]|q[3578]"
    "|[1-8]-series|[1-7][0-9]{2}i?d?|x[1-7]|m[1-8]|c-?class|e-?class|s-?class|c ?[1-6]\\d0|e ?[2-6]\\d0|gl[abces]"
    "|sprinter|model [3sxy]"
    "|cayenne|macan|911|rx ?\\d{3}|es ?\\d{3}|is ?\\d{3}|gx ?\\d{3}|nx ?\\d{3}|mdx|rdx|tlx|tsx|tl|ilx|q50|qx\\d{2}"
    "|g3[57]|xc ?\\d{2}|s60|v60|v70"
    "|outlander|lancer|eclipse|escalade|cts|ats|srx|enclave|encore|lacrosse|lesabre|navigator|aviator|mkz|town car"
    "|500|cooper"
    "|discovery|defender|evoque|sport|swift|vitara|ibiza|leon|octavia|fabia|duster|sandero|logan|fortwo"
)
