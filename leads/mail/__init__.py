"""Reading e-mail: bytes in, values out. Pure: imports no Django, touches no network, and never raises for what is in a
mail, however broken."""

from leads.mail.html import text_of_html
from leads.mail.identity import identity_of, message_id_of, whole
from leads.mail.kinds import Kind, Own
from leads.mail.quotes import without_quotes
from leads.mail.reading import Attachment, Mail, Person, read

__all__ = [
    "Attachment",
    "Kind",
    "Mail",
    "Own",
    "Person",
    "identity_of",
    "message_id_of",
    "read",
    "text_of_html",
    "whole",
    "without_quotes",
]
