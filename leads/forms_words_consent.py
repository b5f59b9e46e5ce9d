"""What is said when a consent is to be confirmed, in the languages of the forms. Pure: imports no Django."""

from collections.abc import Mapping

PLEASE_CONFIRM = "Please confirm your consent"
MAIL = """Hello,

on {day} somebody sent us the form “{title}”, gave this e-mail address and agreed to this:

{texts}

If that was you, please confirm it: open this page and press the button.

{link}

If it was not you, you can say so there, or do nothing. It counts only once it is confirmed.
The link works for {days} days.
"""
ABOUT = "On {day} the form “{title}” was sent with your e-mail address. Who sent it agreed to this:"
CONFIRM = "Yes, I confirm this"
NOT_ME = "This wasn’t me"
CONFIRMED = "Your consent is confirmed."
TAKE_BACK = "Withdraw my consent"
WITHDRAWN = "The consent is withdrawn"
WITHDRAWN_TEXT = "It does not count. You need not do anything else."
EXPIRED = "This link has expired"
EXPIRED_TEXT = "The consent was not confirmed in time and does not count. To give it, send the form once more."
WRONG = "This link does not work"
WRONG_TEXT = "Perhaps it was not copied whole. Please open the link in the e-mail once more."
ERASED = "This is no longer here"
ERASED_TEXT = "What the link was about has been deleted. You need not do anything."

