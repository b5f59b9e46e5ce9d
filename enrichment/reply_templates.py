"""What stands around a drafted reply, and the plain reply that needs no model, in six languages. Pure: imports no
Django.

Greeting, questions and closing are never the model's: so the name is right, what is missing is asked for, and the
signature is the business's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enrichment.profiles import Profile

FALLBACK = "en"
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class Phrases:
    """Of one language. `ask` takes one thing, `ask_more` several; `things` says each as it stands after `ask`."""

    hello: str
    hello_name: str
    thanks: Mapping[str, str]
    next_step: str
    ask: str
    join: str
    things: Mapping[str, str]
    regards: str
    subject: str


PHRASES: Mapping[str, Phrases] = {
    "en": Phrases(
        "Hello,",
        "Hello {name},",
        {
            "": "thank you for your message.",
            "appointment_request": "thank you for asking for an appointment.",
            "quote_request": "thank you for asking us about the price.",
            "support": "thank you for telling us. We will look into it.",
            "complaint": "thank you for telling us, and we are sorry that you had this trouble. We will look into it.",
            "job_application": "thank you for your interest in working with us.",
        },
        "We have read it and will get back to you personally.",
        "So that we can help you, could you tell us {things}?",
        " and ",
        {
            "phone": "a phone number to reach you at",
            "date": "which day and time would suit you",
            "place": "where it is",
            "vehicle": "the year, make and model of the vehicle",
            "mileage": "the mileage",
            "symptoms": "what exactly it does",
            "treatment": "which treatment you have in mind",
            "concern": "what you would like to improve",
            "areas": "which areas it is about",
            "timing": "by when you would like it",
            "industry": "which industry you work in",
            "scope": "what the project should cover",
            "timeline": "by when you need it",
            "amount": "your budget",
            "product": "what it is about",
        },
        "Kind regards",
        "Your inquiry",
    ),
    "de": Phrases(
        "Guten Tag,",
        "Guten Tag {name},",
        {
            "": "vielen Dank für Ihre Nachricht.",
            "appointment_request": "vielen Dank für Ihre Terminanfrage.",
            "quote_request": "vielen Dank für Ihre Preisanfrage.",
            "support": "vielen Dank für den Hinweis. Wir gehen der Sache nach.",
            "complaint": "vielen Dank, dass Sie uns das mitteilen. Es tut uns leid; wir gehen der Sache nach.",
            "job_application": "vielen Dank für Ihr Interesse, bei uns zu arbeiten.",
        },
        "Wir haben sie gelesen und melden uns persönlich bei Ihnen.",
        "Damit wir Ihnen helfen können: Nennen Sie uns bitte noch {things}?",
        " und ",
        {
            "phone": "eine Telefonnummer, unter der wir Sie erreichen",
            "date": "einen Tag und eine Uhrzeit, die Ihnen passen",
            "place": "den Ort",
            "vehicle": "Baujahr, Marke und Modell des Fahrzeugs",
            "mileage": "den Kilometerstand",
            "symptoms": "die genauen Anzeichen",
            "treatment": "die gewünschte Behandlung",
            "concern": "Ihr Anliegen",
            "areas": "die Stellen, um die es geht",
            "timing": "den gewünschten Zeitpunkt",
            "industry": "Ihre Branche",
            "scope": "den Umfang des Projekts",
            "timeline": "den gewünschten Termin",
            "amount": "Ihr Budget",
            "product": "das, worum es geht",
        },
        "Mit freundlichen Grüßen",
        "Ihre Anfrage",
    ),
    "fr": Phrases(
        "Bonjour,",
        "Bonjour {name},",
        {
            "": "merci pour votre message.",
            "appointment_request": "merci pour votre demande de rendez-vous.",
            "quote_request": "merci pour votre demande de prix.",
            "support": "merci de nous l'avoir signalé. Nous allons regarder cela.",
            "complaint": "merci de nous l'avoir signalé ; nous en sommes désolés. Nous allons regarder cela.",
            "job_application": "merci de l'intérêt que vous portez à notre équipe.",
        },
        "Nous l'avons lu et vous répondrons personnellement.",
        "Pour pouvoir vous aider, pourriez-vous nous indiquer {things} ?",
        " et ",
        {
            "phone": "un numéro de téléphone où vous joindre",
            "date": "le jour et l'heure qui vous conviendraient",
            "place": "le lieu",
            "vehicle": "l'année, la marque et le modèle du véhicule",
            "mileage": "le kilométrage",
            "symptoms": "ce qui se passe exactement",
            "treatment": "le soin souhaité",
            "concern": "ce que vous aimeriez améliorer",
            "areas": "les zones concernées",
            "timing": "la période souhaitée",
            "industry": "votre secteur",
            "scope": "l'étendue du projet",
            "timeline": "le délai souhaité",
            "amount": "votre budget",
            "product": "de quoi il s'agit",
        },
        "Cordialement",
        "Votre demande",
    ),
    "es": Phrases(
        "Buenos días:",
        "Buenos días, {name}:",
        {
            "": "Gracias por su mensaje.",
            "appointment_request": "Gracias por pedirnos una cita.",
            "quote_request": "Gracias por pedirnos un presupuesto.",
            "support": "Gracias por avisarnos. Vamos a revisarlo.",
            "complaint": "Gracias por avisarnos, y sentimos lo ocurrido. Vamos a revisarlo.",
            "job_application": "Gracias por su interés en trabajar con nosotros.",
        },
        "Lo hemos leído y le responderemos personalmente.",
        "Para poder ayudarle, ¿podría indicarnos {things}?",
        " y ",
        {
            "phone": "un teléfono de contacto",
            "date": "el día y la hora que le convienen",
            "place": "el lugar",
            "vehicle": "el año, la marca y el modelo del vehículo",
            "mileage": "el kilometraje",
            "symptoms": "qué le ocurre exactamente",
            "treatment": "el tratamiento que desea",
            "concern": "qué le gustaría mejorar",
            "areas": "las zonas de las que se trata",
            "timing": "para cuándo lo desea",
            "industry": "su sector",
            "scope": "el alcance del proyecto",
            "timeline": "el plazo deseado",
            "amount": "su presupuesto",
            "product": "de qué se trata",
        },
        "Un cordial saludo",
        "Su consulta",
    ),
    "it": Phrases(
        "Buongiorno,",
        "Buongiorno {name},",
        {
            "": "grazie per il Suo messaggio.",
            "appointment_request": "grazie per la Sua richiesta di appuntamento.",
            "quote_request": "grazie per la Sua richiesta di preventivo.",
            "support": "grazie della segnalazione. Verificheremo.",
            "complaint": "grazie della segnalazione; ci dispiace per l'accaduto. Verificheremo.",
            "job_application": "grazie per il Suo interesse a lavorare con noi.",
        },
        "Lo abbiamo letto e Le risponderemo personalmente.",
        "Per poterLa aiutare, potrebbe indicarci {things}?",
        " e ",
        {
            "phone": "un numero di telefono",
            "date": "il giorno e l'ora che preferisce",
            "place": "il luogo",
            "vehicle": "anno, marca e modello del veicolo",
            "mileage": "il chilometraggio",
            "symptoms": "che cosa succede esattamente",
            "treatment": "il trattamento desiderato",
            "concern": "che cosa vorrebbe migliorare",
            "areas": "le zone interessate",
            "timing": "per quando lo desidera",
            "industry": "il Suo settore",
            "scope": "l'ambito del progetto",
            "timeline": "la scadenza desiderata",
            "amount": "il Suo budget",
            "product": "di che cosa si tratta",
        },
        "Cordiali saluti",
        "La Sua richiesta",
    ),
    "pt": Phrases(
        "Olá,",
        "Olá {name},",
        {
            "": "obrigado pela sua mensagem.",
            "appointment_request": "obrigado pelo seu pedido de marcação.",
            "quote_request": "obrigado pelo seu pedido de orçamento.",
            "support": "obrigado por nos avisar. Vamos verificar.",
            "complaint": "obrigado por nos avisar, e lamentamos o sucedido. Vamos verificar.",
            "job_application": "obrigado pelo seu interesse em trabalhar conosco.",
        },
        "Já a lemos e responderemos pessoalmente.",
        "Para podermos ajudar, poderia indicar-nos {things}?",
        " e ",
        {
            "phone": "um telefone de contato",
            "date": "o dia e a hora que lhe convêm",
            "place": "o local",
            "vehicle": "o ano, a marca e o modelo do veículo",
            "mileage": "a quilometragem",
            "symptoms": "o que acontece exatamente",
            "treatment": "o tratamento desejado",
            "concern": "o que gostaria de melhorar",
            "areas": "as zonas em causa",
            "timing": "para quando o deseja",
            "industry": "o seu setor",
            "scope": "o âmbito do projeto",
            "timeline": "o prazo desejado",
            "amount": "o seu orçamento",
            "product": "do que se trata",
        },
        "Com os melhores cumprimentos",
        "O seu pedido",
    ),
}
# Whose read message "it" is in `next_step`; elsewhere the thanks say already what comes next.
SAYS_NEXT = ("support", "complaint")
WANT_A_JOB_DONE = ("appointment_request", "quote_request", "inquiry", "general")
MOST_ASKED = 3
SMALL_AFTER_GREETING = ("de", "it")  # the greeting's comma goes on


def phrases(language: str) -> Phrases:
    """Those of a two-letter code; English for a language that isn't among the six."""
    return PHRASES.get(language, PHRASES[FALLBACK])


