"""What is read from left to right stays together in a text from right to left."""

import re
from html import unescape

import pytest

from backend.web.isolates import isolated as plain
from backend.web.markdown.markdown import render


def isolated(markdown: str) -> list[str]:
    html = "".join(block.html for block in render(markdown))
    return re.findall(r'<bdi dir="ltr">(.*?)</bdi>', html)


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("الحرارة 100 °C اليوم", ["100 °C"]),
        ("الحرارة 100°C و25 °C", ["100°C", "25 °C"]),
        ("من -5 °F إلى \u22123", ["-5 °F", "\u22123"]),
        ("السرعة 10 km/h", ["10 km/h"]),
        ("من 10-20 kg تقريبا", ["10-20 kg"]),
        ("الوزن ٢٣ kg", ["٢٣ kg"]),
        ("سعة 3.5 GB بسعر 12 USD", ["3.5 GB", "12 USD"]),
        ("هاتف +49 30 123456 الآن", ["+49 30 123456"]),
        ("لغة C++ و C# و .NET", ["C++", "C#", ".NET"]),
        ("תנור ב-200 °C", ["200 °C"]),
        ("نسبة **-5%** فقط", ["-5%"]),
    ],
)
def test_by_its_kind(text: str, together: list[str]) -> None:
    assert isolated(text) == together


@pytest.mark.parametrize(
    "text",
    [
        "نسبة 25 % و 25% فقط",  # stands as Arabic does
        "في 2024 Apple أعلنت",  # a number and another word
        "يوم 2024-05-01 الساعة 10:30 أو 1/2",  # runs by itself
        "من 10-20 فقط",
        "ב-2024 עם x86",
        "It is 100 °C, and C++, مرحبا",
        "`100 °C` و `C++`",
    ],
)
def test_the_rest_runs_as_it_did(text: str) -> None:
    assert isolated(text) == []


def test_a_list_item_of_another_direction_is_left_alone() -> None:
    assert isolated("- عنصر 5 kg\n- item 6 kg\n- 7 kg") == ["5 kg"]


def test_no_letter_is_lost() -> None:
    text = "مرحبا " + "+1 " * 2_000 + "1-" * 2_000 + "a." * 2_000 + " -5 C++ 3 kg"
    html = "".join(block.html for block in render(text))
    assert re.sub(r"<[^>]*>", "", html).strip() == text.strip()
    assert isolated(text)[-3:] == ["-5", "C++", "3 kg"]


def test_a_question_is_isolated_as_it_was_typed() -> None:
    assert plain("<b> 100 °C 'x'") == "&lt;b&gt; 100 °C 'x'"
    typed = "الحرارة 100 °C <b>\n+49 30 123456 & C++"
    shown = plain(typed)
    assert unescape(re.sub(r"<[^>]*>", "", shown)) == typed
    assert re.findall(r'<bdi dir="ltr">(.*?)</bdi>', shown) == [
        "100 °C", "+49 30 123456", "C++",
    ]  # fmt: skip
