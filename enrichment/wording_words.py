"""The words by which sentences of the six languages name days, times and numbers, and begin without naming anybody.
Pure: imports no Django.
"""

from collections.abc import Mapping

from enrichment.normalise import word_set

# By language; the same place in each means the same.
DAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "de": ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "pt": ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"),
}
# Not "may" and the German "Mai", which are told by their capital.
MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": ("january", "february", "march", "april", "", "june", "july", "august", "september", "october", "november",
           "december"),
    "de": ("januar", "februar", "märz", "april", "", "juni", "juli", "august", "september", "oktober", "november",
           "dezember"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
           "noviembre", "diciembre"),
    "it": ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
           "novembre", "dicembre"),
    "pt": ("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
           "novembro", "dezembro"),
}  # fmt: skip
# How a message may say them besides.
SHORT_DAYS = (
    "mon mo lun", "tue tues di mar martes", "wed mi miercoles", "thu thur thurs do jeu", "fri fr vie ven", "sat sa sab "
    "sabado sonnabend sam", "sun so dom dim",
)  # fmt: skip
SHORT_MONTHS = (
    "jan", "feb fevrier fév", "mar maerz mars marzo", "apr abr avr", "mai may mayo", "jun", "jul", "aug ago aout",
    "sep sept setiembre", "oct okt ott out", "nov", "dec dez dic decembre",
)  # fmt: skip
WHEN: Mapping[str, tuple[str, ...]] = {
    "en": ("today", "tomorrow", "tonight", "yesterday", "weekend", "next week", "this week", "next month"),
    "de": ("heute", "morgen", "heute abend", "gestern", "wochenende", "nächste woche", "diese woche", "nächsten monat"),
    "fr": ("aujourd'hui", "demain", "ce soir", "hier", "week-end", "semaine prochaine", "cette semaine",
           "mois prochain"),
    "es": ("hoy", "mañana", "esta noche", "ayer", "fin de semana", "próxima semana", "esta semana", "próximo mes"),
    "it": ("oggi", "domani", "stasera", "ieri", "fine settimana", "prossima settimana", "questa settimana",
           "prossimo mese"),
    "pt": ("hoje", "amanhã", "esta noite", "ontem", "fim de semana", "próxima semana", "esta semana", "próximo mês"),
}  # fmt: skip
# One word of these in the message is enough for the phrase in the same place.
LOOSE_WHEN = (
    "", "tmrw tmr manana amanha", "soir noche abend sera noite", "", "wochenende finde weekend",
    "woche semaine semana settimana", "woche semaine semana settimana", "monat mois mes mese mês",
)  # fmt: skip

_PLACES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30, 40, 50, 60, 70, 80, 90, 100)
_NUMBERS = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred",
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix cent",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta settanta ottanta novanta cento",
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito "
    "dezenove vinte trinta quarenta cinquenta sessenta setenta oitenta noventa cem",
}
NUMBER_WORDS: Mapping[str, Mapping[str, int]] = {
    # "neuf" is also new, and "dreißig" is folded to "dreissig".
    language: {
        word.replace("ß", "ss"): number for word, number in zip(words.split(), _PLACES, strict=True) if word != "neuf"
    }
    for language, words in _NUMBERS.items()
}
ANY_NUMBER_WORD: Mapping[str, int] = {word: number for words in NUMBER_WORDS.values() for word, number in words.items()}
# Words that make a number larger, by language.
THOUSANDS = word_set("thousand grand k tausend tsd mille mil mila")
LARGE = THOUSANDS | word_set(
    "million millions billion billions dozen dozens lakh crore millionen milliarde milliarden dutzend mrd mio millier "
    "milliers millions milliard milliards douzaine millón millones milones docena milione milioni miliardo miliardi "
    "dozzina milhão milhões bilhão dúzia hundreds thousands hunderte tausende centaines cientos miles centinaia "
    "migliaia centenas milhares"
)
# The ones, which stand behind another number as a part of it: "twenty one".
ONES = word_set("one eins un une uno una um uma ein eine")

