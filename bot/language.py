"""Our own words in the languages of those who read them, and numbers, dates and lists with them.

The words stand in the code in English; `bot/locales/*.po` has them in the other languages.
"""

import gettext
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES: Final = ("en", "de", "fr", "es", "ja")
"""What we speak; English stands in for every other language."""

_REGIONS: Final = {"en-gb": ("en", "en_GB"), "es-la": ("es", "es_419")}
"""Slack's other locales of these languages; days and numbers are written differently there."""

Value = str | int | float


def mark(english: str) -> str:
    """Mark words that are put into a language later, so that translators find them."""
    return english


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence for a person, to be put into their language when it is shown.

    Attributes:
        english: The sentence as the code has it, with `{name}` where a value belongs.
        values: The values, by name.
    """

    english: str
    values: tuple[tuple[str, Value], ...] = ()


def tell(english: str, **values: Value) -> Told:
    """Make a sentence for later; its words are found by translators as those of `say` are."""
    return Told(english, tuple(values.items()))


class Language:
    """One language that we speak.

    Args:
        tag: One of `LANGUAGES`.
        locale: How days, times and numbers are written, such as "en_GB"; as `tag` has it if "".
    """

    def __init__(self, tag: str, locale: str = "") -> None:
        self.tag = tag
        self._locale = Locale.parse(locale or tag)
        self._translations = _load(tag)

    def say(self, english: str, **values: Value) -> str:
        """Put a sentence of ours into this language; whole numbers are written as is usual in it.

        `{name}` in the sentence stands for a value. Values are put in as they are, so what comes
        from people is to be defused and escaped before or after, as with any text.
        """
        return self._fill(self._translations.gettext(english), values)

    def say_count(self, one: str, many: str, count: int, **values: Value) -> str:
        """Put a sentence that depends on `{count}` into this language."""
        said = self._translations.ngettext(one, many, count)
        return self._fill(said, {"count": count, **values})

    def put(self, told: Told) -> str:
        """Put a sentence that was made for later into this language."""
        return self.say(told.english, **dict(told.values))

    def number(self, value: float) -> str:
        """Write a number."""
        return format_decimal(value, locale=self._locale)

    def join(self, items: Sequence[str]) -> str:
        """Write a list: "a, b, and c"."""
        return format_list(list(items), locale=self._locale)

    def date(self, moment: datetime) -> str:
        """Write a day, in the time zone that `moment` has."""
        return format_date(moment, "medium", locale=self._locale)

    def time(self, moment: datetime) -> str:
        """Write a day and its time, in the time zone that `moment` has."""
        return format_datetime(moment, "short", tzinfo=moment.tzinfo, locale=self._locale)

    def month(self, moment: datetime) -> str:
        """Write a month and its year."""
        return format_date(moment, "MMMM y", locale=self._locale)

    def name_of(self, tag: str) -> str:
        """Name a language in this one."""
        return Locale.parse(tag).get_display_name(self._locale) or tag

    def _fill(self, said: str, values: dict[str, Value]) -> str:
        written = {
            name: self.number(value) if isinstance(value, int | float) else value
            for name, value in values.items()
        }
        return said.format(**written) if written else said


@cache
def _load(tag: str) -> gettext.NullTranslations:
    if tag == "en":
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with (files("bot") / "locales" / f"{tag}.po").open("rb") as written:
        write_mo(compiled, read_po(written, locale=tag))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _open(tag: str, locale: str) -> Language:
    return Language(tag, locale)


def find_language(locale: str | None) -> Language:
    """Return the language for a locale such as Slack's "de-DE"; English for those we don't speak.

    The first use of a language reads its catalogue: call `load_languages` before a loop runs.
    """
    name = (locale or "en").replace("_", "-").lower()
    if name in _REGIONS:
        return _open(*_REGIONS[name])
    tag = name.partition("-")[0]
    return _open(tag if tag in LANGUAGES else "en", "")


def load_languages() -> None:
    """Read all catalogues and what numbers, dates and lists need; blocks, for about 0.1 s."""
    moment = datetime.now().astimezone()
    for locale in (*LANGUAGES, *_REGIONS):
        language = find_language(locale)
        language.number(1)
        language.time(moment)
        language.month(moment)
        language.join(["", "", ""])
        language.name_of(language.tag)


ENGLISH: Final = _open("en", "")
