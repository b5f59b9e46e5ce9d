import pytest

from leads.highlighting import Hidden, Piece, Span, pieces, visible


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("", [], []),
        ("no facts", [], [Piece("no facts")]),
        ("call 555 now", [Span("phone", 5, 8)], [Piece("call "), Piece("555", ("phone",)), Piece(" now")]),
        ("all", [Span("place", 0, 3)], [Piece("all", ("place",))]),
        # Overlapping and equal spans: every piece knows all the fields it stands behind.
        (
            "abcdef",
            [Span("a", 0, 4), Span("b", 2, 6), Span("c", 2, 4)],
            [Piece("ab", ("a",)), Piece("cd", ("a", "b", "c")), Piece("ef", ("b",))],
        ),
        ("twice", [Span("a", 0, 5), Span("a", 0, 5)], [Piece("twice", ("a",))]),
        # Spans that don't fit the text are left out rather than trusted.
        ("short", [Span("a", 2, 99), Span("b", 3, 3), Span("c", 4, 2), Span("d", -1, 2)], [Piece("short")]),
        ("🚗 Civic", [Span("vehicle", 2, 7)], [Piece("🚗 "), Piece("Civic", ("vehicle",))]),
    ],
)
def test_pieces(text, spans, expected):
    found = pieces(text, spans)
    assert found == expected
    assert "".join(piece.text for piece in found) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\n\ttext — é 🚗", ["plain\n\ttext — é 🚗"]),
        ("a\u200bb", ["a", Hidden("ZWSP", "Invisible: zero width space U+200B"), "b"]),
        ("\u202eevil", [Hidden("RLO", "Invisible: right-to-left override U+202E"), "evil"]),
        ("\U000e0041", [Hidden("tag A", "Invisible tag character U+E0041")]),
        ("\x07", [Hidden("U+0007", "Invisible: control character U+0007")]),
        ("x\u3164", ["x", Hidden("U+3164", "Invisible: hangul filler U+3164")]),
        ("", []),
    ],
)
def test_visible(text, expected):
    assert list(visible(text)) == expected