def greeting(language: str, name: str = "") -> str:
    words = " ".join(name.split())[:MAX_NAME]
    own = phrases(language)
    return own.hello_name.format(name=words) if words else own.hello


def closing(language: str, profile: Profile) -> str:
    """The profile's signature, else the language's usual words with the business's name."""
    if profile.signature.strip():
        return profile.signature.strip()
    return "\n".join(part for part in (phrases(language).regards, profile.business_name.strip()) if part)


def missing(profile: Profile, known: Mapping[str, str], intent: str) -> list[str]:
    """Keys of what to ask for, at most three: a way to reach them first, then a day for an appointment, then the
    facts that this kind of business needs. `known` are the lead's values by field key."""
    if intent == "sales_pitch":
        return []
    wanted = [] if known.get("phone") else ["phone"]
    if intent == "appointment_request" and not known.get("date"):
        wanted.append("date")
    if intent in WANT_A_JOB_DONE:
        wanted += [extra.key for extra in profile.fields if not known.get(extra.key)]
    return [key for key in wanted if key in PHRASES[FALLBACK].things][:MOST_ASKED]


def question(language: str, keys: Sequence[str]) -> str:
    """One polite question for these things; empty for none. KeyError for a thing there are no words for."""
    if not keys:
        return ""
    own = phrases(language)
    things = [own.things[key] for key in keys]
    listed = things[0] if len(things) == 1 else f"{', '.join(things[:-1])}{own.join}{things[-1]}"
    return own.ask.format(things=listed)


def compose(body: str, *, language: str, name: str, asks: Sequence[str], profile: Profile) -> str:
    """The whole reply: greeting, body, what is asked for, closing."""
    body = body.strip()
    if language not in SMALL_AFTER_GREETING:
        body = body[:1].upper() + body[1:]
    parts = (greeting(language, name), body, question(language, asks), closing(language, profile))
    return "\n\n".join(part for part in parts if part)


def template_body(language: str, intent: str) -> str:
    """What is right to say to whoever writes, whatever they wrote."""
    own = phrases(language)
    thanks = own.thanks.get(intent, own.thanks[""])
    return thanks if intent in SAYS_NEXT or intent in own.thanks else f"{thanks} {own.next_step}"


def template(*, language: str, intent: str, name: str, asks: Sequence[str], profile: Profile) -> str:
    """A whole reply that needs no model and claims nothing."""
    return compose(template_body(language, intent), language=language, name=name, asks=asks, profile=profile)


def subject(language: str) -> str:
    return phrases(language).subject
