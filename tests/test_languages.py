"""What people read: said through a language, translated into all of them, fit for its place."""

import ast
import importlib
import re
import string
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from bot.errors import AloudError
from bot.language import ENGLISH, LANGUAGES, Language, find_language, load_languages, tell
from bot.slack import limits
from bot.slack.choices import CHANNEL_CHOICES, PERSON_CHOICES, list_workspace_choices
from tests.catalogues import (
    COUNTING,
    ROOT,
    SAYING,
    TRANSLATED,
    UNTRANSLATED,
    extract,
    load,
    name_of,
    read_forms,
)

SAID = extract()
MESSAGES = [message for message in SAID if message.id]
CATALOGUES = {tag: load(tag) for tag in TRANSLATED}
SPEAKING = {*SAYING, COUNTING}

SHORT = 30
"""On a button or in a menu, more looks wrong, though Slack takes 75 characters."""

BUTTONS = [
    "Stop", "Regenerate", "Retry", "Show reasoning", "Hide reasoning", "Read the rest",
    "As a file", "Summarize", "Shorter", "Longer", "Think harder", "Without reasoning", "Change…",
    "Open", "Forget",
]  # fmt: skip

FITS = {
    75: [
        "This answer is good", "This answer is bad; you may say why", "Good answer", "Bad answer",
        "Stop writing this answer", "Write this answer anew", "Retry this answer",
        "Show reasoning of this answer", "Hide reasoning of this answer", "Open this in Slack",
        "Attach this reasoning to the thread as a text file", "Summarize the shared files",
        "Change retention and budgets", "Privately, in our direct messages", "Only you see it.",
        "In the thread of the message", "Everybody there sees your question and the answer.",
        "What can you do?", "Summarize a file", "Think a decision through", "Draft a message",
        "Catch me up on this channel",
    ],
    100: ["Forget this thread", "Forget this document"],
}  # fmt: skip
"""Where the limit shows only when it is built (Slack docs: buttons, options, confirmations)."""

# Texts for the model, for operators, and for Slack's and our own machinery.
NOT_FOR_PEOPLE = (
    *UNTRANSLATED, "app.py", "conversation/", "documents/readers/", "documents/worker.py",
    "errors.py", "ledger/", "lease.py", "manifest.py", "model/", "settings.py", "slack/install",
    "store/", "telemetry.py", "transport.py",
)  # fmt: skip


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def english_of(message: Message) -> tuple[str, str]:
    return (message.id, message.id) if isinstance(message.id, str) else tuple(message.id)  # type: ignore[return-value]  # a singular and a plural


def marks_in(text: str) -> dict[str, object]:
    """What a translation must not lose: commands, emphasis, emoji, names of scopes."""
    return {
        "code": re.findall(r"`[^`]*`", text),
        "stars": text.count("*"),
        "emoji": re.findall(r":[a-z_]+:(?!\S)", text),
        "terms": sorted(re.findall(r"files:read|/invite|/think|/no_think", text)),
        "bullet": text.startswith("• "),
        "ellipsis": text.endswith("…"),
    }


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_catalogue_has_what_is_said_and_nothing_else(tag: str) -> None:
    """`python -m tests.catalogues` brings them up to date."""
    assert {english_of(one) for one in CATALOGUES[tag] if one.id} == set(map(english_of, MESSAGES))
    assert not CATALOGUES[tag].obsolete


@pytest.mark.parametrize("tag", TRANSLATED)
def test_everything_is_translated_with_its_values_and_marks(tag: str) -> None:
    catalogue = CATALOGUES[tag]
    for message in (one for one in catalogue if one.id):
        one, many = english_of(message)
        forms = read_forms(message)
        assert not message.fuzzy, one
        assert all(forms), f"not translated: {one}"
        if one == many and isinstance(message.id, str):
            assert names_in(forms[0]) == names_in(one), one
        else:
            assert len(forms) == catalogue.num_plurals, one
            # One of something may go without its number.
            assert names_in(many) - {"count"} <= names_in(forms[0]) <= names_in(many), one
            assert names_in(forms[-1]) == names_in(many), one
        for form in forms:
            assert form == form.strip(), one
            assert marks_in(form) == marks_in(many), one


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_checked(path: Path, left_out: Sequence[str]) -> bool:
    return not str(path.relative_to(ROOT)).startswith(tuple(left_out))


