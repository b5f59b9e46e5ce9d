"""Word lists that several rules share. Pure."""


def word_set(block: str, separator: str | None = None) -> frozenset[str]:
    """The words of a block of text, split at white space or at `separator`."""
    return frozenset(" ".join(word.split()) for word in block.split(separator))


# Sentence starters, fillers, trades and places in time: what stands where a name could, in every language read.
NOT_NAMES = word_set("""
bad busy correct crazy fun guess hungry incorrect insane listed mine misspelled probably
ridiculous spelled stupid true used wet wild worth
a aber able about above absolutely account accountant admin administrator after afternoon again against agency agent
ago al algo all almost already als also always am amazed american an anche and android anonymous another antemano any
anybody anyone anything appointment appreciate apr april are around as asap asian ask asking assistance assistant at
atentamente attached attention au auch auf aug august aussi australian available avec avez avoir aware away back based
be beaucoup because been before bei being below best beste besten better bien big billing bin bitte bonjour bonsoir
booking both brand brazilian bring british buenas buenos buongiorno business but buy buyer by bye call called calling
came can canadian cannot car catholic ce ceo ces cette cfo che cheers chief chinese christian ciao client cliente
clinic co-founder cofounder come coming comme como company con confused consultant consultation consulting contact
contacting contractor coo cordial cordiali could cto cuando cuanto curious currently customer customers cuánto da
danke dans das dass day days de dealer dear dec december definitely del della dem den dental department dept der des
desde desk details developer di diabetic did die different director disappointed do doctor does doing donde done down
du due dutch each early een ein eine einem einen einer either el ella elle else email emailing en engineer english
enquiring enterprises es especially est esta estate este estoy está et european even evening ever every everyone
everything excited executive existing facebook feb february fed feedback female few fine first flexible follow
following for found founder frage free french freundlichen fri friday from fue fully further für galaxy general german
gern gerne get getting glad gmail gmbh go going good google got graag gracias grazie great greek groeten group gruß
grüße grüßen guest guten guys ha habe haben had hallo happy has hasta have having hay he head hello help helpdesk her
here het hey hi him his hispanic ho hola hope hopefully hoping hour hours house how however i i'd i'll i'm i've ich if
ihr ihre ik il im in inc indian info information inquiring inquiry instagram interesada interesado interessato
interessiert interested into intéressé intéressée invoice ipad iphone irish is issue ist it it's italian its j'ai jan
january japanese je jewish jobs jul july jun june just kann keen kind kindly know korean können la las last late later
latina latino le lead leaving legal les let leur liebe like linkedin little llc lo located logging look looking los
lost love ltd ma madame made mail mailer mais make making male manager many mar march marketing may maybe mañana me
media mein meine merci mes message met mexican mi might mind mit mobile mon monday monsieur month months more morgen
morning most much muchas muslim must muy my myself más möchte nach name ne necesito need needing never new newsletter
next nice nicht night no no-reply nobody noch non none noreply nos nosotros not nothing notification notifications
nous nov november now nueva nuevo number o obrigada obrigado oct october oder of off offer office officer ok okay old
olá on once one only open operations or order other ou our out outlook over own owner où par para partner partners pas
per pero phone più please pleased pls plus por porque possible postmaster pour pourquoi precio pregnant president
price pricing principal problem product production project puede pueden purchasing quand que quería question questions
qui quiero quisiera quite quote re reach reaching ready really recently reception receptionist recruiter regarding
regards reply representative request requesting resources right running russian sa sad said sales saludo saludos
saluti salve same samsung sat saturday saw say scheduled schon se secretary see seeing seeking sehr send senior sent
sep sept september service services ses several shall she shop should si sick sie sin since sincerely sind sir so
sobre solutions some somebody someone something sommes son sono soon sorry soy spanish specialist staff still stranded
struggling stuck studio su subject such suche suis sun sunday super supervisor support supposed sur sure surprised
swedish swiss systems sí tag también tarde tardes team technician technologies technology tel tell tengo than thank
thanks that that's the their them then there these they thing thinking this those though thoughts through thu thur
thurs thursday tiene time tired to today todo todos tomorrow tonight too traveling trying très tu tue tues tuesday
turkish two typing um un una unable und under une unhappy unos uns unsure until up update upset urgent us use using
usted usually van vegan vegetarian very via vice viele vielen visiting vom von voor vorrei vos votre vous waiting wann
want wanted wanting was way we webmaster website wed wednesday week weekend wegen welcome well went were what whatsapp
when where whether which while who whoever whom why wie will wir wird wish with without wondering work working worried
would writing wrong www y ya yahoo yeah year years yes yesterday yet yo you you're your yours yourself zip zu
zufrieden zum zur êtes
kunde kundin stammkunde mitglied neukunde cliente clienta
abraço abs abschied arzt att avec betreff bises bj cel cell cellulare cordialement cordialità cumprimentos
damen distinti donna exmo exmos freundliche freundlicher frau gentile geehrte geehrter grato grata grüsse grüssen
herr herren herzlich herzliche herzlichen herzlichst herzlichste hochachtungsvoll kind liebe lieben lieber
meilleures mob mobil muito obrigado prezado prezados remerciements salutations sehr señor señora sig signora signor
schöne schönen sra telem tous viele vorab caro cara egregio egregia estimado estimada boa bom madam
""")

