"""Names and companies at the end of messages."""

import pytest

from enrichment.tests.extraction_cases import found

NAMES = ("first_name", "last_name", "company")


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("Can you send a tow? Keisha 5125550119", "US", {"first_name": "Keisha"}),
        ("Speaking about hiring would be great. There will be tacos. Rosemary Kim", "US", ("Rosemary", "Kim", "")),
        ("Our dashboard is down.\n\nDeb Rutkowski\nGulfway Packaging", "US", ("Deb", "Rutkowski", "Gulfway Packaging")),
        ("My face is swollen.\n\nRachel Stern 512-555-0107", "US", ("Rachel", "Stern", "")),
        (
            "Could I get a shot tomorrow?\n\nxx Bree Hathaway\n512 555 0157\n\nSent from my iPhone",
            "US",
            ("Bree", "Hathaway", ""),
        ),
        ("What would it cost?\n\nRenee (512.555.0136, text is better)", "US", {"first_name": "Renee"}),
        ("who can come 512-555-0137 Cesar", "US", {"first_name": "Cesar"}),
        ("Wir kommen im Mai.\n\nHerzlichst\nHeidrun und Wolfgang Petersen", "DE", ("Heidrun", "Petersen", "")),
        ("habt ihr samstag was frei?\nlg timo", "DE", {"first_name": "Timo"}),
        ("Hallo hier ist Jana Kühn, ich war beim Filler", "DE", ("Jana", "Kühn", "")),
        ("Attendiamo.\n\nDistinti saluti\nrag. Osvaldo Zanardelli", "IT", ("Osvaldo", "Zanardelli", "")),
        ("Bonsoir, Nathalie Peeters, j'ai eu ma séance chez vous.", "FR", ("Nathalie", "Peeters", "")),
        ("Walk-in: Mr Harold Beecham, upset about the headliner.", "US", ("Harold", "Beecham", "")),
        # No names: a place, a company, a greeting, a sentence.
        ("We are looking for a roofer.\n\nSan Antonio\nTX 78205", "US", {}),
        ("We need a quote.\n\nBright Dental\n512 555 0157", "US", {"company": "Bright Dental"}),
        ("Sehr geehrte Frau Lenz,\nwas kostet das?", "DE", {}),
        ("Is it possible? Thanks", "US", {}),
    ],
)
def test_who_signs(text, region, expected):
    if isinstance(expected, tuple):
        expected = {field: value for field, value in zip(NAMES, expected, strict=True) if value}
    values = found(text, *NAMES, region=region)
    assert values == expected


@pytest.mark.parametrize(
    "text",
    [
        "His coach, Mr. Bell (512-555-0106), knows his schedule.",
        "El móvil de mi marido es 512 555 0106 pero escribidme a mí.",
        "Pour la technique voyez mon collègue (512 555 0106).",
    ],
)
def test_somebody_elses_number_is_not_the_senders(text):
    assert found(text, "phone") == {}


def test_the_direct_number_wins():
    assert found("Dolores\n830-555-0160 (front desk), 830-555-0161 (me)", "phone") == {"phone": "+18305550161"}