FILES = sorted(ROOT.rglob("*.py"))
SPEAKERS = [path for path in FILES if is_checked(path, UNTRANSLATED)]


@pytest.mark.parametrize("path", SPEAKERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_said_is_a_literal_and_has_all_its_values(path: Path) -> None:
    for call in ast.walk(parse(path)):
        if not isinstance(call, ast.Call) or name_of(call) not in SPEAKING:
            continue
        name, where = name_of(call), f"{path}:{call.lineno}"
        words = call.args[: 2 if name == COUNTING else 1]
        assert not any(isinstance(one, ast.JoinedStr | ast.BinOp) for one in words), where
        texts = [str(one.value) for one in words if isinstance(one, ast.Constant)]
        if name == "mark" or not texts or any(one.arg is None for one in call.keywords):
            continue
        given = {str(one.arg) for one in call.keywords}
        wanted = set[str]().union(*map(names_in, texts))
        if name == COUNTING:
            assert wanted - given <= {"count"}, where
            assert given <= wanted, where
        else:
            assert given == wanted, where


def looks_said(text: str) -> bool:
    """Whether it reads like words to a person: several, as a sentence begins or ends."""
    return bool(
        re.match(r"[A-Z][a-z']+( [\w',]+){2}|[A-Z][a-z]+( [\w',]+)*[.?!…]$", text)
        or re.search(r"( [a-z']+){2}[.?!…]$", text)
    )


def walk_said(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts in a module but for those that go through a language or to a log."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Expr(value=ast.Constant()) | ast.Raise() | ast.Assert():
                continue
            case ast.Call() if name_of(child) in SPEAKING:
                continue
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
                continue
            case ast.Constant(value=str()):
                yield child
            case _:
                yield from walk_said(child)


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if is_checked(path, NOT_FOR_PEOPLE)],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_nothing_is_said_past_the_languages(path: Path) -> None:
    said = {str(one.value) for one in walk_said(parse(path))}
    assert list(filter(looks_said, said)) == []


def say_everything(language: Language) -> Iterator[tuple[str, str]]:
    """Say every sentence with made-up values; yields the English one and what is said."""
    for message in MESSAGES:
        one, many = english_of(message)
        values = {name: f"[{name}]" for name in names_in(many) - {"count"}}
        if isinstance(message.id, str):
            yield one, language.say(one, **values, count=5)
            continue
        for count in (1, 2, 1_000_000):
            yield many, language.say_count(one, many, count, **values)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_everything_can_be_said_in_every_language(tag: str) -> None:
    language = find_language(tag)
    for english, said in say_everything(language):
        assert said, english
        assert "{" not in said, english
        for name in names_in(english) - {"count"}:
            assert f"[{name}]" in said, english


def find_errors(kind: type[AloudError] = AloudError) -> Iterator[type[AloudError]]:
    yield kind
    for special in kind.__subclasses__():
        yield from find_errors(special)


def test_every_error_has_words_that_translators_find() -> None:
    for path in SPEAKERS:
        if is_checked(path, ["documents/readers/", "documents/worker.py", "store/migrations/"]):
            importlib.import_module(module_of(path))
    for kind in find_errors():
        for words in (vars(kind).get("plain"), vars(kind).get("sentence")):
            assert not isinstance(words, str) or SAID.get(words) is not None, kind


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("bot", *parts)).removesuffix(".__init__")


