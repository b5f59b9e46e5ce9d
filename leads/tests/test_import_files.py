import io

import pytest

from leads.import_columns import looks_like_header, proposed
from leads.import_files import Format, found_format, rows

GERMAN = "Vorname;Nachname;E-Mail;Telefon\nJürgen;Müller;jm@example.de;030 1234567\nGünther;Groß;gg@example.de;\n"
FRENCH = "Prénom,Nom,Courriel,Remarque\nRené,Lefèvre,rl@example.fr,Ça presse déjà\nÉlodie,Noël,en@example.fr,\n"
POLISH = "Imię;Nazwisko;Telefon\nŁukasz;Wąchocki;+48 22 123 45 67\nŻaneta;Śliwińska;\nJędrzej;Późniak;\n"
SIX = "first_name,last_name,email,phone,company,message"
RUSSIAN = (
    "Имя;Фамилия;Сообщение\nАнна;Петрова;Хочу узнать цену на замену тормозных колодок\nИван;Сидоров;Позвоните мне\n"
)


@pytest.mark.parametrize(
    ("text", "encoding", "separator"),
    [
        ("name,email\nAna,ana@example.com\n", "utf-8-sig", ","),
        (GERMAN, "utf-8-sig", ";"),
        (GERMAN, "cp1252", ";"),
        (GERMAN, "utf-16", ";"),
        (GERMAN, "utf-16-le", ";"),
        (GERMAN, "utf-16-be", ";"),
        (FRENCH, "cp1252", ","),
        (POLISH, "cp1250", ";"),
        (RUSSIAN, "cp1251", ";"),
        ("a\tb\nx, y; z\t2\n", "utf-8-sig", "\t"),
        ("a|b\n1|2\n", "utf-8-sig", "|"),
        ("name;note\nAna;a, b, c\nBo;d, e\n", "utf-8-sig", ";"),
        ("sep=;\na;b\n1;2\n", "utf-8-sig", ";"),
        ("one column\nx\n", "utf-8-sig", ","),
    ],
)
def test_encoding_and_separator_are_found(text, encoding, separator):
    assert found_format(io.BytesIO(text.encode(encoding))) == Format(encoding, separator)


def test_an_umlaut_at_the_end_of_a_long_file_is_seen():
    text = "a,b\n" + "x,y\n" * 100_000 + "ü,y\n"
    assert found_format(io.BytesIO(text.encode())).encoding == "utf-8-sig"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_rows_have_line_breaks_quotes_and_uneven_lengths(encoding):
    text = 'a,b\r\n"one\r\ntwo","say ""hü"""\r\n\r\nshort\r\n1,2,3\r\n'
    found = list(rows(io.BytesIO(text.encode(encoding)), Format(encoding, ",")))
    assert found == [["a", "b"], ["one\r\ntwo", 'say "hü"'], ["short"], ["1", "2", "3"]]


def test_excels_hint_is_no_row():
    assert list(rows(io.BytesIO(b"sep=;\r\na;b\r\n"), Format("utf-8-sig", ";"))) == [["a", "b"]]


def test_what_the_encoding_does_not_know_is_marked_and_loses_nothing_else():
    assert list(rows(io.BytesIO(b"a,b\xff,c\n"), Format("utf-8-sig", ","))) == [["a", "b\ufffd", "c"]]


@pytest.mark.parametrize(
    ("headers", "keys"),
    [
        ("First Name,Last Name,E-mail,Phone,Company,Notes", SIX),
        ("Vorname,Nachname,E-Mail-Adresse,Handy,Firma,Bemerkung", SIX),
        ("Prénom,Nom,Courriel,Téléphone,Société,Remarques", SIX),
        ("Nombre,Apellidos,Correo electrónico,Móvil,Empresa,Mensaje", SIX),
        ("Nome,Cognome,Posta elettronica,Cellulare,Azienda,Richiesta", SIX),
        ("Voornaam,Achternaam,E-mailadres,Telefoon,Bedrijf,Opmerking", SIX),
        ("Imię,Nazwisko,Adres e-mail,Numer telefonu,Firma,Uwagi", SIX),
        ("Name,EMAIL_ADDRESS,Number,Message", "name,email,,message"),
        ("First name,Name,Mail,Mail", "first_name,last_name,email,"),
        ("Question,Comments,Vehicle,Fleet size", "message,message,vehicle,fleet_size"),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names(headers, keys):
    own = {"fleet_size": "Fleet size", "vehicle": "Vehicle"}
    assert proposed(headers.split(","), [], others=own) == keys.split(",")


def test_columns_without_names_are_known_by_what_is_in_them():
    sample = [
        ["17", "ana@example.com", "+1 512 555 0142", "1000000", "2026-11-28"],
        ["18", "", "(512) 555-0143", "2000000", ""],
    ]
    assert proposed(["A", "B", "C", "D", "E"], sample, others={}) == ["", "email", "phone", "", ""]


@pytest.mark.parametrize(
    ("row", "is_header"),
    [
        (["Name", "Email"], True),
        (["Ana", "ana@example.com"], False),
        (["Spalte eins", "Spalte zwei"], True),
        (["Ana", "512 555 0142"], False),
        (["Phone 1", "Name"], True),
    ],
)
def test_a_row_of_names_is_told_from_a_contact(row, is_header):
    assert looks_like_header(row, others={}) is is_header
