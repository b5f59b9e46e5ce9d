"""Names as they are compared: without case, accents, titles and legal forms; nicknames known. Pure: no Django."""

import re
import unicodedata
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = word_set("mr mrs ms miss mx dr prof sir madam herr frau sr sra srta don dona mme mlle jr sen ii iii")
LEGAL_FORMS = word_set(
    "inc incorporated llc llp lp ltd limited co corp corporation company plc gmbh ag kg ohg ug mbh sa sas sarl srl spa "
    "bv nv oy ab as aps pty pte the"
)
# Each line: one name and what it is called by; any two of a line may be the same person.
NICKNAMES = """
abigail abby | alexander alex sasha alejandro | alexandra alex sandra | andrew andy drew andreas | anthony tony antonio
barbara barb | benjamin ben benny | catherine katherine kathryn cathy kathy kate katie | charles charlie chuck carlos
christina tina chris | christine chris tina | christopher chris | cynthia cindy | daniel dan danny | david dave
deborah deb debbie debra | donald don donnie | dorothy dot dottie | edward ed eddie ted eduardo
elizabeth liz lizzie beth betty eliza | emily em | eugene gene | francis frank | francisco paco pancho frank
frederick fred freddie | gabriel gabe | gabriela gaby | gerald gerry jerry | gregory greg | guadalupe lupe
harold hal harry | henry hank harry | isabella bella isabel | jacob jake | james jim jimmy jamie | jason jay
jeffrey jeff geoffrey | jennifer jen jenny | jessica jess jessie | jesus chuy | johann hans | john johnny jack jon
jonathan jon | jose pepe | joseph joe joey | joshua josh | juan johnny | judith judy | kenneth ken kenny
kimberly kim | lawrence larry | leonard leo len | leticia lety | louis lou luis | margaret maggie meg peggy marge
maria mary | matthew matt | maximilian max | melissa mel | michael mike mick miguel mitch | michelle shelly
nathaniel nate nathan | nicholas nick nicolas | nicole nikki | pamela pam | patricia pat patty trish | patrick pat
peter pete pedro | philip phil phillip | rachel rach | raymond ray | rebecca becky becca | richard rick dick rich
robert rob bob bobby bert roberto | ronald ron ronnie | rosario chayo | roy leroy | russell russ | samantha sam
samuel sam sammy | sandra sandy | sebastian seb | sophia sophie | stephanie steph | stephen steve steven esteban
susan sue susie suzanne | tamara tammy | teresa theresa terry tess | theodore ted theo | thomas tom tommy
timothy tim | valerie val | veronica ronnie | victor vic | victoria vicky vic tori | vincent vince vinny
virginia ginny
walter walt | william bill billy will liam wilhelm guillermo | zachary zach zack
"""
_GROUPS = [word_set(line) for line in NICKNAMES.replace("\n", "|").split("|") if line.strip()]
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Lower case, without accents and punctuation, single spaces: "O’Brien-Müller" is "obrien muller"."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(_WORD.findall(plain.replace("'", "").replace("’", "").replace("ß", "ss")))


def folded_name(text: str) -> str:
    """A first or last name without titles."""
    return " ".join(word for word in fold(text).split() if word not in TITLES)


def folded_company(text: str) -> str:
    """A company's name without its legal form; if nothing else is left, as it is."""
    words = fold(text).split()
    return " ".join(word for word in words if word not in LEGAL_FORMS) or " ".join(words)


@lru_cache(maxsize=20_000)
def is_nickname(one: str, other: str) -> bool:
    """Whether two folded first names may call the same person: "bill" and "william"."""
    return any(one in group and other in group for group in _GROUPS)