def find_limited() -> Iterator[tuple[str, int]]:
    """Find all that is said right where a limit is given: `build_plain(language.say("…"), 24)`."""
    for path in SPEAKERS:
        for call in ast.walk(parse(path)):
            if not isinstance(call, ast.Call) or name_of(call) not in {"build_plain", "_plain"}:
                continue
            match call:
                case (
                    ast.Call(args=[ast.Call(args=[ast.Constant(value=str(said))]), limit])
                    | ast.Call(
                        args=[ast.Call(args=[ast.Constant(value=str(said))])],
                        keywords=[ast.keyword(value=limit)],
                    )
                ):
                    known = vars(importlib.import_module(module_of(path)))
                    yield said, eval(ast.unparse(limit), known)  # noqa: S307  # a constant of ours
                case _:
                    continue


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_has_little_room_fits_in_every_language(tag: str) -> None:
    language = find_language(tag)
    listed = [(english, most) for most, rows in FITS.items() for english in rows]
    short = [(english, SHORT) for english in BUTTONS]
    found = list(find_limited())
    assert ("Settings", limits.VIEW_TITLE_CHARS) in found
    for english, most in [*listed, *short, *found]:
        assert SAID.get(english) is not None, f"nobody says {english!r}"
        assert len(language.say(english)) <= most, language.say(english)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_choice_fits_into_its_menu_in_every_language(tag: str) -> None:
    language = find_language(tag)
    for choice in (*PERSON_CHOICES, *CHANNEL_CHOICES, *list_workspace_choices(("a", "b"))):
        named = [language.say(one.label) for one in choice.options if one.says == "words"]
        for option in choice.options:
            for other in named if option.says == "words" else ():
                said = language.say(option.label, choice=other)
                assert len(said) <= limits.OPTION_TEXT_CHARS, said


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_translation_is_much_longer_than_the_english(tag: str) -> None:
    """So that what has its place in English has it in all languages: confirmations take 300."""
    for message in (one for one in CATALOGUES[tag] if one.id):
        _, many = english_of(message)
        for form in read_forms(message):
            assert len(form) < 1.6 * len(many) + 25, form


@pytest.mark.parametrize("tag", TRANSLATED)
def test_typography_is_that_of_the_language(tag: str) -> None:
    wrong = {
        "de": r"\"|'|[a-zäöüß,] (?:Sie|Ihnen|Ihre?)\b",
        "fr": r"\"|'|(?<![\s\u202f])[;!?](?!\S)|(?<![\u00a0k]):(?=\s|$)",
        "es": r"\"|^[^¿]*\?|^[^¡]*!",
        "ja": r"\"|[,;!?](?=\S)|です\.|ます\.",
    }[tag]
    for message in CATALOGUES[tag]:
        for form in read_forms(message) if message.id else ():
            assert not re.search(wrong, form), form


def test_a_sentence_for_later_is_put_into_the_language_it_is_read_in() -> None:
    told = tell("I opened only the first {count} of your links.", count=5)
    assert ENGLISH.put(told) == "I opened only the first 5 of your links."
    assert (
        find_language("de-DE").put(told) == "Von deinen Links habe ich nur die ersten 5 geöffnet."
    )


@pytest.mark.parametrize(
    ("locale", "tag"),
    [("de-DE", "de"), ("fr_CA", "fr"), ("es-419", "es"), ("ja-JP", "ja"), ("en-GB", "en"),
     ("pt-BR", "en"), ("", "en"), (None, "en")],
)  # fmt: skip
def test_the_language_follows_the_locale_or_is_english(locale: str | None, tag: str) -> None:
    assert find_language(locale).tag == tag


@pytest.mark.parametrize(
    ("tag", "written"),
    [("en", "1,234.5"), ("de", "1.234,5"), ("fr", "1\u202f234,5"), ("es", "1.234,5"),
     ("ja", "1,234.5")],
)  # fmt: skip
def test_numbers_are_written_as_in_the_language(tag: str, written: str) -> None:
    assert find_language(tag).number(1234.5) == written


def test_dates_are_written_as_in_the_language() -> None:
    moment = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert {tag: find_language(tag).date(moment) for tag in LANGUAGES} == {
        "en": "Nov 3, 2026",
        "de": "03.11.2026",
        "fr": "3 nov. 2026",
        "es": "3 nov 2026",
        "ja": "2026/11/03",
    }


def test_times_are_written_as_where_the_person_lives() -> None:
    moment = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert find_language("en-US").time(moment) == "11/3/26, 2:05\u202fPM"
    assert find_language("en-GB").time(moment) == "03/11/2026, 14:05"
    assert find_language("es-LA").number(1234.5) == "1,234.5"


def test_languages_are_loaded_fast_and_once() -> None:
    load_languages()
    begun = time.perf_counter()
    load_languages()
    assert time.perf_counter() - begun < 0.05
    assert all(find_language(tag) is find_language(tag.upper()) for tag in LANGUAGES)
