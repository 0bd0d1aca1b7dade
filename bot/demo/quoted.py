"""What a prompt quotes, taken apart: documents, notes and changes, sentence by sentence."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_FRAME = re.compile(
    r"^<(?P<kind>\w+) boundary=(?P<boundary>\w+)(?P<about>[^\n]*)>\n"
    r"(?P<body>.*?)"
    r"^</(?P=kind) boundary=(?P=boundary)>$",
    re.MULTILINE | re.DOTALL,
)
_NAME = re.compile(r"\b(?:name|to)=\"(?P<name>[^\"\n]+)\"")
_QUOTED = re.compile(r"\|(?: |$)(?P<text>.*)")
_MARK = re.compile(r"\[[^\[\]\n]+\]")
_MESSAGE_MARK = re.compile(r"\[m\d+\]")
_MARKS = r"\[[^\[\]\n]+\](?: *\[[^\[\]\n]+\])*"
_NOTE = re.compile(rf"[-*•] +(?P<said>.+?) *(?P<marks>{_MARKS}) *(?:[\"“].*)?")
_SHEET = re.compile(r"\[(?:.*, )?sheet\b")
_LEAD = "[before this part]"
_SENTENCE_END = re.compile(
    r"(?<=[.!?\u3002\uff01\uff1f])(?:(?<!\b\d\.)(?<!\b\d\d\.)|(?=\s+\d))"
    r"(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bcf\.)(?<!\bresp\.)(?<! \.)"
    r"[\"\u201d\u2019)]*\s+(?=\S)"
)
_DIVIDED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z])")
_WORD = re.compile(r"[^\W_]")
_SHORT_LINE = 48
_OPENERS = ("#", "- ", "* ", "|", "•", "◦", "▪")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that is quoted, or a line of a table, with the marks of its pages."""

    text: str
    mark: str

    @property
    def in_table(self) -> bool:
        return bool(_SHEET.match(self.mark))


@dataclass(frozen=True, slots=True)
class Source:
    """A frame of a prompt.

    Attributes:
        kind: The word that opens it: `document`; `notes`, made on one; `changes` between two, whose
            sentences begin with "- " where they are old and with "+ " where they are new;
            `conversation`, of which each message is a sentence, with its author's name before it.
        name: The document's, of changes the new one's, of a conversation the channel's.
        sentences: In the order in which they are quoted.
    """

    kind: str
    name: str
    sentences: tuple[Sentence, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.mark for one in self.sentences if one.mark))


def find_sources(text: str) -> tuple[list[Source], str]:
    """Part a prompt's text into what it quotes and the rest."""
    sources = [
        Source(
            frame["kind"],
            name["name"] if (name := _NAME.search(frame["about"])) else "the document",
            tuple(_read(frame["kind"], frame["body"].splitlines())),
        )
        for frame in _FRAME.finditer(text)
    ]
    return sources, _FRAME.sub("", text).strip()


def _read(kind: str, lines: Iterable[str]) -> Iterator[Sentence]:
    match kind:
        case "notes":
            return _read_notes(lines)
        case "changes":
            return _read_changes(lines)
        case "conversation":
            return _read_messages(lines)
        case _:
            return _read_pages(lines)


def _read_notes(lines: Iterable[str]) -> Iterator[Sentence]:
    for line in lines:
        quoted = _QUOTED.fullmatch(line)
        note = _NOTE.fullmatch(quoted["text"].strip()) if quoted else None
        if note:
            yield Sentence(note["said"], note["marks"])


def _read_changes(lines: Iterable[str]) -> Iterator[Sentence]:
    """Yield the changed sentences; of the marks above them the first is of the old document."""
    marks = [""]
    for line in lines:
        quoted = _QUOTED.fullmatch(line)
        if quoted is None:
            marks = _MARK.findall(line) or [""]
        elif _WORD.search(quoted["text"]):
            text = quoted["text"].strip()
            yield Sentence(text, marks[0] if text.startswith("-") else marks[-1])


def _read_messages(lines: Iterable[str]) -> Iterator[Sentence]:
    """Yield the messages of a conversation, each of which stands under its mark and time."""
    mark = ""
    said: list[str] = []
    for line in (*lines, "[m0]"):
        quoted = _QUOTED.fullmatch(line)
        if quoted is not None:
            said.append(quoted["text"].strip())
        elif found := _MESSAGE_MARK.match(line):
            if said:
                yield Sentence(" ".join(said), mark)
            mark, said = found[0], []


def _read_pages(lines: Iterable[str]) -> Iterator[Sentence]:
    """Yield the sentences of pages, each of which is opened by its mark."""
    mark = ""
    seen = 0
    paragraph: list[str] = []

    def flush() -> Iterator[Sentence]:
        text = _DIVIDED.sub("", "\n".join(paragraph)).replace("\n", " ")
        paragraph.clear()
        for sentence in _SENTENCE_END.split(text):
            if _WORD.search(sentence):
                yield Sentence(sentence.strip(), mark)

    for line in lines:
        quoted = _QUOTED.fullmatch(line)
        if quoted is None:
            yield from flush()
            if _MARK.fullmatch(line):
                mark, seen = line.replace(", continued]", "]"), 0
            continue
        text = quoted["text"].strip()
        if mark == _LEAD:
            continue
        if not text or text.startswith(_OPENERS) or _breaks_off(paragraph, text, on_top=seen == 1):
            yield from flush()
        seen += 1
        paragraph.append(text.lstrip("#*-•◦▪ "))
        if text.startswith("#") or _SHEET.match(mark):
            yield from flush()
    yield from flush()


def _breaks_off(paragraph: list[str], following: str, *, on_top: bool) -> bool:
    """Tell a heading or a list's line from one that was only wrapped, as in text from a PDF.

    A short line `on_top` of a page is its running head, whatever follows.
    """
    if not paragraph or not paragraph[-1]:
        return False
    last = paragraph[-1]
    starts_anew = following[0].isupper() or following[0].isdigit() or on_top
    return len(last) < _SHORT_LINE and last[-1] not in ",;:-" and starts_anew
