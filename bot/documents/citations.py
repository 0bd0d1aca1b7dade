"""The citations of an answer, checked while it streams; and of the notes an answer is made from.

Pure. A citation is a mark and the claim it stands behind. What the checked text says in doubt:
`[p. 3?]`, the page doesn't seem to hold the claim; `[page not found]`, no such page was given.
"""

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from bot.documents.evidence import Evidence
from bot.documents.links import LinkRule, close_angled, close_link, close_url, touches
from bot.documents.marks import BRACKETS, Citation, Mark, Marks, Place, Span, close_mark, find_marks
from bot.language import ENGLISH, Language

_LINE_REACH = 2_000
_MOST_MARKS = 6
_CODE_SPAN_REACH = 300
_FENCE_LINE_REACH = 200
_FENCE = re.compile(r"([ \t>]{0,200})(`{3,}|~{3,})")
_MAYBE_FENCE = re.compile(r"[ \t>]{0,200}(?:`{0,2}|~{0,2})\Z")
_CLOSING_INDENT = re.compile(r" {0,3}")
_ESCAPABLE = frozenset(string.punctuation)
_BACKTICKS = re.compile("`+")
# Behind an address: what may follow it without a chat taking it for a part of it, negated.
_GOES_ON = re.compile(r"[.,;:!?'*_~\u2019\u2026)]*[^\s<.,;:!?'*_~\u2019\u2026)]")
_BLANK = re.compile(r"[ \t>]*")
_OPENERS = "".join(BRACKETS)
_PLAIN_RUN = re.compile(rf"[^\n`\\!<a-zA-Z0-9{re.escape(_OPENERS)}]+")
_ASCII_WORD = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9+.\-]{0,99}")
_WITHIN_WORD = re.compile(r"[a-zA-Z0-9]+")
# What joins marks that stand behind one claim.
_JOINT = re.compile(
    rf"[ \t]{{0,2}}(?:[,;&、]|and|und|et|y|e)?[ \t]{{0,2}}(?=[{re.escape(_OPENERS)}])"
)
_MAYBE_JOINT = re.compile(r"[ \t]{0,2}(?:[,;&、]|and?|a|und?|u|et?|y)?[ \t]{0,2}")

# Stands in a line for the marks that were there.
_CITED = "\0"
_LINE_OPENING = re.compile(r"\A[\s>]*(?:(?:[-*+•–]|\d{1,3}[.)])\s+)?(?:\[[ xX]\]\s+)?#*\s*")  # noqa: RUF001  # a bullet that models write
_SENTENCE_END = re.compile(r"(?<=[.!?])[)\"'”’*_]*\s+(?=[^\sa-zß-ÿ])|(?<=[。！？])")  # noqa: RUF001  # closing quotes, full-width stops
_URL_IN_CLAIM = re.compile(r"[a-z]+://\S+|www\.\S+", re.IGNORECASE)
_TELLS = re.compile(r"[^\W_]")
_STOPPED = re.compile(r"[.!?。\uff01\uff1f]\W*\Z")

