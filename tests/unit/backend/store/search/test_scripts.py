"""What people type is found in every script, and what it is not is not."""
# ruff: noqa: RUF001 letters that look like others are what this is about

from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest

from backend.store.database import Database
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.search.hits import Hit, Kind
from backend.store.search.search import SearchStore

SAME: Final[dict[str, tuple[str, ...]]] = {
    # Each of a row is typed, and each is what stands in the text.
    "russian": ("ёлка", "елка", "ЁЛКА"),
    "russian-all": ("всё", "все"),
    "ukrainian-apostrophe": ("м\u02bcята", "м’ята", "м'ята"),
    "arabic-hamza": ("أحمد", "احمد"),
    "arabic-below": ("إسلام", "اسلام"),
    "arabic-marks": ("كِتَابٌ", "كتاب"),
    "arabic-doubled": ("مُحَمَّدٌ", "محمد"),
    "arabic-end": ("مدرسة", "مدرسه"),
    "arabic-long": ("مـــرحبا", "مرحبا"),
    "persian": ("کتابی", "كتابي"),
    "hebrew-points": ("שָׁלוֹם", "שלום"),
    "greek": ("άνθρωπος", "ανθρωπος", "ΆΝΘΡΩΠΟΣ"),
    "greek-end": ("Σίσυφος", "σισυφος", "ΣΙΣΥΦΟΣ"),
    "vietnamese": ("đường", "duong", "ĐƯỜNG"),
    "vietnamese-town": ("Đà Nẵng", "da nang"),
    "turkish": ("Iğdır", "igdir", "ığdır"),
    "turkish-dot": ("İstanbul", "istanbul", "ISTANBUL"),
    "turkish-inner": ("diyarbakır", "diyarbakir"),
    "polish": ("Łódź", "lodz", "łódź"),
    "danish": ("smørrebrød", "smorrebrod"),
    "icelandic": ("æðar", "aedar"),
    "french": ("œuvre", "oeuvre", "ŒUVRE"),
    "german": ("Straße", "strasse", "STRASSE"),
    "german-umlaut": ("Größe", "grosse", "gro\u0308ße"),
    "czech": ("příliš", "prilis"),
    "nfd": ("a\u0308o\u0308", "äö", "ao"),
    "full-width": ("ＡＢＣ１２３", "abc123"),
    "half-width": ("ｶﾀｶﾅ", "カタカナ"),
    "half-width-voice": ("ｶﾞｯﾂ", "ガッツ"),
    "korean-nfd": ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    "subscript": ("CO₂", "co2"),
    "subscript-water": ("H₂O", "h2o"),
    "superscript": ("x²", "x2"),
    "ligature": ("ofﬁce", "office"),
    "ligature-ffl": ("baﬄe", "baffle"),
    "soft-hyphen": ("soft\u00adhyphen", "softhyphen"),
    "zero-width": ("zero\u200bwidth", "zerowidth"),
    "byte-order": ("mark\ufeffed", "marked"),
    "joiner": ("می\u200cخواهم", "میخواهم"),
    "digits-arabic": ("٢٠٢٦", "2026"),
    "digits-hindi": ("२०२६", "2026"),
    "digits-thai": ("๒๐๒๖", "2026"),
    "kelvin": ("\u212a2", "k2"),
    "roman": ("Ⅷ", "viii"),
    "circled": ("①", "1"),
    "dutch": ("ĳsland", "ijsland"),
    "maltese": ("Ħamrun", "hamrun"),
}
WHOLE: Final[dict[str, tuple[str, ...]]] = {
    # Words that are found as they are, with everything that belongs to them.
    "hindi": ("भाषा", "पानी", "किताब", "हिन्दी", "की", "में"),
    "bengali": ("ভাষা", "পানি", "কি", "বাংলা"),
    "gujarati": ("ભાષા", "પાણી", "કે"),
    "punjabi": ("ਭਾਸ਼ਾ", "ਪਾਣੀ", "ਕੀ"),
    "marathi": ("भाषा", "पुस्तक", "ही"),
    "tamil": ("மொழி", "நீர்", "ஒரு"),
    "telugu": ("భాష", "నీరు", "ఒక"),
    "kannada": ("ಭಾಷೆ", "ನೀರು"),
    "malayalam": ("ഭാഷ", "വെള്ളം"),
    "sinhala": ("භාෂාව", "ජලය"),
    "amharic": ("ቋንቋ", "ውሃ"),
    "armenian": ("լեզու", "ջուր"),
    "georgian": ("ენა", "წყალი"),
    "tibetan": ("སྐད", "ཆུ"),
    "korean": ("언어", "물"),
    "urdu": ("زبان", "پانی"),
    "signs": ("C#", "C++", "F#", "R&D", "I/O", "$5", "€20", "🎉", "👍🏽", "🇩🇪", "→"),
    "letters": ("R", "x", "7"),
    "technical": ("a@b.example", "v1.2.3", "snake_case", "src/main.py", "3.14"),
}
PART: Final = {
    # Scripts without spaces: any part is found.
    "thai": ("ภาษาไทยไม่มีช่องว่าง", ("ไทย", "ภาษา", "ไม่มี", "ว่าง", "ไม่")),
    "lao": ("ພາສາລາວບໍ່ມີຊ່ອງຫວ່າງ", ("ລາວ", "ພາສາ", "ບໍ່ມີ")),
    "khmer": ("ភាសាខ្មែរគ្មានចន្លោះ", ("ខ្មែរ", "ភាសា", "គ្មាន")),
    "burmese": ("မြန်မာဘာသာစကားမှာ", ("မြန်မာ", "ဘာသာ", "စကား")),
    "chinese": ("我住在北京市中心", ("北京", "京", "市中心", "我住在")),
    "japanese": ("東京タワーはとても高い", ("タワー", "とても", "東京", "高い", "ﾀﾜｰ")),
    "mixed": ("日本語とEnglishの文", ("english", "日本語", "の文", "engl")),
    "korean": ("서울은 큰 도시이다", ("서울", "도시", "서울 도시")),
}
MISSES: Final = [
    ("भाषा", "भूषि"),
    ("पानी", "पुनू"),
    ("C++ is old", "C#"),
    ("C is old", "C++"),
    ("five dollars, $50", "€5"),
    ("it is abc#", "c#"),
    ("100 of them", "100 %"),
    ("мой дом", "мои дом"),
    ("ภาษา", "ภาพ"),
    ("北 in the 市", "北市"),
    ("only words", "🎉"),
    ("party 🎉", "🎂"),
    ("office", "of fice"),
    ("rare", "r"),
    ("fire and ice", "fire 🎉"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(tmp_path_factory.mktemp("scripts") / "hearth.db")
    yield opened
    opened.close()


def found(database: Database, text: str, query: str) -> Hit | None:
    """Store a text, search, and forget it; return the hit."""
    notes, search = NoteStore(database), SearchStore(database)
    note = notes.create(body=text)
    try:
        hits = search.search(query, kinds=[Kind.NOTE], limit=50)
    finally:
        notes.delete(note.id)
    return next((hit for hit in hits if hit.id == note.id), None)


def marked(hit: Hit) -> list[str]:
    return [piece.text for piece in hit.snippet if piece.marked]


PAIRS = [
    pytest.param(text, typed, id=f"{name}-{i}-{j}")
    for name, words in SAME.items()
    for (i, text), (j, typed) in product(enumerate(words), enumerate(words))
]
WORDS = [
    pytest.param(word, id=f"{name}-{i}")
    for name, words in WHOLE.items()
    for i, word in enumerate(words)
]
PARTS = [
    pytest.param(text, part, id=f"{name}-{i}")
    for name, (text, parts) in PART.items()
    for i, part in enumerate(parts)
]


@pytest.mark.parametrize(("text", "typed"), PAIRS)
def test_what_is_the_same_is_found_and_marked(
    database: Database, text: str, typed: str
) -> None:
    hit = found(database, f"one two\nand {text} there", typed)
    assert hit
    shown = "".join(piece.text for piece in hit.snippet)
    assert "and " in shown
    assert shown.endswith(" there")
    # What is marked is the text as it was written, to its last letter.
    pieces = "".join(f"[{p.text}]" if p.marked else p.text for p in hit.snippet)
    whole = pieces.replace("[", "").replace("]", "")
    assert pieces.count("[") >= 1
    assert whole == shown
    start, end = pieces.index("["), pieces.rindex("]")
    assert pieces[:start].endswith("and ")
    assert pieces[end + 1 :] == " there"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_or_sign_is_found_whatever_it_is_made_of(
    database: Database, word: str
) -> None:
    hit = found(database, f"one two\nand {word} there", word)
    assert hit
    assert marked(hit)
    assert all(piece in word for piece in marked(hit))
    assert found(database, "one two\nand nothing there", word) is None


@pytest.mark.parametrize(("text", "part"), PARTS)
def test_any_part_of_text_without_spaces_is_found(
    database: Database, text: str, part: str
) -> None:
    hit = found(database, f"one two\n{text}", part)
    assert hit
    assert marked(hit)


@pytest.mark.parametrize(("text", "typed"), MISSES)
def test_what_is_something_else_is_not_found(
    database: Database, text: str, typed: str
) -> None:
    assert found(database, f"one two\n{text}", typed) is None


def test_there_are_enough_of_them() -> None:
    assert len(PAIRS) + len(WORDS) + len(PARTS) + len(MISSES) >= 200


def test_the_words_of_one_conversation_are_counted(database: Database) -> None:
    messages = MessageStore(database)
    conversation, question, *_ = messages.begin_conversation(
        "Ёлка, елка and ЁЛКА; C# too", engine_id="", engine_name="", model=""
    )
    messages.begin_conversation("елка", engine_id="", engine_name="", model="")
    search = SearchStore(database)
    assert search.in_conversation(conversation.id, "елка") == [(question.id, 3)]
    assert search.in_conversation(conversation.id, " c#  too ") == [(question.id, 1)]
    assert search.in_conversation(conversation.id, "nothing") == []
    assert search.in_conversation(conversation.id, "  ") == []


def test_a_word_that_is_in_bold_in_part_is_counted(database: Database) -> None:
    conversation, question, *_ = MessageStore(database).begin_conversation(
        "an **em**ber, an *Ember* and 2*3", engine_id="", engine_name="", model=""
    )
    search = SearchStore(database)
    assert search.in_conversation(conversation.id, "ember") == [(question.id, 2)]
    assert search.in_conversation(conversation.id, "2*3") == [(question.id, 1)]
