"""What people are told of how documents were read, in the language that they read it in. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from bot.conversation.messages import Caveat, Document, PageUnit
from bot.documents.comparison import Extent
from bot.language import Language

Saying = Callable[[Language], str]
"""What is to be told, as soon as it is known in which language."""

_MOST_RANGES: Final = 12
_MOST_FLAWED: Final = 10
"""Of so many separate pages the numbers are told; of more, only how many there are."""


def count_pages(unit: PageUnit, count: int, language: Language) -> str:
    """Write how many pages there are: "1 page", "1,200 pages"."""
    match unit:
        case "page":
            return language.say_count("{count} page", "{count} pages", count)
        case "slide":
            return language.say_count("{count} slide", "{count} slides", count)
        case "sheet":
            return language.say_count("{count} sheet", "{count} sheets", count)
        case "section":
            return language.say_count("{count} section", "{count} sections", count)
        case "part":
            return language.say_count("{count} part", "{count} parts", count)


def list_pages(unit: PageUnit, pages: Iterable[int], language: Language) -> str:
    """Write which pages: "pages 3–5 and 9"; if they are scattered, only how many."""  # noqa: RUF002  # a dash between numbers
    listed = sorted(set(pages))
    ranges = _write_ranges(listed)
    if len(ranges) <= _MOST_RANGES:
        return _name_pages(unit, len(listed), language.join(ranges), language)
    return language.say(
        "{pages} between {first} and {last}",
        pages=count_pages(unit, len(listed), language),
        first=str(listed[0]),
        last=str(listed[-1]),
    )


def tell_read(document: Document, pages: Iterable[int], language: Language) -> str:
    """Tell which pages were read: "q3.pdf: Read pages 1-12 of 12."."""
    return _finish(_say_read(document, list(pages), language), document, language)


def tell_noted(
    document: Document, pages: Sequence[int], parts: int, left: Collection[int], language: Language
) -> str:
    """Tell how far a long document was read.

    Args:
        document: Which.
        pages: Those that were read, in order; the last perhaps not to its end.
        parts: In how many parts.
        left: The pages that are left to be read when that is asked for.
        language: What to tell it in.
    """
    said = _say_read(document, pages, language)
    if parts > 1:
        said = language.say("{said}, in {count} parts", said=said, count=parts)
    if pages and pages[-1] in left:
        said = (
            language.say("{said}, the last not to its end", said=said)
            if len(pages) > 1
            else language.say("{said}, not to its end", said=said)
        )
    if left and document.read_pages < document.total_pages:
        more = list_pages(document.unit, range(1, document.read_pages + 1), language)
        said = language.say("{said}; all of {pages} can be read, too", said=said, pages=more)
    elif left:
        said = language.say("{said}; the rest can be read, too", said=said)
    return _finish(said, document, language)


def tell_part(
    document: Document,
    pages: Iterable[int],
    named: bool,  # given by position, before the language is known
    language: Language,
) -> str:
    """Name a part of a document by its pages, and by the document if there are several."""
    listed = list_pages(document.unit, pages, language)
    return _introduce(listed, document, language) if named else listed[:1].upper() + listed[1:]


def tell_sampled(document: Document, pages: Iterable[int], language: Language) -> str:
    """Tell that sheets were not read row by row."""
    if document.total_pages == 1:
        said = language.say("Computed columns and totals over the rows, and read a sample of them")
    else:
        said = language.say(
            "Computed columns and totals of {pages} over the rows, and read a sample of them",
            pages=list_pages(document.unit, pages, language),
        )
    return _finish(said, document, language)


def tell_searched(document: Document, pages: Iterable[int], fits: bool, language: Language) -> str:
    """Tell which pages of a searched document were read for a question.

    Args:
        document: As it was searched.
        pages: Those that were read.
        fits: Whether anything in the document fits the question, or may: nobody knows when others
            had so much on it that not all was looked at.
        language: What to tell it in.
    """
    numbers = list(pages)
    extent = _write_extent(document, language)
    if not numbers and fits:
        said = language.say(
            "Searched {extent}; there was no room to read what may be on this", extent=extent
        )
    elif not numbers:
        said = language.say("Searched {extent} and found nothing on this", extent=extent)
    elif document.total_pages == 1:
        said = language.say("Searched {extent} for this", extent=extent)
    else:
        said = language.say(
            "Searched {extent} and read {pages} for this",
            extent=extent,
            pages=list_pages(document.unit, numbers, language),
        )
    return _finish(said, document, language)


def tell_declined(document: Document, pages: Iterable[int], language: Language) -> str:
    """Tell that the model would not read some pages."""
    declined = list_pages(document.unit, pages, language)
    said = language.say("The model declined to read {pages}.", pages=declined)
    return _introduce(said, document, language)


def tell_changed(
    new: Document, old: Document, extent: Extent, left_out: int, language: Language
) -> str:
    """Tell that two versions of a document were compared, and how much of it is the same."""
    names = {"new": new.name, "old": old.name}
    if extent == "none":
        return language.say("{new} and {old} say the same, word for word.", **names)
    if extent == "layout":
        return language.say(
            "{new} and {old} hold the same words; only the layout differs.", **names
        )
    said = (
        language.say("{new} was compared with {old}; hardly anything is the same.", **names)
        if extent == "most"
        else language.say("{new} was compared with {old}.", **names)
    )
    if not left_out:
        return said
    more = language.say_count(
        "{count} more change is not listed.", "{count} more changes are not listed.", left_out
    )
    return _add(said, more, language)


def tell_single(document: Document, language: Language) -> str:
    """Tell that there is nothing to compare a document with."""
    return language.say("There is only one version of {name} in this thread.", name=document.name)


def tell_gone(document: Document, language: Language) -> str:
    """Tell that a document was deleted while it was read."""
    return language.say("{name} was deleted meanwhile.", name=document.name)


def tell_twin(document: Document, first: Document, language: Language) -> str:
    """Tell why a document was not read: another says the same."""
    return language.say(
        "{name} has the same content as {other}.", name=document.name, other=first.name
    )


def tell_beyond(document: Document, language: Language) -> str:
    """Tell that the pages that were asked for were not read when the document came."""
    return language.say(
        "That part of {name} is over my limits, so the answer covers all that was read.",
        name=document.name,
    )


def tell_missing(document: Document, language: Language) -> str:
    """Tell that the pages that were asked for are not there."""
    return language.say(
        "{name} has no such part; it has {pages}, so the answer covers all that was read.",
        name=document.name,
        pages=count_pages(document.unit, document.total_pages, language),
    )


def tell_caveat(caveat: Caveat, unit: PageUnit, language: Language) -> str:  # noqa: C901  # one case for each flaw
    """Tell what could not be read of a document, or only so well."""
    count, pages = len(caveat.pages), _name_flawed(caveat, unit, language)
    sheet = (
        language.say('Sheet "{name}"', name=caveat.text)
        if caveat.text
        else language.say("The table")
    )
    match caveat.flaw:
        case "damaged":
            return language.say_count(
                "{pages} is damaged.", "{pages} are damaged.", count, pages=pages
            )
        case "blank":
            return language.say_count(
                "{pages} has no readable text.", "{pages} have no readable text.", count,
                pages=pages,
            )  # fmt: skip
        case "cut":
            return language.say("{pages} was read only in part.", pages=pages)
        case "recognised" if not caveat.pages:
            return language.say(
                "The text was read by text recognition; check figures against the original."
            )
        case "recognised":
            return language.say_count(
                "{pages} was read by text recognition; check figures against the original.",
                "{pages} were read by text recognition; check figures against the original.",
                count,
                pages=pages,
            )
        case "recognition_ended":
            return language.say_count(
                "Text recognition reads at most {count} page of a file.",
                "Text recognition reads at most {count} pages of a file.",
                caveat.count,
            )
        case "recognition_failed":
            return language.say("Text recognition failed on its scanned pages.")
        case "rows_cut":
            return language.say(
                "{sheet} was read only up to its row {row}.", sheet=sheet, row=caveat.count
            )
        case "rows_listed":
            return language.say(
                "{sheet} was read row by row only up to row {row}; "
                "its figures are computed over all {total} rows.",
                sheet=sheet,
                row=caveat.count,
                total=caveat.total,
            )
        case "rows_profiled":
            return language.say(
                "{sheet} was read row by row only up to row {row}; "
                "its figures are computed over the first {total} rows.",
                sheet=sheet,
                row=caveat.count,
                total=caveat.total,
            )
        case "rows_broken":
            return language.say(
                "The table breaks off after row {row}: a quotation has no end.", row=caveat.count
            )
        case "noted":
            return caveat.text


def _say_read(document: Document, pages: Sequence[int], language: Language) -> str:
    if pages:
        listed = list_pages(document.unit, pages, language)
        return language.say("Read {pages} of {total}", pages=listed, total=document.total_pages)
    if document.total_pages == 1:
        return language.say("It did not fit")
    counted = count_pages(document.unit, document.total_pages, language)
    return language.say("None of its {pages} fit", pages=counted)


def _write_extent(document: Document, language: Language) -> str:
    """Write what there was to be searched."""
    if document.total_pages == 1:
        return _write_only(document.unit, language)
    if document.read_pages == document.total_pages:
        counted = count_pages(document.unit, document.total_pages, language)
        return language.say("all {pages}", pages=counted)
    read = list_pages(document.unit, range(1, document.read_pages + 1), language)
    return language.say("{pages} of {total}", pages=read, total=document.total_pages)


def _write_only(unit: PageUnit, language: Language) -> str:
    match unit:
        case "page":
            return language.say("its only page")
        case "slide":
            return language.say("its only slide")
        case "sheet":
            return language.say("its only sheet")
        case "section":
            return language.say("its only section")
        case "part":
            return language.say("its only part")


def _finish(said: str, document: Document, language: Language) -> str:
    """Finish a sentence on what was read with what could not be read of the document at all."""
    if document.read_pages < document.total_pages:
        said = language.say("{said}; the rest is over my limits", said=said)
    told = language.say("{said}.", said=said)
    for caveat in document.notes:
        told = _add(told, tell_caveat(caveat, document.unit, language), language)
    return _introduce(told, document, language)


def _add(said: str, more: str, language: Language) -> str:
    """Put one sentence behind another."""
    return language.say("{said} {more}", said=said, more=more)


def _introduce(said: str, document: Document, language: Language) -> str:
    return language.say("{name}: {said}", name=document.name, said=said)


def _name_flawed(caveat: Caveat, unit: PageUnit, language: Language) -> str:
    """Write which pages a caveat is about, as a sentence begins."""
    ranges = _write_ranges(caveat.pages)
    count = len(caveat.pages)
    if len(ranges) > _MOST_FLAWED:
        return count_pages(unit, count, language)
    named = _name_pages(unit, count, language.join(ranges), language)
    return named[:1].upper() + named[1:]


def _name_pages(unit: PageUnit, count: int, numbers: str, language: Language) -> str:
    match unit:
        case "page":
            return language.say_count("page {numbers}", "pages {numbers}", count, numbers=numbers)
        case "slide":
            return language.say_count("slide {numbers}", "slides {numbers}", count, numbers=numbers)
        case "sheet":
            return language.say_count("sheet {numbers}", "sheets {numbers}", count, numbers=numbers)
        case "section":
            return language.say_count(
                "section {numbers}", "sections {numbers}", count, numbers=numbers
            )
        case "part":
            return language.say_count("part {numbers}", "parts {numbers}", count, numbers=numbers)


def _write_ranges(numbers: Sequence[int]) -> list[str]:
    """Write numbers, which are in order; of those that follow each other only the ends."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return ["–".join(map(str, ends)) for ends in ranges]  # noqa: RUF001  # a dash between numbers