_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+\S")
_HEADING = re.compile(r"\s*(?:#{1,6}\s+\S|(?:\*\*|__)[^*_]+(?:\*\*|__):?\s*$)")
_CONTINUED_NOTE = re.compile(r"(?!\s*(?:[-*+•]|\d{1,3}[.)])\s)(?:\s+\S|[\[\"“„«「])")
_QUOTE = re.compile(r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|「([^」]+)」")
_SPACES = re.compile(r"(?<=\S) {2,}")


@dataclass(frozen=True, slots=True)
class _Step:
    """The next stretch of text that is decided: where it ends and what stands there instead.

    Attributes:
        said: What later marks in the line shall take it for; None for what is shown.
        inert: It begins or ends with an address that was made code.
    """

    end: int
    shown: str
    said: str | None = None
    inert: bool = False


class CitationFilter:
    """Checks the marks and the links of an answer that arrives in pieces.

    Whole words pass as they come; what could become a mark, a link or code in a line is held back
    until that is decided. The joined output doesn't depend on the pieces. Code is left as it is.

    Attributes:
        confirmed: How many citations hold. One without a claim in front of it is not judged.
    """

    def __init__(
        self, marks: Marks, evidence: Evidence, links: LinkRule, language: Language = ENGLISH
    ) -> None:
        """Take what the answer may cite, what is written there, and what links it may have.

        Args:
            marks: The pages that were given to the model.
            evidence: What is written on them.
            links: Which addresses may be links.
            language: What our own words to the reader are in.
        """
        self.confirmed = 0
        self._language = language
        self._doubtful: list[str] = []
        self._unknown: list[str] = []
        self._marks = marks
        self._evidence = evidence
        self._links = links
        self._held = ""
        self._before = "\n"
        self._line = ""
        self._fence = ""
        self._exact = True
        # Lengths of runs of backticks in this paragraph that may have been taken wrongly for code,
        # or for none: what they enclose isn't sure.
        self._loose: set[int] = set()
        self._shown = ""
        self._inert = False
        self._marked = False

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The marks, as they are to be written, whose pages don't hold what is said of them."""
        return tuple(self._doubtful)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The marks, as the model wrote them, that name nothing that was given."""
        return tuple(self._unknown)

    def remark(self) -> str | None:
        """Say in a sentence for under the answer how many citations didn't hold, if any."""
        count = len(self._doubtful) + len(self._unknown)
        if not count:
            return None
        if self._unknown:
            return self._language.say_count(
                "I could not find one of the page references in the text; it is marked.",
                "I could not find {count} of the page references in the text; they are marked.",
                count,
            )
        return self._language.say_count(
            "I could not find one of the page references in the text; "
            "it is marked with a question mark.",
            "I could not find {count} of the page references in the text; "
            "they are marked with a question mark.",
            count,
        )

    def feed(self, text: str) -> str:
        """Take the next piece and return what is decided by now."""
        return self._release(self._held + text, final=False)

    def flush(self) -> str:
        """Return what was held back; nothing follows."""
        return self._release(self._held, final=True)

    def _release(self, text: str, *, final: bool) -> str:
        shown: list[str] = []
        at = 0
        while at < len(text):
            step = self._step(text, at, final=final)
            if step is None:
                break
            if (
                (step.inert and touches(self._shown))
                or (self._inert and step.shown.startswith("`"))
                # A bracket would make the mark a link's label.
                or (self._marked and step.shown.startswith("("))
            ):
                shown.append(" ")
            shown.append(step.shown)
            if step.shown:
                self._shown = step.shown[-1]
                self._inert = step.inert and self._shown == "`"
                self._marked = step.said == _CITED
            self._follow(step.shown if step.said is None else step.said)
            self._before = text[step.end - 1]
            at = step.end
        self._held = text[at:]
        return "".join(shown)

    def _follow(self, said: str) -> None:
        """Keep the line up to here, which is where a mark's claim is."""
        ended, newline, rest = said.rpartition("\n")
        if newline and _BLANK.fullmatch(self._line + ended):
            self._loose.clear()
        self._line = (rest if newline else self._line + rest)[-_LINE_REACH:]

    def _step(self, text: str, at: int, *, final: bool) -> _Step | None:
        """Decide the next stretch from `at`, or return None when that takes more text."""
        if self._before == "\n":
            if not final and _MAYBE_FENCE.match(text, at):
                return None
            if fence := _FENCE.match(text, at):
                return self._step_over_fence_line(text, at, fence, final=final)
        if self._fence:
            return self._step_in_fence(text, at, final=final)
        return self._step_in_line(text, at, final=final)

    def _step_in_line(self, text: str, at: int, *, final: bool) -> _Step | None:
        character = text[at]
        if run := _BACKTICKS.match(text, at):
            return self._step_over_code(text, run, final=final)
        if character == "\\":
            if at + 1 == len(text) and not final:
                return None
            return _keep(text, at, at + (2 if text[at + 1 : at + 2] in _ESCAPABLE else 1))
        if character == "!":
            return self._step_over_image(text, at, final=final)
        if character == "<":
            return self._step_over_angle(text, at, final=final)
        if character in BRACKETS:
            return self._step_over_bracket(text, at, final=final)
        if _WITHIN_WORD.match(character):
            return self._step_over_word(text, at, final=final)
        plain = _PLAIN_RUN.match(text, at)
        return _keep(text, at, plain.end() if plain else at + 1)

    def _step_over_fence_line(
        self, text: str, at: int, fence: re.Match[str], *, final: bool
    ) -> _Step | None:
        line_end = _line_end(text, fence.end())
        is_long = line_end - fence.end() > _FENCE_LINE_REACH
        if not (is_long or final or text[line_end - 1] == "\n"):
            return None
        rest = text[fence.end() : line_end]
        run = fence[2]
        if self._fence:
            is_closer = run.startswith(self._fence) and not rest.strip()
            if is_closer and (not self._exact or _CLOSING_INDENT.fullmatch(fence[1])):
                self._fence = ""
        elif run[0] == "`" and "`" in rest and not is_long:  # as in "```x``` is code"
            self._loose.add(len(run))
            return _keep(text, at, fence.end())
        else:
            self._fence = run
            # An indented fence ends where the list or the quote around it ends, and one with a "|"
            # may be the head of a table. From there on what looks like code may be none.
            self._exact = self._exact and not (fence[1] or is_long or "|" in rest)
        if self._exact:
            return _keep(text, at, line_end)
        self._loose.add(len(run))
        return _keep(text, at, fence.end())

    def _step_in_fence(self, text: str, at: int, *, final: bool) -> _Step | None:
        line_end = _line_end(text, at)
        if self._exact:
            return _keep(text, at, line_end)
        if text[line_end - 1] != "\n" and not final and line_end - at <= _LINE_REACH:
            return None
        return self._disarm(text, at, min(line_end, at + _LINE_REACH))

    def _step_over_code(self, text: str, opener: re.Match[str], *, final: bool) -> _Step | None:
        """Keep code within a line; backticks that may belong to other ones are plain text."""
        if opener.end() == len(text) and not final:
            return None
        run = opener[0]
        reach = opener.end() + _CODE_SPAN_REACH
        if len(run) not in self._loose:
            for closer in _BACKTICKS.finditer(text, opener.end()):
                if closer.end() > reach or not _is_plain_code(text, opener.end(), closer.start()):
                    break
                if closer.end() == len(text) and not final:
                    return None
                if len(closer[0]) in self._loose:  # it may close what began before
                    break
                if len(closer[0]) == len(run):
                    return _keep(text, opener.start(), closer.end())
            else:
                undecided = len(text) < reach and _is_plain_code(text, opener.end(), len(text))
                if undecided and not final:
                    return None
        self._loose.add(len(run))
        return _keep(text, opener.start(), opener.end())

    def _step_over_image(self, text: str, at: int, *, final: bool) -> _Step | None:
        if at + 1 == len(text) and not final:
            return None
        if not text.startswith("[", at + 1):
            return _keep(text, at, at + 1)
        end = _decide(close_link, text, at + 1, final=final)
        if end is None:
            return None
        return self._disarm(text, at, end) if end > 0 else _keep(text, at, at + 1)

    def _step_over_angle(self, text: str, at: int, *, final: bool) -> _Step | None:
        end = _decide(close_angled, text, at, final=final)
        if end is None:
            return _keep(text, at, at + 1) if final else None
        return self._disarm(text, at, end) if end > at else _keep(text, at, at + 1)

    def _step_over_word(self, text: str, at: int, *, final: bool) -> _Step | None:
        if _WITHIN_WORD.fullmatch(self._before):  # the rest of a word too long for an address
            rest = _WITHIN_WORD.match(text, at)
            return _keep(text, at, rest.end() if rest else at + 1)
        end = _decide(close_url, text, at, final=final)
        if end is None:
            return None
        if end > at:
            step = self._disarm(text, at, end)
            if step.shown == text[at:end] and _GOES_ON.match(text, end):
                # Where a chat sees an address end is its own affair, unless brackets say so.
                return _Step(end, f"<{step.shown}>")
            return step
        word = _ASCII_WORD.match(text, at)
        return _keep(text, at, word.end() if word else at + 1)

    def _disarm(self, text: str, at: int, end: int) -> _Step:
        written = text[at:end]
        self._loose.update(len(run) for run in _BACKTICKS.findall(written))
        length = next(length for length in count(1) if length not in self._loose)
        shown = self._links.disarm(written, "`" * length)
        is_inert = shown != written and "`" in {shown[:1], shown[-1:]}
        return _Step(end, shown, inert=is_inert)

    def _step_over_bracket(self, text: str, at: int, *, final: bool) -> _Step | None:
        if text[at] == "[":
            end = _decide(close_link, text, at, final=final)
            if end is None:
                return None
            if end > 0:
                return self._disarm(text, at, end)
        group = self._read_marks(text, at, final=final)
        if group is None:
            return None
        if not group:
            return _keep(text, at, at + 1)
        return _Step(group[-1].end, self._check(group, text), _CITED)

    def _read_marks(self, text: str, at: int, *, final: bool) -> list[Mark] | None:
        """Read the mark at `at` and those that follow it at once: they share one claim."""
        group: list[Mark] = []
        while len(group) < _MOST_MARKS:
            end = _decide(close_mark, text, at, final=final)
            if end is None:
                return None
            if text[at] == "[":
                link = _decide(close_link, text, at, final=final)
                if link is None:
                    return None
                end = -1 if link > 0 else end
            citations = self._marks.read(text[at + 1 : end - 1]) if end > 0 else ()
            if not citations:
                break
            group.append(Mark(at, end, citations))
            joint = _JOINT.match(text, end)
            if joint is None:
                undecided = _MAYBE_JOINT.fullmatch(text, end)
                return None if undecided and not final else group
            at = joint.end()
        return group

    def _check(self, group: Sequence[Mark], text: str) -> str:
        """Judge marks that share a claim, and return them as they shall stand in the answer."""
        claim = claim_of(self._line)

        def holds(*places: Place) -> bool:
            return not claim or self._evidence.supports(claim, *places)

        meant = _choose(group, holds)
        holding = holds(*_places_of(meant)) if claim else None
        shown = ""
        end = group[0].start
        for mark in group:
            shown += text[end : mark.start] or (" " if shown else "")
            end = mark.end
            written = text[mark.start : mark.end]
            shown += " ".join(
                self._write(citation, meant[citation], written, holding=holding)
                for citation in mark.citations
            )
        return shown

    def _write(
        self, citation: Citation, span: Span | None, written: str, *, holding: bool | None
    ) -> str:
        """Write one citation and count it; `holding` is None if there was nothing to judge."""
        if span is None:
            self._unknown.append(written)
            return self._language.say("[page not found]")
        # Which of several documents is meant, only a claim that holds can tell.
        mark = self._marks.write(span, named=len(citation.spans) == 1 or holding is True)
        if holding is None:
            return mark
        if holding:
            self.confirmed += 1
            return mark
        self._doubtful.append(mark)
        return f"{mark[:-1]}?]"


def claim_of(line: str) -> str:
    """Return what a mark at the end of this line stands behind; "" if that is nothing.

    It is the sentence, or what follows the last mark in it; in the row of a table all the cells.
    """
    line = _URL_IN_CLAIM.sub(" ", line)
    *earlier, part = _LINE_OPENING.sub("", line, count=1).split(_CITED)
    if line.lstrip().startswith("|"):
        return part.strip() if _TELLS.search(part) else ""
    sentences = [sentence for sentence in _SENTENCE_END.split(part) if _TELLS.search(sentence)]
    # Where marks go before what they stand for, one behind a full stop belongs to what follows.
    leads = bool(earlier) and not _TELLS.search(earlier[0])
    if not sentences or (leads and _STOPPED.search(part)):
        return ""
    return sentences[-1].strip()


@dataclass(frozen=True, slots=True)
class Checked:
    """Notes of which only those are left that their pages hold.

    Attributes:
        text: Headings and notes, a line each, with marks in their usual spelling.
        kept: How many notes there are.
        dropped: How many were left out.
    """

    text: str
    kept: int
    dropped: int


def check_notes(notes: str, marks: Marks, evidence: Evidence) -> Checked:
    """Check the model's notes on a part of a document: `- statement [p. 12] "words of the page"`.

    A note is kept if its quote stands on the page, or next to it. If it stands on another page
    alone, the mark is corrected. Without a quote, or with one that stands nowhere, the words and
    numbers of the statement decide. Lines without a mark are dropped, but for headings of notes.
    """
    lines: list[str] = []
    headings: list[str] = []
    kept = dropped = 0
    for line in _join_notes(notes):
        if _HEADING.match(line) and not find_marks(line, marks):
            level = _level_of(line)
            headings = [*(above for above in headings if _level_of(above) < level), line]
            continue
        note = _check_note(line, marks, evidence)
        if note:
            lines += [*headings, note]
            headings = []
            kept += 1
        elif _ITEM.match(line):
            dropped += 1
    return Checked("\n".join(lines), kept, dropped)


def _join_notes(notes: str) -> Iterator[str]:
    """Yield the lines, each with what is indented under it or goes on with a mark or a quote."""
    joined = ""
    for line in notes.splitlines():
        if joined and line.strip() and _CONTINUED_NOTE.match(line):
            joined = f"{joined} {line.strip()}"
            continue
        if joined:
            yield joined
        joined = line.rstrip() if line.strip() and not _HEADING.match(line) else ""
        if line.strip() and not joined:
            yield line.strip()
    if joined:
        yield joined


def _check_note(line: str, marks: Marks, evidence: Evidence) -> str:
    """Return the note as it is to be kept, or ""."""
    found = find_marks(line, marks)
    if not found:
        return ""
    bare = _replace(line, found, lambda _: "")
    quote = _find_quote(bare)
    if quote:

        def quoted(*places: Place) -> bool:
            return evidence.holds_quote(quote, *places)

        meant = _choose(found, quoted)
        if quoted(*_places_of(meant)):
            return _rewrite(line, found, meant, marks)
        place = evidence.find_quote(quote)
        if place and marks.knows(place):
            mark = marks.write(Span(place.document, place.page, place.page))
            return _replace(line, found, lambda index: mark if index == 0 else "")
        if not evidence.knows(quote):
            return ""  # Invented; a quote is never in another language than its page.
        bare = _QUOTE.sub("", bare)
    claim = claim_of(bare)
    if not claim:
        return ""
    meant = _choose(found, lambda *places: evidence.supports(claim, *places))
    holding = evidence.supports(claim, *_places_of(meant))
    return _rewrite(line, found, meant, marks) if holding else ""


def _rewrite(
    line: str, found: Sequence[Mark], meant: Mapping[Citation, Span | None], marks: Marks
) -> str:
    def write(index: int) -> str:
        spans = (meant[citation] for citation in found[index].citations)
        return " ".join(marks.write(span) for span in spans if span)

    return _replace(line, found, write)


def _replace(line: str, found: Sequence[Mark], write: Callable[[int], str]) -> str:
    """Put other words in the place of a line's marks."""
    parts: list[str] = []
    end = 0
    for index, mark in enumerate(found):
        parts += (line[end : mark.start], write(index))
        end = mark.end
    return _SPACES.sub(" ", "".join((*parts, line[end:]))).strip()


def _find_quote(line: str) -> str:
    quotes = [next(filter(None, groups)) for groups in _QUOTE.findall(line)]
    return quotes[-1] if quotes else ""


def _level_of(heading: str) -> int:
    """Return how deep a heading is; a line in bold is below all others."""
    marks = len(heading) - len(heading.lstrip("#"))
    return marks or 7


def _choose(marks: Iterable[Mark], holds: Callable[..., bool]) -> dict[Citation, Span | None]:
    """Say what each citation means; of several pages the first that holds, if one does."""

    def choose(spans: Sequence[Span]) -> Span | None:
        if len(spans) < 2:
            return spans[0] if spans else None
        return next((span for span in spans if holds(*span.places)), spans[0])

    return {citation: choose(citation.spans) for mark in marks for citation in mark.citations}


def _places_of(meant: Mapping[Citation, Span | None]) -> list[Place]:
    return [place for span in meant.values() if span for place in span.places]


def _decide(
    close: Callable[[str, int], int | None], text: str, at: int, *, final: bool
) -> int | None:
    """Ask where something ends; at the end of the answer that is always decided."""
    return close(f"{text}\n\n" if final else text, at)


def _keep(text: str, start: int, end: int) -> _Step:
    end = min(end, len(text))
    return _Step(end, text[start:end])


def _line_end(text: str, at: int) -> int:
    """Return the offset behind the line's newline, or the end of the text."""
    return text.find("\n", at) + 1 or len(text)


def _is_plain_code(text: str, start: int, end: int) -> bool:
    """Tell whether backticks around this make code of it, wherever it stands.

    Across lines they may belong to two items of a list, across a "|" to two cells of a table.
    """
    return not any(border in text[start:end] for border in "\n|")
