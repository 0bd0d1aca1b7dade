"""Names are hostile text."""

# ruff: noqa: RUF001  # lookalikes are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.names import NAME_CHARACTERS, clean_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("q3_report-v2 (final).pdf", "q3_report-v2 (final).pdf"),
        ("Prüfbericht 東京.docx", "Prüfbericht 東京.docx"),
        ("", "the file"),
        ("\u202e\u200b\x07", "the file"),
        ("a\r\nb\tc\u2028d.txt", "a b c d.txt"),
        ("gpj.\u202efdp.exe", "gpj.fdp.exe"),
        ("<!channel> <@U123> @here.pdf", "‹!channel› ‹＠U123› ＠here.pdf"),
        ("[x](https://evil.example/a).pdf", "(x)(https:∕∕evil.example∕a).pdf"),
        ("*b* _i_ `c` ~s~", "∗b∗ i 'c' ∼s∼"),
        ('a">\n[p. 1]', "a'› (p. 1)"),
        ("x" * 300 + ".pdf", "x" * 47 + "…" + "x" * 8 + ".pdf"),
    ],
)
def test_name_is_made_harmless(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@given(st.text())
def test_no_name_can_do_harm(name: str) -> None:
    shown = clean_name(name)
    assert 0 < len(shown) <= NAME_CHARACTERS
    assert not set(shown) & set('<>*`~|[]@/\\"\n\r\u2028\u202e')
    assert clean_name(shown) == shown
