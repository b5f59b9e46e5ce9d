"""Names as they are compared: without case, accents, titles and legal forms; nicknames known. Pure: no Django."""

import re
import unicodedata
from functools import lru_cache

import jellyfish


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = word_set(
    "mr mrs ms miss mx dr prof sir madam herr frau sr sra srta don dona mme mlle jr sen ii iii pan pani sig sigra "
    "signor signora dott dottssa ing ingeniero lic doktor shri smt"
)
LEGAL_FORMS = word_set(
    "inc incorporated llc llp lp ltd limited co corp corporation company plc gmbh ag kg ohg ug mbh sa sas sarl srl spa "
    "bv nv oy ab as aps pty pte the"
)
# Parted by bars: one name and what it is called by; any two of a group may be the same person.
NICKNAMES = """
abigail abby | alexander alex sasha alejandro | alexandra alex sandra | andrew andy drew andreas
anthony tony antonio tono | barbara barb | benjamin ben benny | catherine katherine kathryn cathy kathy kate katie
charles charlie chuck carlos | christina tina chris | christine christl christel chris tina | christopher chris
cynthia cindy | daniel dan danny | david dave | deborah deb debbie debra | donald don donnie | dorothy dot dottie
edward ed eddie ted eduardo | elizabeth liz lizzie beth betty eliza | emily em | eugene gene | francis frank
francisco paco pancho frank | frederick fred freddie | gabriel gabe | gabriela gaby | gerald gerry jerry
gregory greg | guadalupe lupe lupita | harold hal harry | henry hank harry | isabella bella isabel | jacob jake
james jim jimmy jamie | jason jay | jeffrey jeff geoffrey | jennifer jen jenny | jessica jess jessie | jesus chuy
johann hans | john johnny jack jon | jonathan jon | jose pepe | joseph joe joey | joshua josh | juan johnny
judith judy | kenneth ken kenny | kimberly kim | lawrence larry | leonard leo len | leticia lety | louis lou luis
margaret maggie meg peggy marge | maria mary | matthew matt | maximilian max | melissa mel
michael mike mick miguel mitch | michelle shelly | nathaniel nate nathan | nicholas nick nicolas | nicole nikki
pamela pam | patricia pat patty trish | patrick pat | peter pete pedro | philip phil phillip | rachel rach
raymond ray | rebecca becky becca | richard rick dick rich | robert rob bob bobby bert roberto | ronald ron ronnie
rosario chayo | roy leroy | russell russ | samantha sam | samuel sam sammy | sandra sandy | sebastian seb
sophia sophie | stephanie steph | stephen steve steven esteban | susan sue susie susi suzanne susanne | tamara tammy
teresa theresa terry tess | theodore ted theo | thomas tom tommy | timothy tim | valerie val | veronica ronnie
victor vic | victoria vicky vic tori | vincent vince vinny | virginia ginny | walter walt
william bill billy will liam wilhelm guillermo | zachary zach zack | adalbert bela | agnieszka aga
aleksandra ola sasha | aleksandr oleksandr alexander sasha sascha alex | alessandro sandro ale
anastasia nastya stacy | andrzej jedrek | anna ania anya anka anita hanka | antonella anto | barbara basia
beatrice bea | bozena bozenka | concetta titti | dmitri dmitry dmytro dima mitya | dolores lola | dorota dorotka
ekaterina kateryna katya katja | elena olena lena jelena helena | elzbieta ela | eva evka | evgeny yevhen jenya zhenya
fernanda fer nanda | fernando fer nando | francesco franco ciccio | franziska franzi | frantisek franta
friedrich fritz | giovanni gianni vanni | giuseppe beppe pino peppe | gretchen margarete greta | gunther gunter
hannelore hanne | ignacio nacho | ivan vanya vania | jan honza janek hans | jiri jirka | joaquin quino
johannes hannes hans jo | josef pepa sepp jupp | jozef jozek | juana juanita | karl kalle charly | karl heinz kalle
katarzyna kasia kaska | katerina katka kacka | katharina kathi kati kathe | krzysztof krzysiek | ludmila lida luda
luigi gigi | magdalena magda leni lena | malgorzata gosia | manjunath manju | marek mareczek | maria mariya masha
mariana mari | martina marti | mehmet memo mohammed | michal michael misa | mikhail mykhailo misha michael
mohammed muhammad mohamed mehmet mo | monica moni | mustafa mousa | nadezhda nadia | natalia nataliya natalya natasha
nikolai mykola kolya nicolas | olga olha olya | pavel pavlo pasha paul | petr petra peter petya | piotr piotrek peter
rosa rosi rosita | salvatore toto turi | sergei serhii sergiy sergey serhij sergio seryozha serozha
stanislaw staszek | svetlana sveta | tatiana tetiana tanya tania | tomasz tomek thomas | ursula uschi ulla
valentina vale | valeria vale | vladimir volodymyr vova volodya | wojciech wojtek | wolfgang wolf | xaver xaverl
yulia julia yuliya iuliia yuliia | zaneta zanetka
alasdair alistair al | albert al bert bertie | alberto beto berto | alessandra ale sandra | alejandra ale sandra
alfonso poncho fonso | alfred alf alfie fred fredi | alfredo fredo | alzbeta betka bara eliska | antonin tonda
antonio tonino nino tonio | antoni antek | augustin gus | gustavo gus tavo | bartholomew bart | bartlomiej bartek
bernard bernie | bernhard bernd | bohuslav bohous | boleslaw bolek | bridget biddy bridie | carmen carmela menchu
caroline carrie caro lina | carolina caro | cecilia ceci cilla | celia ceci | charlotte charlie lottie lotte
christian chris | concepcion concha conchita | consuelo chelo | cornelia conny nele | cristina cris tina
darya daria dasha | deepak deepu | djamel jamal gamal djamal | domenico mimmo nico | dominic dom nick
dominik domi | eduard edi | eduardo lalo edu | eleanor ellie nell nora | elena lenka | emilia emmi | emma em
enrico rico chicco | enrique quique kike | ernesto neto | eugenia zhenya | eugenio geno | eva evi
federico fede | felipe pipe | ferdinand ferdi | filippo pippo | florence flo | florian flo | frederic fred
gennady gena | genevieve gen viv | georg schorsch jorg | george georgie yuri jorge | gertrud trudi traudl
giacomo mino | gianluca luca | giorgio gio | gonzalo chalo | grzegorz grzesiek | hans jurgen hansi
harriet hattie harry | helen nell ellen | helena hela lena | hector tito | heinrich heinz heini | helmut helmi
hermann manni | hipolito polo | hubert hubi | ilya ilja | irina ira | isabel isa chabela | ivana iva
jack john | jadwiga jadzia | jakub kuba | jana janicka | jaroslav jarda | jaroslaw jarek | jerzy jurek
jesus chucho | joanna asia joasia | joachim jochen achim | jorge coco | jose maria chema | josefina pepita fina
josephine jo josie | juan juancho juanito | juergen jurgen | justyna justa | karoline caro | karolina karola
kateryna katia katya | kazimierz kazik | kerstin kersti | klaus nicolas nikolaus | konstantin kostya kostas
kristina kris tina | ladislav lada | layla leila laila leyla | leszek lech | lidia lida | lorenzo enzo renzo
lucia lucie lucy chia | luciana lucy | luis lucho guicho | lukas luki | luca luka | madeleine maddie maddy
manuel manolo manu lolo | manuela manu | marcin marcinek | marcela chela | margarita rita marga mago
maria isabel maribel marisa | maria jose majo | maria teresa maite | mario mayito | marta martusia
mary molly polly mae | maryam mariam meryem miriam | matilda tilly | matthias matze hias | mateusz mati
mauricio mau | miroslav mirek | miroslaw mirek | mohamed hamada | nicola nico | natalia nati talia
oksana ksenia xenia ksyusha | oleksii oleksiy aleksei alexei alexey lyosha alyosha losha | omar omer
pascal paco | patricio pato | patrizia patty | petronela nela | philippa pippa | pilar pili
polina polya | rafael rafa | raffaele lello raf | ramon moncho | ramona mona | raquel raque | regina gina
reinhard reini | renata renia | ricardo richi ricky | riccardo ricky | rita margherita | roberta robi
rodolfo fito rudi rodo | rodrigo rodri | rolf rudolf rudi | roman roma | rosemary rosie romy | ryszard rysiek
santiago santi yago chago | sanjay sanju | sara sally sarah | sebastian basti wastl | sebastiano seba
sergey serge | sigrid siri sigi | siegfried sigi | silvia sylvia silvi | simon si simmi | slavomir slavek
sofia sonia sophie | soledad sole chole | stanislav standa slava stas | stefan steffen steve stefek
stefania stefi fania | stefano ste | susana susi | suleyman sulo | tadeusz tadek | teresa tere maite
theodor theo | thierry titi | tomas tommy tom | ulrich uli ulli | ulrike uli ulli rike | urszula ula
vaclav vasek vena | valentin vale | vasily vasyl vasya | veronica vero | veronika vera nika | viktor vitya vik
viktoria vika | vincenzo enzo | vincente chente | vicente chente | viviana vivi | vyacheslav slava
waldemar waldek | waltraud traudl | wilhelm willi willy | winifred win winnie freddie | wladyslaw wladek
xavier xavi javi | javier javi | ximena xime | yaroslav slava | yevgenia evgenia zhenya | yolanda yoli
yusuf yousef youssef joseph | zbigniew zbyszek | zdenek zdena | zeynep zeyno zeyn | zofia zosia sophia
abdullah abdallah | ahmed ahmad ahmet | ali aly | aisha ayesha aicha | fatima fatma fatemeh | hassan hasan
hussein husayn hosein | ibrahim abraham ibo | ismail ismael | khaled khalid halit | mahmoud mahmut mahmood
mustafa musti | nasser naser | omar umar omer | osman othman usman | said saeed sayed | tariq tarek
tarik tariq | yasmin yasmine jasmin jasmine | zainab zeinab zeynep | aditya adi | arjun arju | krishnan kris
lakshmi laxmi | pooja puja | priyanka priya | rajesh raj raju | rakesh rocky | sanjeev sanju | sunil sunny
suresh suri | venkatesh venkat venky | vijay viju | jayashree jaya | shreya shree | subramaniam subbu mani
"""
# Letters that are no Latin letter with an accent: as they are written where they are not at hand.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss", "ħ": "h"}
    | dict(zip("абвгґдезиіклмнопрстуфцыэћђљњјџ", "abvggdeziiklmnoprstufcyecdlnjd", strict=True))
    | {
        "ж": "zh",
        "ц": "ts",
        "х": "kh",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ъ": "",
        "ь": "",
        "ю": "yu",
        "я": "ya",
        "є": "ye",
    }
    | dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps"}
)
_GROUPS = [word_set(line) for line in NICKNAMES.replace("\n", "|").split("|") if line.strip()]
_GROUPS_OF = {
    name: frozenset(place for place, group in enumerate(_GROUPS) if name in group)
    for name in frozenset().union(*_GROUPS)
}
_NONE: frozenset[int] = frozenset()
_SPELLINGS = (
    ("schtsch", "sh"), ("shch", "sh"), ("tsch", "ch"), ("sch", "sh"), ("zh", "z"), ("gh", "g"), ("j", "i"),
    ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("kh", "h"), ("ou", "u"), ("y", "i"),
    ("ij", "i"), ("iy", "i"), ("tz", "z"), ("cz", "ch"), ("sz", "sh"), ("w", "v"), ("x", "ks"),
)  # fmt: skip
_ROUGH = (
    ("ch", "h"), ("sh", "s"), ("dj", "h"), ("dz", "s"), ("ts", "s"), ("z", "s"), ("ce", "se"), ("ci", "si"), ("c", "k"),
    ("q", "k"), ("g", "h"), ("ie", "e"), ("ei", "e"), ("ai", "e"), ("i", "e"), ("o", "u"), ("dh", "d"),
)  # fmt: skip
# What pet names end in: "zeyno", "bartek", "anita".
_PET_ENDINGS = (
    "chen", "lein", "inha", "inho", "ette", "cita", "cito", "ita", "ito", "ina", "ino", "sia", "cia", "zia", "ush",
    "ek", "ik", "ka", "ko", "ie", "ey", "li", "le", "el", "ya", "a", "e", "i", "o", "u", "y",
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")
_RUN_TOGETHER = re.compile(r"([^\W\d_]*[^\W\d_A-Z]{3})([A-ZÀ-ÞА-Я][^\W\d_A-Z]{2,})")
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Lower case, without accents and punctuation, single spaces: "O’Brien-Müller" is "obrien muller"."""
    if text.isascii():
        return " ".join(_WORD.findall(text.lower().replace("'", "")))
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in parts if not unicodedata.combining(char)).translate(_LETTERS)
    return " ".join(_WORD.findall(plain.replace("'", "").replace("’", "")))


def folded_name(text: str) -> str:
    """A first or last name without titles."""
    return " ".join(word for word in fold(text).split() if word not in TITLES)


def folded_company(text: str) -> str:
    """A company's name without its legal form; if nothing else is left, as it is."""
    words = fold(text).split()
    return " ".join(word for word in words if word not in LEGAL_FORMS) or " ".join(words)


@lru_cache(maxsize=50_000)
def spelled(folded: str) -> str:
    """One spelling for those that a name is written in: "mueller" and "muller", "philipp" and "filip"."""
    for written, plain in _SPELLINGS:
        folded = folded.replace(written, plain)
    return _DOUBLED.sub(r"\1", folded)


@lru_cache(maxsize=50_000)
def roughly(folded: str) -> str:
    """What is left of a name whichever alphabet and country it came through: "zhuravova" and "schurawowa", "el masry"
    and "almasri", "galina" and "halyna". Names that differ may be the same roughly."""
    plain = spelled(folded.replace(" ", ""))
    if len(plain) >= 6 and plain[:2] in ("al", "el", "ul"):
        plain = plain[2:]
    for written, rough in _ROUGH:
        plain = plain.replace(written, rough)
    return _DOUBLED.sub(r"\1", plain)


@lru_cache(maxsize=50_000)
def sound(folded: str) -> str:
    """A code that names of like sound share; empty for no name."""
    return jellyfish.metaphone(spelled(folded))[:6]


def is_nickname(one: str, other: str) -> bool:
    """Whether two folded first names may call the same person: "bill" and "william"."""
    return not _GROUPS_OF.get(one, _NONE).isdisjoint(_GROUPS_OF.get(other, _NONE))


def is_pet_form(shortest: str, longest: str) -> bool:
    """Whether the shorter folded name is the beginning of the longer with an ending that pet names have: "tomek" of
    "tomasz". Not so "carla" and "carlos", two names with one stem."""
    for ending in _PET_ENDINGS:
        stem = shortest.removesuffix(ending)
        if len(stem) >= 3 and stem != shortest and longest.startswith(stem):
            return len(longest) - len(stem) >= (3 if longest[-1] in "aeioslu" else 2)
    return False


def torn(name: str) -> tuple[str, str]:
    """First and last name that were run together: "JohnElliott", but not "McDonald" and "LaToya"."""
    found = _RUN_TOGETHER.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def split_name(full: str) -> tuple[str, str]:
    """First and last name of a name written in one: "Jones, Carmen", "Dr. Charles B. Singhal"."""
    from nameparser import HumanName  # late: reading its word lists takes time

    name = HumanName(full)
    first, last = " ".join(filter(None, (name.first, name.middle))), name.last
    return (last, "") if last and not first and not name.title else (first, last)
