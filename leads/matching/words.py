"""Words and phrases of inquiries: what everyone writes, and what people write who wrote before. Pure: no Django."""

from leads.names import word_set

# Folded words of English, German, French, Spanish and Italian inquiries that say little about who wrote them.
COMMON_WORDS = word_set(
    """
    the and for you your have has had are was were will would could can cannot may might must should shall not but with
    from this that these those there here what when where which who how why all any some more most much many very just
    only also than then too our out about into over after before until while because been being does did doing done
    get got give send sent let please thank thanks hello dear sir madam team good morning afternoon evening kind best
    regards cheers sincerely looking forward hearing hear back call contact reply answer need want like know help
    price cost costs quote question inquiry enquiry information info interested soon possible urgent today tomorrow
    week month day time new one two three its im dont able made make sure see saw page site website google
    friend recommended budget around people ideally end rush comparing options fairly
    der die das und ist sind war ein eine einen einem einer nicht ich sie wir ihr ihre ihren mein meine mit von fur auf
    aus bei nach uber noch auch oder aber wie was wann wer bitte danke vielen dank guten tag hallo sehr geehrte damen
    herren freundliche freundlichen grussen grusse gruss konnen konnte mochte mochten hatte habe haben wird wurde
    anfrage angebot frage preis kosten gerne termin
    les des une est sont pas pour avec dans sur que qui quoi quand vous votre vos nous notre nos mon mes par plus
    bonjour bonsoir madame monsieur merci cordialement cordiales salutations voudrais souhaite souhaiterais pouvez
    pourriez demande devis prix combien question bien tres
    los las una uno unos para por con sin del que como cuando donde quien hola buenos dias buenas tardes gracias
    saludos cordial estimado estimada estimados quiero quisiera necesito puede pueden podria precio cuanto pregunta
    consulta informacion favor muy mas
    gli che non per con una uno sono della delle dei nel come quando dove chi buongiorno buonasera salve grazie
    cordiali saluti gentile egregio vorrei potete puo prezzo quanto domanda richiesta informazioni preventivo molto
    """
)
# Folded, as `leads.names.fold` writes them.
FOLLOW_UP = (
    "following up", "follow up", "any news", "hi again", "hello again", "second attempt", "second time",
    "resend", "sending this again", "sending again", "wrote to you", "wrote last", "written before",
    "my last message", "my last email", "my last e mail", "my previous", "my earlier", "havent heard back",
    "havent heard from", "not heard from", "did not hear back", "didnt hear back", "not heard back",
    "no reply", "no answer", "still waiting for your", "still no answer", "still no reply", "as discussed",
    "just checking", "checking in", "you received my", "you get my", "you got my", "get my message",
    "got my message", "got my email", "forgot to add", "forgot to mention", "reminder", "again about",
    "contacted you", "called you", "nochmal", "noch einmal", "noch keine antwort", "keine ruckmeldung",
    "nachfrage", "nachfassen", "erinnerung", "erneut", "meine anfrage vom", "bereits geschrieben",
    "wie besprochen", "wieder ich", "je me permets de revenir", "relance", "pas de reponse",
    "pas eu de reponse", "deja ecrit", "comme convenu", "encore moi", "mon message precedent", "suite a mon",
    "de nuevo", "otra vez", "sin respuesta", "no he recibido respuesta", "ya les escribi",
    "mi mensaje anterior", "segundo intento", "como comentamos", "di nuovo", "ancora nessuna risposta",
    "nessuna risposta", "sollecito", "gia scritto", "come concordato", "mio messaggio precedente",
)  # fmt: skip
