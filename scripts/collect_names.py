"""Writes the first names, last names and common words that the rules know: `python scripts/collect_names.py`.

Names: the person providers of Faker 40.54 (MIT, see `enrichment/extraction/NAMES-LICENSE`), which is needed for this
script alone (`pip install faker==40.54.0`). Common words: those that the training texts of `scripts/judgements` write
small, or in German at all, and that are no rare first names. All are folded and of plain letters.
"""

import gzip
import importlib
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from enrichment.extraction.known import FILE, folded  # noqa: E402
from enrichment.extraction.words import NOT_NAMES  # noqa: E402
from leads.names import NICKNAMES, word_set  # noqa: E402

# Their first names are written in cases, or hold too many words of other languages.
NO_FIRSTS = word_set("is_IS ga_IE uz_UZ zu_ZA fi_FI lt_LT lv_LV et_EE nl_BE az_AZ")
LASTS = word_set(
    "de_AT de_DE de_CH de_LU en_GB en_IE en_IN en_US en_NZ en_PK en_NG es_AR es_CL es_CO es_ES es_MX fr_FR fr_BE fr_CA "
    "fr_CH fr_DZ hr_HR hu_HU it_IT nl_NL pt_BR pt_PT sv_SE no_NO da_DK tr_TR ro_RO vi_VN zh_CN id_ID ig_NG yo_NG tw_GH "
    "ha_NG fi_FI"
)


def main() -> None:
    firsts = {word for word in re.split(r"[|\s]+", NICKNAMES) if re.fullmatch("[a-z]{2,20}", word)}
    lasts: set[str] = set()
    for locale, provider in providers():
        if locale not in NO_FIRSTS:
            firsts.update(listed(provider, "first", 2))
        if locale in LASTS:
            lasts.update(listed(provider, "last", 3))
    words = common_words(firsts)
    lines = "\n".join(" ".join(sorted(each)) for each in (firsts, lasts, words)) + "\n"
    with gzip.GzipFile(FILE, "wb", 9, mtime=0) as file:
        file.write(lines.encode())
    print(f"{len(firsts)} first names, {len(lasts)} last names, {len(words)} words: {FILE.stat().st_size:,} bytes")


def providers() -> Iterator[tuple[str, type]]:
    package = importlib.import_module("faker.providers.person")
    for module in pkgutil.iter_modules(package.__path__):
        if "_" in module.name:
            yield module.name, importlib.import_module(f"faker.providers.person.{module.name}").Provider


def listed(provider: type, which: str, shortest: int) -> Iterator[str]:
    """The words of the provider's lists of first or last names."""
    for name in dir(provider):
        if name.startswith("__") or which not in name or "format" in name:
            continue
        if not isinstance(held := getattr(provider, name), list | tuple | dict):
            continue
        for words in (each for each in held if isinstance(each, str) and "{" not in each):
            for word in folded(words).replace("-", " ").split():
                if re.fullmatch("[a-z']+", word) and shortest <= len(word) <= 20:
                    yield word


def common_words(firsts: set[str]) -> set[str]:
    count: Counter[str] = Counter()
    for path in (HOME / "scripts" / "judgements").glob("*.txt"):
        for line in path.read_text().splitlines():
            language, _, _, text = line.split("\t")
            found = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.replace("\\n", " "))
            count.update({folded(word) for word in found if word[0].islower() or language == "de"})
    seen = {word for word, times in count.items() if len(word) > 1 and (times >= 3 or word not in firsts)}
    return {word for word in seen | {folded(word) for word in NOT_NAMES} if re.fullmatch("[a-z']+", word)}


if __name__ == "__main__":
    main()