# In the order of LANGUAGES, after English.
WORDS: Mapping[str, tuple[str, str, str, str, str]] = {
    PLEASE_CONFIRM: (
        "Bitte bestätigen Sie Ihre Einwilligung",
        "Veuillez confirmer votre consentement",
        "Confirme su consentimiento",
        "Conferma il tuo consenso",
        "Confirme o seu consentimento",
    ),
    MAIL: (
        """Guten Tag,

am {day} hat uns jemand das Formular „{title}“ geschickt, diese E-Mail-Adresse angegeben und hierin eingewilligt:

{texts}

Wenn Sie das waren, bestätigen Sie es bitte: Öffnen Sie diese Seite und drücken Sie den Knopf.

{link}

Wenn Sie es nicht waren, können Sie es dort sagen oder einfach nichts tun. Erst bestätigt gilt die Einwilligung.
Der Link gilt {days} Tage.
""",
        """Bonjour,

le {day}, quelqu’un nous a envoyé le formulaire « {title} », a donné cette adresse e-mail et a accepté ceci :

{texts}

Si c’était vous, veuillez le confirmer : ouvrez cette page et appuyez sur le bouton.

{link}

Si ce n’était pas vous, vous pouvez l’y indiquer ou ne rien faire. L’accord ne vaut qu’une fois confirmé.
Le lien reste valable {days} jours.
""",
        """Hola:

El {day} alguien nos envió el formulario «{title}», dio esta dirección de correo y aceptó lo siguiente:

{texts}

Si fue usted, confírmelo: abra esta página y pulse el botón.

{link}

Si no fue usted, puede decirlo allí o no hacer nada. Solo vale una vez confirmado.
El enlace funciona durante {days} días.
""",
        """Buongiorno,

il {day} qualcuno ci ha inviato il modulo «{title}», ha indicato questo indirizzo e-mail e ha accettato quanto segue:

{texts}

Se eri tu, conferma: apri questa pagina e premi il pulsante.

{link}

Se non eri tu, puoi dirlo lì oppure non fare nulla. Il consenso vale solo una volta confermato.
Il link funziona per {days} giorni.
""",
        """Olá,

em {day} alguém nos enviou o formulário “{title}”, indicou este endereço de e-mail e aceitou o seguinte:

{texts}

Se foi você, confirme: abra esta página e prima o botão.

{link}

Se não foi você, pode dizê-lo ali ou não fazer nada. Só vale depois de confirmado.
A ligação funciona durante {days} dias.
""",
    ),
    ABOUT: (
        "Am {day} wurde das Formular „{title}“ mit Ihrer E-Mail-Adresse gesendet. Eingewilligt wurde hierin:",
        "Le {day}, le formulaire « {title} » a été envoyé avec votre adresse e-mail. L’expéditeur a accepté ceci :",
        "El {day} se envió el formulario «{title}» con su dirección de correo. Quien lo envió aceptó lo siguiente:",
        "Il {day} il modulo «{title}» è stato inviato con il tuo indirizzo e-mail. Chi lo ha inviato ha accettato:",
        "Em {day} o formulário “{title}” foi enviado com o seu e-mail. Quem o enviou aceitou o seguinte:",
    ),
    CONFIRM: (
        "Ja, ich bestätige das",
        "Oui, je le confirme",
        "Sí, lo confirmo",
        "Sì, confermo",
        "Sim, confirmo",
    ),
    NOT_ME: ("Das war ich nicht", "Ce n’était pas moi", "No fui yo", "Non ero io", "Não fui eu"),
    CONFIRMED: (
        "Ihre Einwilligung ist bestätigt.",
        "Votre consentement est confirmé.",
        "Su consentimiento está confirmado.",
        "Il tuo consenso è confermato.",
        "O seu consentimento está confirmado.",
    ),
    TAKE_BACK: (
        "Einwilligung widerrufen",
        "Retirer mon consentement",
        "Retirar mi consentimiento",
        "Revoca il mio consenso",
        "Retirar o meu consentimento",
    ),
    WITHDRAWN: (
        "Die Einwilligung ist widerrufen",
        "Le consentement est retiré",
        "El consentimiento está retirado",
        "Il consenso è revocato",
        "O consentimento foi retirado",
    ),
    WITHDRAWN_TEXT: (
        "Sie gilt nicht. Sie müssen nichts weiter tun.",
        "Il ne vaut pas. Vous n’avez rien d’autre à faire.",
        "No vale. No tiene que hacer nada más.",
        "Non vale. Non devi fare altro.",
        "Não vale. Não precisa de fazer mais nada.",
    ),
    EXPIRED: (
        "Dieser Link ist abgelaufen",
        "Ce lien a expiré",
        "Este enlace ha caducado",
        "Questo link è scaduto",
        "Esta ligação expirou",
    ),
    EXPIRED_TEXT: (
        "Die Einwilligung wurde nicht rechtzeitig bestätigt und gilt nicht. Senden Sie dafür das Formular neu.",
        "Le consentement n’a pas été confirmé à temps et ne vaut pas. Pour le donner, renvoyez le formulaire.",
        "El consentimiento no se confirmó a tiempo y no vale. Para darlo, envíe otra vez el formulario.",
        "Il consenso non è stato confermato in tempo e non vale. Per darlo, invia di nuovo il modulo.",
        "O consentimento não foi confirmado a tempo e não vale. Para o dar, envie de novo o formulário.",
    ),
    WRONG: (
        "Dieser Link geht nicht",
        "Ce lien ne marche pas",
        "Este enlace no funciona",
        "Questo link non funziona",
        "Esta ligação não funciona",
    ),
    WRONG_TEXT: (
        "Vielleicht wurde er nicht ganz kopiert. Bitte öffnen Sie den Link in der E-Mail noch einmal.",
        "Il n’a peut-être pas été copié en entier. Ouvrez de nouveau le lien de l’e-mail.",
        "Quizá no se copió entero. Abra otra vez el enlace del correo.",
        "Forse non è stato copiato per intero. Apri di nuovo il link nell’e-mail.",
        "Talvez não tenha sido copiada por inteiro. Abra de novo a ligação do e-mail.",
    ),
    ERASED: (
        "Das gibt es nicht mehr",
        "Cela n’existe plus",
        "Esto ya no existe",
        "Questo non c’è più",
        "Isto já não existe",
    ),
    ERASED_TEXT: (
        "Worum es bei dem Link ging, wurde gelöscht. Sie müssen nichts tun.",
        "Ce dont parlait le lien a été supprimé. Vous n’avez rien à faire.",
        "Aquello de lo que trataba el enlace se borró. No tiene que hacer nada.",
        "Ciò di cui parlava il link è stato eliminato. Non devi fare nulla.",
        "Aquilo de que tratava a ligação foi apagado. Não precisa de fazer nada.",
    ),
}
