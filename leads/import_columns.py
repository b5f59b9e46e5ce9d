"""Which lead field a file's column is: by its name in several languages, else by what is in it. Pure: imports no
Django."""

import re
from collections.abc import Iterable, Mapping, Sequence

from leads.fields import FIELDS
from leads.names import fold

NAME, MESSAGE = "name", "message"  # no lead fields: a whole name is split, messages become the lead's message
LEFT_OUT = ""

# Folded as `fold` does it. English, German, French, Spanish, Italian, Portuguese, Dutch, Polish.
KNOWN_HEADERS: dict[str, str] = {
    "first_name": "first name|firstname|given name|givenname|forename|vorname|prenom|nombre|nombres|nome proprio|"
    "nome|voornaam|imie|fname|first",
    "last_name": "last name|lastname|surname|family name|familyname|nachname|familienname|nom de famille|nom|"
    "apellido|apellidos|cognome|sobrenome|apelido|achternaam|nazwisko|lname|last",
    NAME: "name|full name|fullname|contact|contact name|customer|customer name|client|client name|lead name|kunde|"
    "kundenname|ansprechpartner|kontakt|vollstandiger name|vor und nachname|nom complet|contacto|nombre completo|"
    "nombre y apellidos|cliente|nome completo|nome e cognome|naam|volledige naam|klant|imie i nazwisko|klient",
    "email": "email|e mail|mail|email address|e mail address|emailaddress|e mail 1 value|email 1|primary email|"
    "mailadresse|email adresse|e mail adresse|courriel|adresse email|adresse e mail|adresse mail|correo|"
    "correo electronico|posta elettronica|indirizzo email|endereco de email|emailadres|e mailadres|adres email|"
    "adres e mail|your email|work email",
    "phone": "phone|phone number|telephone|tel|telephone number|mobile|mobile phone|mobile number|cell|cell phone|"
    "phone 1 value|phone 1|primary phone|telefon|telefonnummer|handy|handynummer|mobil|mobilnummer|rufnummer|"
    "telephone portable|portable|numero de telephone|telefono|movil|celular|numero de telefono|cellulare|"
    "telefone|telemovel|telefoon|telefoonnummer|mobiel|numer telefonu|komorka|your phone|work phone",
    "company": "company|company name|organization|organisation|organization name|business|business name|account|"
    "account name|firma|firmenname|unternehmen|betrieb|societe|entreprise|raison sociale|empresa|azienda|societa|"
    "ragione sociale|bedrijf|bedrijfsnaam|przedsiebiorstwo|nazwa firmy",
    MESSAGE: "message|inquiry|enquiry|comment|comments|note|notes|description|question|request|details|body|"
    "your message|how can we help|nachricht|anfrage|bemerkung|bemerkungen|notiz|notizen|kommentar|beschreibung|"
    "mitteilung|commentaire|commentaires|remarque|remarques|demande|mensaje|consulta|comentario|comentarios|notas|"
    "messaggio|richiesta|nota|mensagem|observacoes|bericht|opmerking|opmerkingen|vraag|wiadomosc|zapytanie|uwagi",
    "website": "website|web|web site|url|homepage|webseite|site web|sitio web|pagina web|sito web|site|strona www",
    "intent": "intent|anliegen|inquiry type|enquiry type",
    "urgency": "urgency|priority|dringlichkeit|prioritat|urgence|priorite|urgencia|prioridad|urgenza|priorita",
    "product": "product|service|product or service|produkt|leistung|dienstleistung|produit|producto|servicio|prodotto|"
    "servizio|produto|servico|dienst|usluga|interested in|interest",
    "amount": "amount|budget|value|deal value|betrag|summe|montant|importe|presupuesto|importo|valor|bedrag|kwota",
    "place": "place|city|location|town|ort|stadt|wohnort|ville|lieu|ciudad|lugar|citta|luogo|cidade|plaats|stad|"
    "miasto|miejscowosc",
    "vehicle": "vehicle|car|fahrzeug|auto|vehicule|voiture|vehiculo|coche|veicolo|macchina|veiculo|carro|voertuig|"
    "pojazd|samochod",
    "mileage": "mileage|odometer|kilometerstand|laufleistung|kilometrage|kilometraje|chilometraggio|przebieg",
    "treatment": "treatment|behandlung|traitement|tratamiento|trattamento|tratamento|behandeling|zabieg",
    "industry": "industry|sector|branche|secteur|industria|settore|branza",
    "date": "wanted date|appointment|appointment date|preferred date|wunschtermin|termin|date souhaitee|"
    "fecha deseada|fecha preferida|gewenste datum",
}
_BY_HEADER = {header: key for key, headers in KNOWN_HEADERS.items() for header in headers.split("|")}
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]{2,}")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,25}(\s*(x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}( \d{1,2}:\d\d(:\d\d)?)?")
MOSTLY = 0.6  # of the cells that aren't empty


def proposed(headers: Sequence[str], sample: Sequence[Sequence[str]], *, others: Mapping[str, str]) -> list[str]:
    """For each column the key of a field, `name`, `message`, or empty for one to leave out. A field is proposed once,
    for the first column that suits. `others`: the business's own fields, key to label."""
    own = {fold(label): key for key, label in others.items()} | {fold(key): key for key in others}
    by_name = [_by_header(header, own) for header in headers]
    keys = _once(by_name)
    for at, key in enumerate(by_name):
        if not key:
            guess = _by_content([row[at] for row in sample if at < len(row)])
            keys[at] = guess if guess not in keys else LEFT_OUT
    if NAME in keys and {"first_name", "last_name"} & set(keys):
        return _with_parts(keys)
    return keys


def looks_like_header(row: Sequence[str], *, others: Mapping[str, str]) -> bool:
    """Whether a first row names the columns: it has a name that is known, or no contact's e-mail or phone."""
    own = {fold(label): key for key, label in others.items()}
    if any(_EMAIL.fullmatch(cell.strip()) or _PHONE.fullmatch(cell.strip()) for cell in row):
        return False
    return any(_by_header(cell, own) for cell in row) or all(not re.search(r"\d", cell) for cell in row)


def _by_header(header: str, own: Mapping[str, str]) -> str:
    name = fold(header.replace("_", " "))
    labels = {fold(field.label): field.key for field in FIELDS.values() if field.key in KNOWN_HEADERS}
    return own.get(name) or _BY_HEADER.get(name) or labels.get(name) or LEFT_OUT


def _by_content(cells: Iterable[str]) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return LEFT_OUT
    if sum(bool(_EMAIL.fullmatch(cell)) for cell in filled) >= MOSTLY * len(filled):
        return "email"
    phones = sum(bool(_PHONE.fullmatch(cell)) and not _DATE.fullmatch(cell) and _is_long(cell) for cell in filled)
    return "phone" if phones >= MOSTLY * len(filled) else LEFT_OUT


def _is_long(cell: str) -> bool:
    """A plain number of seven digits may be an id or an amount; a phone number has a sign, a space or more digits."""
    digits = sum(char.isdigit() for char in cell)
    return digits >= 9 or (digits >= 7 and not cell.isdigit())


def _once(keys: Sequence[str]) -> list[str]:
    """Messages may come from several columns, all else from one."""
    return [key if key == MESSAGE or key not in keys[:at] else LEFT_OUT for at, key in enumerate(keys)]


def _with_parts(keys: Sequence[str]) -> list[str]:
    """A whole name beside its parts is left out; "Name" beside "First name" is the last one."""
    has_last = "last_name" in keys
    return [(LEFT_OUT if has_last else "last_name") if key == NAME else key for key in keys]