# How a sentence about an inquiry begins without naming anybody.
OPENERS: Mapping[str, frozenset[str]] = {
    "en": word_set(
        """
        a about after all also an and another any apologies apparently appointment are as asap ask asked asks at
        automated based before both booked booking brakes brief broken business buyer call caller can car client clients
        commercial company complaint consultation contact could current currently customer customers details does email
        emergency enquires existing family few first follow for former free from general guest has have he help her his
        home homeowner hopes household how if immediate in individual inquirer inquires inquiry interest interested is
        issue it job large lead likely local located long looking looks low maintenance man message more mother my need
        needed needs new no non not offer on one open order owner owners parent patient person plans please possible
        possibly potential previous price prices problem product project promotional proposal prospect prospective
        question questions quick quote recent recently repair repairs repeat replacement reported reports request
        requested requester requests required requires returning routine sales seeks sender she services short small so
        some somebody someone spam specific submitter support thanks that the their there they this to tries two unclear
        unhappy unsolicited unspecified urgent urgently use user vague vehicle very visitor wanted wants was we website
        when who will wishes with woman would writer you your
        """
    ),
    "de": word_set(
        """
        der die das ein eine einer es er sie ich wir jemand möchte will wünscht bittet fragt sucht braucht benötigt hat
        ist kann könnte nach für mit ohne bei am im auf aus zur zum neue neuer dringend dringende bestehender mögliche
        unzufriedener interessiert später zuerst dann außerdem bewirbt beschwert bietet
        """
    ),
    "fr": word_set(
        """
        le la les l un une des il elle on je nous quelqu'un client cliente demande souhaite veut cherche recherche a est
        besoin bonjour pour avec sans après avant puis ensuite aussi urgent urgente nouveau nouvelle message question
        propose postule se s' l'expéditeur l'auteur personne patient patiente entreprise intéressé intéressée
        """
    ),
    "es": word_set(
        """
        el la los las un una él ella yo alguien cliente pide solicita quiere desea busca necesita pregunta consulta
        tiene es está para con sin después antes luego también urgente nuevo nueva mensaje persona paciente empresa
        ofrece se interesado interesada su
        """
    ),
    "it": word_set(
        """
        il lo la i gli le un una uno lui lei l qualcuno cliente chiede richiede vuole desidera cerca ha è per con senza
        dopo prima poi anche urgente nuovo nuova messaggio richiesta persona paziente azienda offre si interessato
        interessata il l' suo
        """
    ),
    "pt": word_set(
        """
        o a os as um uma ele ela eu alguém cliente pede solicita quer deseja procura busca precisa pergunta tem é está
        para com sem depois antes então também urgente novo nova mensagem pedido pessoa paciente empresa oferece se
        interessado interessada
        """
    ),
}
# German writes every noun with a capital: these name nobody, nor do words that end in one of them.
GERMAN_NOUNS = word_set(
    """
    abend absender absenderin adresse abholung alter anfang anfrage anfragen angebot angebote anhang anliegen anruf
    anrufer anruferin antwort anwendung anzeige arbeit arbeiten arzt aufbau auftrag auskunft ausfall auto autos bad
    batterie bedarf beginn behandlung behandlungen beispiel beleuchtung berater beratung beratungsgespräch bericht
    beschwerde besichtigung bestellung besuch bewerber bewerberin bewerbung bitte bremse bremsen bremsbeläge budget büro
    buchung dame dank datum dauer dienst dienste dienstleistung dienstleistungen druck einführung eltern empfang ende
    entscheidung ersatz erstattung fahrt fahrzeug fahrzeuge fall falten familie farbe fehler feier firma firmen folge
    frage fragen frau freund führung garten gast gebühr gebühren geld gerät geräusch geräusche gesicht gespräch gruppe
    hand haus haut heizung herr hilfe hotel hund idee information informationen inspektion interesse interessent
    interessentin jahr jahre job kamera kauf kaution kind kinder kontakt konto kosten kostenvoranschlag kunde kunden
    kundin küche lage leistung leistungen licht lieferung lösung mail mann maschine meldung miete mitarbeiter monat
    monate morgen motor nachmittag nachricht nachrichten nacht name notfall nummer öl ölwechsel ort öffnungszeiten panne
    paar patient patientin person personen pflege plan platz preis preise problem probleme produkt produkte projekt
    projekte prüfung qualität rabatt rate raum rechnung reifen reihe reinigung reise reklamation reparatur reparaturen
    reservierung rückerstattung rückfrage rückmeldung rückruf sache schaden schreiber schreiberin schmerz schmerzen
    schutz seite service sitzung sonderangebot sprache stadt start stelle stellen strom stück stunde stunden system tag
    tage teil teile team telefon telefonnummer termin termine tür uhr umsetzung umzug unterlagen unternehmen
    unterstützung unzufriedenheit urlaub verbesserung verfügbarkeit vergleich verkauf verkäufer versand vertrag
    verwendung verzögerung vorgang vorschlag wagen wartung wasser website webseite wechsel weg werbung werkstatt wert
    wetter wiederholung woche wochen wohnung wunsch zahlung zahn zeit zeiten zeitplan ziel zimmer zusammenarbeit zustand
    zweck
    """
)
