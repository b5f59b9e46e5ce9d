"""What the words around a name tell: classes of words in six languages, the same class for the same sense. Pure."""

from enrichment.extraction.words import word_set

# Folded: small letters without accents.
CLASSES = {
    "name": "name names name's nombre nome nom namen vorname prenom apellido apellidos cognome",
    "be": "is ist es est e was isn't",
    "me": "i'm im bin soy suis sono sou am i'am",
    "called": "heisse heiss llamo appelle m'appelle chiamo chamo named genannt",
    "here": "here hier ici aqui aca qui this c'est it's its habla fala parla speaking spricht schreibt escribe",
    "greet": (
        "hi hello hey dear hallo liebe lieber liebes geehrte geehrter hola estimado estimada estimados bonjour bonsoir "
        "salut cher chere ciao buongiorno buonasera salve gentile egregio egregia ola oi prezado prezada prezados exmo "
        "exma servus moin gruezi kaixo boas attn attention apreciado apreciada caro cara hiya greetings spett spett.le "
        "morning afternoon evening tag abend morgen tardes dias noches noite tarde dia atencion attenzione zhd"
    ),
    "title": (
        "mr mrs ms miss mx dr dra prof herr herrn frau fr sr sra srta don dona senor senora senorita sig sig.ra signor "
        "signora signorina dott dott.ssa dottor dottoressa mme madame monsieur mlle sir madam lic ing mag avv rag geom "
        "c.p docteur doktor doutor doutora doctor doctora exmo seu sor mtro mtra arq pastor father sister nurse"
    ),
    "family": "familie fam famille familia famiglia family",
    "bye": (
        "thanks thank thx regards best cheers sincerely yours wishes warmly kindly gruss grusse grussen gruesse vg lg "
        "mfg danke dank gracias saludo saludos atentamente abrazo cordialement merci salutations vous saluti grazie "
        "cordialmente baci bacio abraco abracos obrigado obrigada cumprimentos atenciosamente xx x ta bises besos "
        "beijos bjs atte hochachtungsvoll herzlichst cordiali remerciements abbraccio att grato grata ty"
    ),
    "kin": (
        "wife husband son daughter mother father mom mum dad sister brother uncle aunt friend colleague boss assistant "
        "neighbor neighbour partner girlfriend boyfriend cousin grandma grandpa roommate tenant landlord dog cat "
        "kid kids buddy accountant guy tech technician mechanic plumber receptionist client manager coworker "
        "brother-in-law frau mann sohn tochter mutter vater mama papa schwester bruder onkel tante freund freundin "
        "kollege kollegin "
        "chef chefin nachbar nachbarin partnerin mitarbeiter mitarbeiterin monteur meister schwager hund katze "
        "marido mujer esposa esposo hijo hija madre padre hermana hermano tio tia amiga amigo companero companera jefe "
        "jefa vecino vecina novio novia socio socia tecnico cunado primo prima perro suegra "
        "mari femme fils fille mere pere soeur frere oncle tante amie ami collegue patron voisin voisine copain copine "
        "chum associe poseur beau-pere belle-mere chien chat compagne compagnon conjoint "
        "marito moglie figlio figlia fratello sorella zio zia amico collega capo vicino vicina fidanzato fidanzata "
        "socia operaio cognato cognata cane gatto compagna compagno suocera mamma "
        "filho filha mae pai irma irmao tia colega chefe vizinho vizinha namorado namorada socio funcionario cunhado "
        "cunhada cachorro gato costureira enfermeira enfermera"
    ),
    "behalf": "behalf auftrag namens part parte conto lieu representing represent vertrete vertretung",
    "from": "from at with of von bei vom aus de chez del da di dalla dal della do dello dell' d' des du fur for pour",
    "to": "to an a al aux para per ao por by via mit con avec com par bei",
    "and": "and und y e et & +",
    "told": (
        "told said says recommended suggested mentioned gave spoke talked asked met saw ask promised meinte sagte "
        "empfahl gesprochen dijo recomendo recomendado dio hable dit recommande parle ha detto consigliato parlato "
        "disse recomendou falei falou indicou suggerito mandata referred hat hatte"
    ),
    "caller": (
        "called calling call caller calls phoned vm voicemail walk-in angerufen anruf ruft llamo llamada hablo llama "
        "appel appele telephone chiamato telefonata chiama ligou ligacao telefonou phone"
    ),
    "wants": (
        "wants wanted would wondering asks needs mochte will bittet quiere pide solicita veut souhaite demande chiede "
        "vuole vorrebbe quer pede deseja"
    ),
    "we": (
        "i we our us my me ich wir unser unsere unserer mein meine nous notre nos je mon ma nosotros nuestra nuestro "
        "mi somos noi nostra nostro mio mia nos nossa nosso minha meu eu somos siamo sommes sind are am"
    ),
    "you": (
        "you your yours ihr ihre ihren ihrem ihrer euer eure euch dein sie vous votre vos te tu su sus vuestro vuestra "
        "usted ustedes voi vostro vostra vostri suo sua lei loro voce voces vosso vossa tua teu"
    ),
    "role": (
        "owner founder co-founder ceo cto coo cfo president director manager partner principal head vp counsel "
        "coordinator officer engineer consultant analyst rep representative administrator attorney lead chair editor "
        "secretary treasurer advisor specialist executive supervisor superintendent foreman buyer "
        "geschaftsfuhrer geschaftsfuhrerin inhaber inhaberin leiter leiterin leitung assistenz prokurist prokuristin "
        "vertriebsleiter einkauf vertrieb vorstand sachbearbeiter sachbearbeiterin "
        "gerente directora administracion responsable jefa encargado encargada presidenta presidente farmaceutica "
        "gerant gerante directeur directrice charge chargee tresorier secretaire president comptable dsi daf drh "
        "titolare responsabile direttore direttrice amministratore amministratrice ufficio impiegata impiegato "
        "diretor diretora coordenador coordenadora administrativo administrativa administradora secretaria "
        "proprietaria proprietario tesoureiro socio gestor gestora hr it rrhh md phd cpa esq msw rn"
    ),
    "business": (
        "company firm business shop store firma unternehmen betrieb verein empresa negocio sociedad societe entreprise "
        "agence association azienda ditta societa agenzia associazione agencia agentur agency team loja praxis clinic "
        "studio cooperative coop cooperativa"
    ),
}
CLASS_OF = {word: name for name, words in CLASSES.items() for word in words.split()}
LEGAL = word_set(
    "inc inc. incorporated llc llc. llp pllc ltd ltd. limited corp corp. corporation co. gmbh ggmbh gesmbh mbh ag kg "
    "ug ohg e.k e.k. kgaa e.v e.v. sarl sas sasu eurl s.a s.a. sa s.l s.l. sl slu s.l.u. s.r.l s.r.l. srl spa s.p.a "
    "s.p.a. snc s.n.c. b.v b.v. bv n.v. plc pty pte aps oy s.a.s. c.v c.v. lda lda. ltda ltda. eireli me scop c.a. "
    "hnos hnos. bros. co-op"
)
TRADE = word_set(
    "group studio studios agency consulting consultants solutions services partners dental dentistry clinic spa salon "
    "bakery motors logistics realty properties labs technologies systems media design designs industries enterprises "
    "holdings ventures capital foods farm farms builders construction plumbing roofing landscaping electric trucking "
    "transport pharmacy hospital university college school schools hotel restaurant cafe coffee brewing fitness gym "
    "boutique associates law insurance bank foundation software digital marketing robotics analytics health wellness "
    "medical auto rentals cleaning catering supply courier freight church press union credit gardens garden dairy "
    "produce packaging homes house montessori academy solicitors cowork brothers sons water club society council "
    "elektrotechnik haustechnik autohaus backerei stadtwerke blumen metzgerei praxis kanzlei verlag hotel gasthof bau "
    "versicherungen spedition technik handel transporte druckerei apotheke tischlerei schreinerei sohne partner "
    "grupo transportes muebles conservas clinica asesoria construcciones talleres taller bodegas hermanos comercial "
    "distribuciones inmobiliaria colegio academia farmacia empacadora textil agencia estudio hotel restaurante "
    "imprimerie cabinet atelier boulangerie garage biscuits biscuiterie vergers amis cave domaine agence maison ets "
    "etablissements transports editions menuiserie couverture clinique ecole association fils "
    "studio ceramiche rubinetterie laboratori officina agenzia impianti ristorante pizzeria azienda agricola orologi "
    "circolo cantina fratelli figli costruzioni trasporti mobili farmacia scuola legale immobiliare "
    "laticinios transportadora metalurgica construtora padaria escritorio agencia junta camara calcados filhos irmaos "
    "entregas contabil imobiliaria associacao cooperativa escola grafica confeccoes comercio industria"
)
# Small words that stand inside a company's name.
INSIDE = word_set(
    "& + and und y e et of the de du des del della dello delle di da do dos das la le les los las el fur i für zu zum "
    "am an der die dell d l van von"
)
ROMANCE = word_set(
    "de la y en su al e o do da no em meu minha nos mi a os as um i dos que para una por el los las com nao uma "
    "voce che il per sono je vous les pour une est con como muy mas em um "
    "quero le gli della hola ola bonjour buongiorno merci gracias grazie obrigado obrigada nous avec del"
)
