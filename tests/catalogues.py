"""Brings `bot/locales/*.po` up to date with what the code says: `python -m tests.catalogues`.

New sentences come without a translation, for a translator to fill in; those that the code has no
more go. Translators edit the .po files and nothing else; `tests/test_languages.py` checks them.
"""

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

import bot
from bot.language import LANGUAGES

ROOT: Final = Path(bot.__file__).parent
TRANSLATED: Final = tuple(tag for tag in LANGUAGES if tag != "en")

UNTRANSLATED: Final = ("demo", "doctor.py", "feedback_export.py", "__main__.py")
"""What they say is for operators, or stands for Slack and the model."""

SAYING: Final = frozenset({"say", "mark", "tell"})
COUNTING: Final = "say_count"
_LINE: Final = 100

_HEADER: Final = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def extract() -> Catalog:
    """Collect all that the code says to people, each with the files that say it."""
    catalog = Catalog()
    for path in sorted(ROOT.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if not name.startswith(UNTRANSLATED):
            for said in find_said(ast.parse(path.read_text(encoding="utf-8"))):
                catalog.add(said, locations=[(f"bot/{name}", 0)])
    return catalog


def find_said(module: ast.Module) -> Iterator[str | tuple[str, str]]:
    """Yield the literals that go through a language: one, or the singular and the plural.

    Babel's own extractor reads tokens, and sees nothing inside of f-strings.
    """
    for call in ast.walk(module):
        match call:
            case ast.Call(args=[ast.Constant(value=str(said)), *_]) if name_of(call) in SAYING:
                yield said
            case ast.Call(
                args=[ast.Constant(value=str(one)), ast.Constant(value=str(many)), *_]
            ) if name_of(call) == COUNTING:
                yield one, many
            case _:
                continue


def name_of(call: ast.Call) -> str:
    """Return what is called, without what it belongs to."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def path_of(tag: str) -> Path:
    """Return where the catalogue of a language is."""
    return ROOT / "locales" / f"{tag}.po"


def load(tag: str) -> Catalog:
    """Read the catalogue of a language."""
    with path_of(tag).open("rb") as written:
        return read_po(written, locale=tag)


def write(catalog: Catalog, tag: str) -> None:
    """Write the catalogue of a language; the same whenever it says the same."""
    written = io.BytesIO()
    write_po(
        written, catalog, width=_LINE, omit_header=True, ignore_obsolete=True, include_lineno=False
    )
    header = _HEADER.format(language=tag, plural_forms=catalog.plural_forms)
    path_of(tag).write_bytes(header.encode() + written.getvalue())


def main() -> None:
    """Merge what the code says into every catalogue, and tell how much is to be translated."""
    said = extract()
    for tag in TRANSLATED:
        catalog = load(tag)
        catalog.update(said, no_fuzzy_matching=True)
        write(catalog, tag)
        missing = sum(not all(read_forms(one)) for one in catalog if one.id)
        print(f"{tag}: {missing} to be translated")  # noqa: T201  # it is a command


def read_forms(message: Message) -> tuple[str, ...]:
    """Return a message's translations, one for each grammatical number; "" where one is missing."""
    if isinstance(message.id, str):
        return (str(message.string or ""),)
    return tuple(message.string or ("",))


if __name__ == "__main__":
    main()