# Lower-case words that belong to a family name.
PARTICLES = word_set("al bin da das de del della den der di do dos du el ibn la las le los st ten ter van von zu")

US_STATES = {
    "AK": "Alaska", "AL": "Alabama", "AR": "Arkansas", "AZ": "Arizona", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DC": "District of Columbia", "DE": "Delaware", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "IA": "Iowa", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "KS": "Kansas", "KY": "Kentucky",
    "LA": "Louisiana", "MA": "Massachusetts", "MD": "Maryland", "ME": "Maine", "MI": "Michigan", "MN": "Minnesota",
    "MO": "Missouri", "MS": "Mississippi", "MT": "Montana", "NC": "North Carolina", "ND": "North Dakota",
    "NE": "Nebraska", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NV": "Nevada", "NY": "New York",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VA": "Virginia",
    "VT": "Vermont", "WA": "Washington", "WI": "Wisconsin", "WV": "West Virginia", "WY": "Wyoming",
}  # fmt: skip

# Where people say they are from: "this is Ana from Austin" names no company.
PLACES = frozenset(state.lower() for state in US_STATES.values()) | word_set(
    """
across, africa, albuquerque, america, amsterdam, anaheim, antwerp, argentina, arlington, asia, athens, atlanta,
auckland, austin, australia, austria, baltimore, bangalore, barcelona, beijing, belfast, belgium, berlin, bern,
bilbao, birmingham, bogotá, boise, bordeaux, boston, brazil, brisbane, bristol, bronx, brooklyn, brussels, budapest,
buenos aires, buffalo, cairo, calgary, canada, cape town, caracas, cardiff, cedar park, charlotte, chicago, chile,
china, church, cincinnati, cleveland, cologne, colombia, colorado springs, columbus, copenhagen, cork, craigslist,
dallas, delhi, denmark, denver, detroit, deutschland, downtown, dresden, dubai, dublin, düsseldorf, edinburgh, el
paso, england, españa, europe, facebook, finland, fort worth, france, frankfurt, fresno, geneva, germany, glasgow,
google, guadalajara, hamburg, helsinki, holland, home, hong kong, honolulu, houston, india, indianapolis, instagram,
ireland, irvine, istanbul, italy, jacksonville, japan, johannesburg, kansas city, kyiv, köln, lagos, las vegas, leeds,
leipzig, lille, lima, lisbon, liverpool, london, long beach, los angeles, louisville, lyon, madrid, manchester,
manhattan, manila, marseille, melbourne, memphis, mesa, mexico, mexico city, miami, milan, milano, milwaukee,
minneapolis, monterrey, montreal, moscow, mumbai, munich, málaga, méxico, münchen, nairobi, naples, nashville,
netherlands, new delhi, new orleans, new york city, new zealand, next door, nextdoor, nice, norway, nyc, oakland,
oklahoma city, omaha, orlando, oslo, ottawa, paris, perth, peru, philadelphia, philippines, phoenix, pittsburgh,
plano, poland, portland, porto, portugal, prague, queens, raleigh, richmond, roma, rome, rotterdam, round rock,
sacramento, salt lake city, san antonio, san diego, san francisco, san jose, santiago, school, scotland, seattle,
seoul, sevilla, seville, shanghai, singapore, spain, st. louis, stockholm, stuttgart, sweden, switzerland, sydney, são
paulo, tampa, tokyo, toronto, toulouse, tucson, tulsa, turin, u.s., uk, us, usa, utrecht, valencia, vancouver, vienna,
wales, warsaw, wien, work, yelp, zurich, zürich
""",
    ",",
)
