"""What the public form says by itself, in the languages it speaks. Pure: imports no Django.

Django's own sentences ("This field is required.") come from its translations; these are ours, by their English.
"""

from collections.abc import Mapping

from leads import file_checks

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
}

REACHABLE = "Please leave an e-mail address or a phone number, so that we can answer."
MISSING = "Something is missing; see below. Nothing you typed is lost."
NOT_A_NUMBER = "Please write a number, like 1200 or 2.5."
THANKS = "Thank you"
AGAIN = "Send another message"
CLOSED = "This form is closed"
CLOSED_TEXT = "It takes no messages at the moment."
GO_ON = "Go on"
UNCHECKED = "The check does not work here: send it without. We then read it a little later."
FILES = "Up to {most} files of {size} MB each: images, PDF, Word, Excel, text."
FILES_AGAIN = "Please choose your files once more: this page could not keep them."

# In the order of LANGUAGES, after English.
_WORDS: Mapping[str, tuple[str, str, str, str, str]] = {
    "Send": ("Senden", "Envoyer", "Enviar", "Invia", "Enviar"),
    "Error": ("Fehler", "Erreur", "Error", "Errore", "Erro"),
    "required": ("Pflichtfeld", "obligatoire", "obligatorio", "obbligatorio", "obrigatório"),
    "Please choose": ("Bitte wählen", "Veuillez choisir", "Elija una opción", "Scegli", "Escolha"),
    "Leave this empty": (
        "Bitte leer lassen",
        "Laissez ce champ vide",
        "Deje este campo vacío",
        "Lascia vuoto questo campo",
        "Deixe este campo vazio",
    ),
    REACHABLE: (
        "Bitte geben Sie eine E-Mail-Adresse oder Telefonnummer an, damit wir antworten können.",
        "Indiquez une adresse e-mail ou un numéro de téléphone afin que nous puissions répondre.",
        "Deje un correo electrónico o un teléfono para que podamos responderle.",
        "Lascia un indirizzo e-mail o un numero di telefono, così possiamo rispondere.",
        "Deixe um e-mail ou um telefone para que possamos responder.",
    ),
    MISSING: (
        "Etwas fehlt noch, siehe unten. Ihre Eingaben sind nicht verloren.",
        "Il manque quelque chose, voir ci-dessous. Rien de ce que vous avez saisi n’est perdu.",
        "Falta algo; véalo abajo. No se ha perdido nada de lo que escribió.",
        "Manca qualcosa, vedi sotto. Nulla di ciò che hai scritto è andato perso.",
        "Falta algo; veja abaixo. Nada do que escreveu se perdeu.",
    ),
    NOT_A_NUMBER: (
        "Bitte geben Sie eine Zahl ein, etwa 1200 oder 2,5.",
        "Saisissez un nombre, par exemple 1200 ou 2,5.",
        "Escriba un número, como 1200 o 2,5.",
        "Scrivi un numero, come 1200 o 2,5.",
        "Escreva um número, como 1200 ou 2,5.",
    ),
    THANKS: ("Vielen Dank", "Merci", "Gracias", "Grazie", "Obrigado"),
    AGAIN: (
        "Noch eine Nachricht senden",
        "Envoyer un autre message",
        "Enviar otro mensaje",
        "Invia un altro messaggio",
        "Enviar outra mensagem",
    ),
    GO_ON: ("Weiter", "Continuer", "Continuar", "Continua", "Continuar"),
    CLOSED: (
        "Dieses Formular ist geschlossen",
        "Ce formulaire est fermé",
        "Este formulario está cerrado",
        "Questo modulo è chiuso",
        "Este formulário está fechado",
    ),
    CLOSED_TEXT: (
        "Es nimmt zurzeit keine Nachrichten an.",
        "Il n’accepte aucun message pour le moment.",
        "Por ahora no admite mensajes.",
        "Al momento non accetta messaggi.",
        "De momento não aceita mensagens.",
    ),
    "This page was sent once already. Press Send again to send this as a second message.": (
        "Diese Seite wurde schon gesendet. Senden Sie noch einmal, wenn dies eine zweite Nachricht ist.",
        "Cette page a déjà été envoyée. Envoyez de nouveau s’il s’agit d’un second message.",
        "Esta página ya se envió. Envíela otra vez si es un segundo mensaje.",
        "Questa pagina è già stata inviata. Invia di nuovo se è un secondo messaggio.",
        "Esta página já foi enviada. Envie de novo se for uma segunda mensagem.",
    ),
    "Too many messages came in just now. Please wait a minute and press Send again; nothing you typed is lost.": (
        "Gerade kamen zu viele Nachrichten an. Bitte senden Sie in einer Minute noch einmal; nichts ist verloren.",
        "Trop de messages arrivent en ce moment. Attendez une minute et envoyez de nouveau ; rien n’est perdu.",
        "Llegan demasiados mensajes. Espere un minuto y envíe otra vez; no se ha perdido nada.",
        "Arrivano troppi messaggi. Attendi un minuto e invia di nuovo; nulla è andato perso.",
        "Estão a chegar demasiadas mensagens. Espere um minuto e envie de novo; nada se perdeu.",
    ),
    "Many messages come in just now. Please wait for the check below the form, then press Send again.": (
        "Gerade kommen viele Nachrichten an. Bitte warten Sie die Prüfung unten ab und senden Sie noch einmal.",
        "Beaucoup de messages arrivent en ce moment. Attendez la vérification ci-dessous, puis envoyez de nouveau.",
        "Llegan muchos mensajes. Espere la comprobación debajo del formulario y envíe otra vez.",
        "Arrivano molti messaggi. Attendi la verifica sotto il modulo, poi invia di nuovo.",
        "Estão a chegar muitas mensagens. Espere pela verificação abaixo do formulário e envie de novo.",
    ),
    UNCHECKED: (
        "Die Prüfung geht hier nicht: ohne sie senden. Wir lesen es dann etwas später.",
        "La vérification ne marche pas ici : envoyer sans elle. Nous le lirons un peu plus tard.",
        "La comprobación no funciona aquí: enviar sin ella. Lo leeremos algo más tarde.",
        "La verifica qui non funziona: invia senza. Lo leggeremo un po’ più tardi.",
        "A verificação não funciona aqui: enviar sem ela. Leremos um pouco mais tarde.",
    ),
    "That was very quick. Please press Send once more.": (
        "Das ging sehr schnell. Bitte senden Sie noch einmal.",
        "C’était très rapide. Veuillez envoyer encore une fois.",
        "Fue muy rápido. Envíe una vez más, por favor.",
        "È stato molto veloce. Invia ancora una volta.",
        "Foi muito rápido. Envie mais uma vez, por favor.",
    ),
    "This page was open for too long. Please send it again; nothing you typed is lost.": (
        "Diese Seite war zu lange offen. Bitte senden Sie noch einmal; nichts ist verloren.",
        "Cette page est restée ouverte trop longtemps. Envoyez de nouveau ; rien n’est perdu.",
        "Esta página estuvo abierta demasiado tiempo. Envíela otra vez; no se ha perdido nada.",
        "Questa pagina è rimasta aperta troppo a lungo. Invia di nuovo; nulla è andato perso.",
        "Esta página esteve aberta demasiado tempo. Envie de novo; nada se perdeu.",
    ),
    "This page can't be sent any more. Please send it again; nothing you typed is lost.": (
        "Diese Seite ist nicht mehr gültig. Bitte senden Sie noch einmal; nichts ist verloren.",
        "Cette page n’est plus valable. Envoyez de nouveau ; rien n’est perdu.",
        "Esta página ya no es válida. Envíela otra vez; no se ha perdido nada.",
        "Questa pagina non è più valida. Invia di nuovo; nulla è andato perso.",
        "Esta página já não é válida. Envie de novo; nada se perdeu.",
    ),
    FILES: (
        "Bis zu {most} Dateien mit je {size} MB: Bilder, PDF, Word, Excel, Text.",
        "Jusqu’à {most} fichiers de {size} Mo chacun : images, PDF, Word, Excel, texte.",
        "Hasta {most} archivos de {size} MB cada uno: imágenes, PDF, Word, Excel, texto.",
        "Fino a {most} file di {size} MB ciascuno: immagini, PDF, Word, Excel, testo.",
        "Até {most} ficheiros de {size} MB cada: imagens, PDF, Word, Excel, texto.",
    ),
    FILES_AGAIN: (
        "Bitte wählen Sie Ihre Dateien noch einmal: Diese Seite konnte sie nicht aufheben.",
        "Veuillez choisir de nouveau vos fichiers : cette page n’a pas pu les garder.",
        "Elija sus archivos otra vez: esta página no pudo guardarlos.",
        "Scegli di nuovo i tuoi file: questa pagina non ha potuto conservarli.",
        "Escolha os seus ficheiros de novo: esta página não os pôde guardar.",
    ),
    "This is too much to send at once. Please go back and shorten it, or send fewer files.": (
        "Das ist zu viel auf einmal. Bitte gehen Sie zurück und kürzen Sie, oder senden Sie weniger Dateien.",
        "C’est trop en une fois. Revenez en arrière et raccourcissez, ou envoyez moins de fichiers.",
        "Es demasiado de una vez. Vuelva atrás y acórtelo, o envíe menos archivos.",
        "È troppo in una volta. Torna indietro e accorcia, oppure invia meno file.",
        "É demasiado de uma vez. Volte atrás e encurte, ou envie menos ficheiros.",
    ),
    file_checks.EMPTY: (
        "Die Datei ist leer.",
        "Le fichier est vide.",
        "El archivo está vacío.",
        "Il file è vuoto.",
        "O ficheiro está vazio.",
    ),
    file_checks.TOO_LARGE: (
        "Die Datei ist größer als {most} MB.",
        "Le fichier dépasse {most} Mo.",
        "El archivo supera los {most} MB.",
        "Il file supera i {most} MB.",
        "O ficheiro tem mais de {most} MB.",
    ),
    file_checks.TOO_MUCH: (
        "Die Dateien sind zusammen größer als {most} MB.",
        "Les fichiers dépassent {most} Mo au total.",
        "Los archivos superan juntos los {most} MB.",
        "I file superano insieme i {most} MB.",
        "Os ficheiros têm juntos mais de {most} MB.",
    ),
    file_checks.TOO_MANY: (
        "Höchstens {most} Dateien auf einmal.",
        "{most} fichiers au maximum à la fois.",
        "Como máximo {most} archivos a la vez.",
        "Al massimo {most} file alla volta.",
        "No máximo {most} ficheiros de cada vez.",
    ),
    file_checks.WRONG_KIND: (
        "Dateien dieser Art gehen nicht. Bilder (JPEG, PNG, GIF, WebP), PDF, Text, Word, Excel und OpenDocument gehen.",
        "Ce type n’est pas accepté. Images (JPEG, PNG, GIF, WebP), PDF, texte, Word, Excel, OpenDocument : oui.",
        "No se admite este tipo. Sí: imágenes (JPEG, PNG, GIF, WebP), PDF, texto, Word, Excel y OpenDocument.",
        "Questo tipo non è accettato. Sì: immagini (JPEG, PNG, GIF, WebP), PDF, testo, Word, Excel, OpenDocument.",
        "Este tipo não é aceite. Sim: imagens (JPEG, PNG, GIF, WebP), PDF, texto, Word, Excel e OpenDocument.",
    ),
    file_checks.HEIC: (
        "HEIC-Fotos können hier nicht gelesen werden. Bitte senden Sie es als JPEG.",
        "Les photos HEIC ne peuvent pas être lues ici. Envoyez-la en JPEG.",
        "Las fotos HEIC no se pueden leer aquí. Envíela como JPEG.",
        "Le foto HEIC non si possono leggere qui. Inviala come JPEG.",
        "As fotos HEIC não podem ser lidas aqui. Envie-a como JPEG.",
    ),
    file_checks.MISNAMED: (
        "Die Datei ist nicht das, was ihr Name sagt.",
        "Le fichier n’est pas ce que dit son nom.",
        "El archivo no es lo que dice su nombre.",
        "Il file non è ciò che dice il suo nome.",
        "O ficheiro não é o que o seu nome diz.",
    ),
    file_checks.MACROS: (
        "Die Datei enthält Makros, also Programme. Bitte senden Sie sie ohne.",
        "Le fichier contient des macros, donc des programmes. Envoyez-le sans elles.",
        "El archivo contiene macros, es decir, programas. Envíelo sin ellas.",
        "Il file contiene macro, cioè programmi. Invialo senza.",
        "O ficheiro contém macros, ou seja, programas. Envie-o sem elas.",
    ),
    file_checks.LOCKED: (
        "Die Datei ist mit einem Kennwort gesperrt. Bitte senden Sie sie entsperrt.",
        "Le fichier est protégé par un mot de passe. Envoyez-le déverrouillé.",
        "El archivo está protegido con una contraseña. Envíelo sin ella.",
        "Il file è protetto da una password. Invialo sbloccato.",
        "O ficheiro está protegido por palavra-passe. Envie-o desbloqueado.",
    ),
    file_checks.BROKEN: (
        "Die Datei kann nicht gelesen werden; sie ist wohl beschädigt.",
        "Le fichier est illisible ; il semble endommagé.",
        "El archivo no se puede leer; parece dañado.",
        "Il file non si può leggere; sembra danneggiato.",
        "O ficheiro não pode ser lido; parece danificado.",
    ),
    file_checks.TOO_MANY_PIXELS: (
        "Das Bild hat mehr als {most} Megapixel.",
        "L’image dépasse {most} mégapixels.",
        "La imagen tiene más de {most} megapíxeles.",
        "L’immagine ha più di {most} megapixel.",
        "A imagem tem mais de {most} megapíxeis.",
    ),
}


def say(english: str, language: str) -> str:
    """The sentence in a form's language; in English where nobody has translated it."""
    place = list(LANGUAGES).index(language) if language in LANGUAGES else 0
    return _WORDS[english][place - 1] if place and english in _WORDS else english
