"""Text in whatever encoding people still have."""

# ruff: noqa: RUF001  # foreign letters are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.readers.encoding import decode
from bot.documents.readers.kinds import is_binary

RUSSIAN = "Привет, мир! Это обычный русский текст для проверки кодировки."
GERMAN = "Größe und Länge der Straße: müssen wir prüfen, sagt Frau Müller."
FRENCH = "Le café est très bon, déjà goûté à Noël chez la grand-mère."
POLISH = "Zażółć gęślą jaźń, proszę o wiadomość w tej sprawie."
JAPANESE = "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪"
CHINESE = "这是一个中文文本文件，用于测试文字编码的识别。"
KOREAN = "이것은 한국어 텍스트입니다. 안녕하세요, 반갑습니다."
GREEK = "Αυτό είναι ένα ελληνικό κείμενο για δοκιμή."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (RUSSIAN, "utf-16"),
        (CHINESE, "utf-32"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GERMAN, "cp1252"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (GREEK, "cp1253"),
        (JAPANESE, "shift-jis"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "iso-2022-jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "cp949"),
    ],
)
def test_encoding_is_recognised(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert not is_binary(data)
    assert decode(data).removeprefix("\ufeff") == text


def test_text_beyond_ascii_far_into_a_file_is_still_seen() -> None:
    text = "plain line\n" * 20_000 + RUSSIAN
    assert decode(text.encode("cp1251")) == text


def test_declared_encoding_counts_but_less_than_valid_utf8() -> None:
    assert decode("žluťoučký".encode("iso8859-2"), "iso-8859-2") == "žluťoučký"
    assert decode(GERMAN.encode(), "iso-8859-1") == GERMAN
    assert decode(GERMAN.encode("cp1252"), "no-such-thing") == GERMAN
    assert decode(GERMAN.encode("cp1252"), "hex") == GERMAN


def test_few_broken_characters_do_not_spoil_utf8() -> None:
    data = RUSSIAN.encode() + b"\xff" + RUSSIAN.encode()[:-1]
    assert decode(data).startswith(RUSSIAN + "\ufffd" + RUSSIAN[:20])


@given(st.binary(max_size=300))
def test_decoding_never_fails(data: bytes) -> None:
    decode(data)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
def test_utf8_is_always_read_as_written(text: str) -> None:
    data = text.encode()
    if not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        assert decode(data) == text
