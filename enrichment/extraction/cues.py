"""What shows what someone wants and how soon: English, and the plainest of Spanish, German and French. Pure."""

import re


def _compiled(table: dict[float, str]) -> tuple[tuple[float, re.Pattern[str]], ...]:
    return tuple((weight, re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.I)) for weight, words in table.items())


# Weight 3: says it outright. 2: strong. 1: hints. Within an intent each weight counts once.
INTENTS: dict[str, tuple[tuple[float, re.Pattern[str]], ...]] = {
    intent: _compiled(table)
    for intent, table in {
        "appointment_request": {
            3.0: r"(?:book|make|schedule|set up|get|need|want|have|reserve) (?:me )?(?:in )?(?:an? "
            r"|my )?(?:\w{1,20} ){0,2}?(?:appointment|appt|reservation|booking|consultation|consult|session)"
            r"|appointment (?:request|for|on|this|next|available|availability)|pedir (?:una )?cita|agendar|reservar"
            r"|hacer una cita|necesito una cita"
            r"|quisiera una cita|quiero una cita|termin (?:vereinbaren|buchen|ausmachen|machen)"
            r"|(?:einen )?termin (?:für|am|bei|um|zum)|brauche (?:einen )?termin"
            r"|prendre (?:un )?rendez-vous|un rendez-vous|rendez-vous pour|fixer un rendez-vous|prenotare"
            r"|fissare un appuntamento|marcar (?:uma )?consulta"
            r"|afspraak maken",
            2.0: r"(?:can|could|may) (?:i|we) (?:come|stop by|drop by|swing by|pop in|get in|be seen)"
            r"|(?<!no )appointments?|appt|book(?:ing)?|schedule(?: (?:a|an|me|my|for))?|reschedule|reserv(?:e|ation)"
            r"|time ?slots?|openings?|squeeze me in|fit me in"
            r"|come (?:in|by) (?:on|at|this|next|tomorrow|today|for)|bring (?:it|her|him|my \w+) in|drop (?:it"
            r"|my \w+) off|citas?|termin|rendez-vous|appuntamento",
            1.0: r"availab(?:le|ility)|(?:do you have|is there|any) (?:time|availability|space)|see me|visit",
        },
        "quote_request": {
            3.0: r"(?:free )?quotes?|(?:free |price |cost |rough |written )?estimates?|how much (?:would|will|does"
            r"|do|is|are|for|to)|what (?:would|does|do|will|is|are) (?:it|you|the|your) (?:cost|charge|price|prices"
            r"|rates?|fees?)"
            r"|(?:send|give) (?:me|us) (?:a |your )?(?:price|pricing|proposal|bid)|request for (?:quotation"
            r"|proposal)|rfq|rfp|presupuesto|cotización|cuánto cuesta|cuanto cuesta|cuánto cobran"
            r"|kostenvoranschlag|angebot|was kostet|wie viel kostet|wieviel kostet|was würde|devis|combien (?:coûte"
            r"|coute|ça coûte)|quel est le prix|preventivo|quanto costa|orçamento|offerte",
            2.0: r"pric(?:e|es|ing)|costs?|rates|(?:your|hourly|daily) rate|how much(?! (?:money|time|longer|have"
            r"|has|did))|ballpark|precios?|preise?|tarifs?|prix|budget|proposal|bid",
            1.0: r"afford(?:able)?|cheap(?:er|est)?|discounts?|packages?|deals?",
        },
        "complaint": {
            3.0: r"complain(?:t|ing)?|(?:want|need|demand|like|get) (?:a |my |full )*(?:refund|money back)"
            r"|terrible (?:service|experience|job)|worst|unacceptable|ripped off|rip-?off|scam(?:med)?"
            r"|never (?:coming|going) back"
            r"|very disappointed|extremely disappointed|disgusted|furious|outrageous|overcharged"
            r"|better business bureau|(?:leave|leaving|left) (?:a )?(?:bad|negative|one star|1 star) review"
            r"|lawsuit|sue you|my lawyer|queja|reclamación|reclamo|quiero mi dinero|pésimo|beschwer(?:de|en)"
            r"|geld zurück|unverschämt|réclamation|remboursement|inadmissible|reclamo|unzufrieden|enttäuscht",
            2.0: r"after you (?:fixed|repaired|serviced|did|replaced|changed|installed)|still not (?:fixed|repaired"
            r"|right)|disappointed|unhappy|dissatisfied|upset|angry|frustrat(?:ed|ing)|rude|unprofessional"
            r"|poor (?:service|quality|job)|(?:came|arrived|got|was) damaged|no one (?:has )?(?:called|answered"
            r"|responded|is answering)"
            r"|nobody (?:has )?(?:called|answered|responded)|charged (?:me )?twice|double charged"
            r"|you (?:people )?(?:broke|scratched|ruined|damaged|messed up|lost)|wrong (?:part|order|item|amount)"
            r"|decepcionad[oa]|déçue?",
            1.0: r"ridiculous|joke|waste of|horrible|awful|bad experience|again and again|third time|refund"
            r"|still (?:not|isn'?t|hasn'?t|haven'?t)",
        },
        "support": {
            3.0: r"(?:can'?t|cannot|unable to|not able to|couldn'?t) (?:log ?in|sign ?in|access|open|connect"
            r"|download|reset|install|activate|pay|see|get (?:it|this|the) to)|reset my|forgot(?:ten)? my password"
            r"|track(?:ing)? (?:my|number|the|of)|where is my|status of my|(?:order|delivery|shipping|account"
            r"|payment|refund|application) status|cancel my|error (?:message|code)|under warranty"
            r"|(?:hasn'?t|has not|haven'?t|have not|didn'?t|did not) (?:arrived|received|come|been|get|receive"
            r"|shown)|no funciona|funktioniert nicht|geht nicht mehr|ne (?:fonctionne|marche) p(?:as|lus)"
            r"|dónde está mi pedido|wo ist meine|où est ma",
            2.0: r"not working|(?:doesn'?t|does not|isn'?t|won'?t|stopped) work(?:ing)?|(?:is|isn'?t"
            r"|keeps) (?:broken|crashing)|issue with my|problem with my|problem with the|help me with my"
            r"|need help with|warranty|troubleshoot|my (?:order|account|invoice|password|subscription|login|receipt"
            r"|payment|delivery)"
            r"|(?:send|resend|need) (?:me |us )?(?:an?|the) (?:invoice|receipt)"
            r"|i (?:had|got) (?:an? |my )?(?:\w{1,20} ){1,3}with you"
            r"|follow(?:ing)? up on my|ayuda con|hilfe (?:bei|mit)|aide (?:avec|pour)|after (?:my|the) (?:visit"
            r"|treatment|repair|service)",
            1.0: r"issues?|problems?|trouble|stuck|help|how (?:do|can) i|error|failed|declined|since (?:you|the"
            r"|my) (?:last )?(?:service|repair|visit)",
        },
        "job_application": {
            3.0: r"apply(?:ing)? for (?:the |a |an |your |this )?(?:\w{1,20} ){0,4}(?:position|job|role|opening"
            r"|internship|vacancy|apprenticeship)|my (?:resume|résumé|cv|curriculum)|(?:attached|attaching"
            r"|enclosed) (?:is |you'll find |please find )?(?:my )?(?:resume|résumé|cv|cover letter)"
            r"|are you (?:guys )?(?:currently )?hiring|job (?:application|opening|opportunit(?:y|ies)|vacanc(?:y"
            r"|ies))|looking for (?:a |an )?(?:job|work|employment|position|internship|apprenticeship)"
            r"|employment opportunit(?:y|ies)"
            r"|bewerb(?:e|ung)\w*|lebenslauf|busco (?:trabajo|empleo)|mi currículum|solicitud de empleo|candidature"
            r"|cherche (?:un )?(?:emploi|travail|stage)|praktikum",
            2.0: r"hiring|resume|résumé|curriculum vitae|cover letter|internship|job seeker|vacanc(?:y|ies)"
            r"|years of experience as|open positions?",
            1.0: r"position|career|experience as",
        },
        "sales_pitch": {
            3.0: r"we (?:help|offer|provide|specialize in|work with) (?:\w{1,20} ){0,2}(?:businesses|companies"
            r"|clients|business owners|brands|agencies|leads|clinics|shops)(?: like yours)?|increase your (?:traffic"
            r"|sales|revenue|leads|ranking|visibility|customers|conversions)"
            r"|(?:first page|page one|page 1|top) (?:of|on) google|guest post|backlinks?|seo services|link building"
            r"|grow your (?:business|brand|audience|following)|boost your (?:sales|traffic|business|ranking|online)"
            r"|business (?:loan|funding) (?:for|of|up)|pre-?approved for|lead generation|qualified leads|10x"
            r"|i (?:came across|was on|visited|noticed|found|stumbled (?:upon|across)) your (?:website|site|business"
            r"|company|listing)(?: and (?:noticed|saw|wanted))"
            r"|website (?:redesign|design) services|web design (?:company|agency|services)"
            r"|digital marketing (?:agency|company|services)|quick (?:call|chat) (?:to|about how)|our (?:services"
            r"|product|solution|platform|team of experts) (?:can|could|will|helps?)"
            r"|outsourc(?:e|ing) (?:your|company)|mobile app development (?:company|services)|virtual assistants?"
            r"|pays? for itself (?:in|within)|i(?:'d| would) love to (?:schedule|book|give you|show you) an? "
            r"(?:\w{1,20} )?demo|aumentar sus ventas|mehr kunden|neukundengewinnung",
            2.0: r"unsubscribe|opt[ -]out|special offer|limited time|partnership opportunity|collaborat(?:e|ion)"
            r"|case stud(?:y|ies)|free (?:audit|trial|demo)|roi|marketing services|cryptocurrency"
            r"|investment opportunity|rank(?:ing)? (?:higher|your)"
            r"|book a (?:demo|quick call)|hop on a call|15[- ]minute call|proposal for your|act now|click here",
            1.0: r"our agency|our clients|promote|affordable (?:prices|rates)|offshore|bulk",
        },
        "inquiry": {
            3.0: r"(?:interested in|inquir(?:e|ing|y)|enquir(?:e|ing|y)|looking for|looking to|looking into"
            r"|would like (?:to know|more|some)? ?(?:info|information|details|to learn)|tell me more|more (?:info"
            r"|information|details)|want to know|wanted to know|would like to know"
            r"|do you (?:offer|do|have|sell|provide|carry|accept|take|work on|service|guys|also|repair|fix|treat"
            r"|install|handle|speak|deliver)|interesad[oa] en|más información|quisiera saber|información sobre"
            r"|ofrecen|interesse an|interessiere mich|informationen (?:über|zu)|bieten sie"
            r"|intéressée? par|renseignements?|plus d'informations|proposez-vous|vorrei sapere|informazioni)",
            2.0: r"(?:question|wondering|curious|can you|could you|would you|are you|is it possible|what (?:is|are"
            r"|kind|type|do|about)|how (?:long|does|do|often|soon)|which|when (?:do|can|will|is|are)|where (?:are|is"
            r"|do|can)|what's|how (?:can|would)|let me know (?:if|what|when|how|whether)|please (?:send|tell|advise"
            r"|confirm|explain)|puedo|pueden|tienen|pregunta|frage|können sie|haben sie|est-ce que|pouvez-vous"
            r"|avez-vous)",
            1.0: r"(?:won'?t start|leaking|broken?|stranded|repairs?|fix|install|interested|services?|options|need"
            r"|want|would like|i'd like|necesito|quiero|quisiera|busco"
            r"|brauche|suche|möchte|je voudrais|j'aimerais|besoin de|cherche)",
        },
    }.items()
}

NOT_URGENT = re.compile(
    r"(?<!\w)(?:not (?:at all |that |very |super |too )?(?:urgent|an emergency|in a (?:rush|hurry))|isn'?t (?:that "
    r"|very )?urgent|(?:there(?:'s| is) )?no (?:particular |big |real |great )?(?:rush|hurry|urgency|pressure"
    r"|emergency)"
    r"|non[- ]urgent|nothing urgent|no need to rush|when(?:ever)? you (?:get|have) (?:a )?(?:chance|time|minute"
    r"|moment)|whenever (?:is|it'?s)? ?(?:convenient|works|possible)?|at your (?:convenience|leisure)|take your time"
    r"|just (?:curious|browsing|looking(?! at your (?:web)?site)|exploring)"
    r"|planning ahead|sometime (?:next|this) (?:month|year|spring|summer|fall|winter)|in a few months|no es urgente"
    r"|sin prisa|no hay prisa|nicht (?:so )?(?:dringend|eilig)|keine eile|eilt nicht|hat zeit"
    r"|(?:pas|rien d') ?(?:urgent|pressé)|ce n'est pas urgent|pas d'urgence|non è urgente|senza fretta)(?!\w)",
    re.I,
)
URGENCIES: tuple[tuple[str, float, re.Pattern[str]], ...] = tuple(
    (level, confidence, re.compile(rf"(?<![\w-])(?:{words})(?!\w)", re.I))
    for level, confidence, words in (
        (
            "urgent",
            0.88,
            r"a\.?s\.?a\.?p|urgent(?:ly)?|urgency|emergency(?! (?:contact|fund|exit|kit|brake|number|funds))"
            r"|immediate(?:ly)?|right away|straight away|stranded|life[- ]threatening|as soon as (?:humanly )?possible"
            r"|stuck (?:on|at|in) the (?:side of the road|road|highway|freeway|parking lot)|help now|need (?:help"
            r"|someone|a tow) (?:right )?now|flood(?:ing|ed)|gas leak|brakes? (?:failed|don'?t work|not working"
            r"|went out|gave out)|allergic reaction|severe (?:pain|swelling|reaction)"
            r"|(?:is|looks|got|getting) infected|bleeding|urgente(?:mente)?|lo antes posible|cuanto antes|emergencia"
            r"|de inmediato|dringend|sofort|notfall|so schnell wie möglich|schnellstmöglich|umgehend|eilig|d'urgence"
            r"|urgence|urgent|au plus vite|dès que possible|immédiatement|il prima possibile|emergenza",
        ),
        (
            "high",
            0.75,
            r"won'?t start|(?:doesn'?t|does not|will not|not) start(?:ing)?(?= |[.,!?]|$)|leaking|leak|overheat(?:s"
            r"|ing|ed)?|broke(?:n)? down|breaking down|smok(?:e|ing) (?:from|coming|under)|not safe|unsafe|dangerous"
            r"|can'?t (?:drive|wait)|deadline|time[- ]sensitive|running out of time"
            r"|soon as (?:you can|possible)|as quickly as possible|very soon|quickly|no heat|no hot water|locked out"
            r"|dead battery|in (?:a lot of )?pain|infection|swollen|last[- ]minute|need (?:it|this"
            r"|them) (?:done )?(?:by|before) (?:today|tonight|tomorrow)"
            r"|no arranca|pierde aceite|springt nicht an|tropft|kaputt|ne démarre p(?:as|lus)|en panne|fuite|rápido"
            r"|schnell|rapidement|vite",
        ),
    )
)
SOON = re.compile(r"(?<![\w-])(?:today|tonight|hoy|heute|aujourd'hui|oggi)(?![\w]|'s)", re.I)
MEDIUM = re.compile(
    r"(?<![\w-])(?:this week|next week|tomorrow|(?<!how )soon|in the next (?:few|couple of) days|esta semana"
    r"|diese woche|morgen|cette semaine|demain|mañana|pronto|bald|bientôt)(?!\w)",
    re.I,
)
FLEXIBLE = re.compile(
    r"(?<![\w-])(?:(?:i'?m|we'?re|am|are) flexible|flexible (?:on|with) (?:time|timing|dates?)|next (?:month|year)"
    r"|in (?:two|three|four|five|six|\d+) months|someday|eventually)(?!\w)",
    re.I,
)
