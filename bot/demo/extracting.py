"""Answer from a prompt without a language model: find the sentences that matter and quote them.

The oldest way to summarize (Luhn, "The Automatic Creation of Literature Abstracts", 1958): a
sentence matters when it holds words that the text uses often, or that the question asks for.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

_QUOTED = re.compile(r"^\s*\|(?: |$)(?P<text>.*)$")
_LONE_MARK = re.compile(r"^\s*\[[^\[\]]{1,80}\]\s*$")
_MARK = re.compile(r"^\[(?P<mark>[^\[\]]{1,80})\]\s*")
_NAME = re.compile(
    r"name=\"(?P<given>[^\"\n]+)\""
    r"|[\u201c\"'](?P<quoted>[^\u201d\"'\n]+\.\w{1,5})[\u201d\"']"
    r"|(?P<bare>[\w.()-]+\.[A-Za-z]\w{1,4})\b"
)
_SENTENCE_END = re.compile(
    r"(?<=[.!?\u3002\uff01\uff1f])(?<!\b\d\.)(?<!\b\d\d\.)[\"\u201d\u2019)]*\s+(?=\S)"
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_FLAG = re.compile(r"/(?:no_)?think")
_SHARED = re.compile(r"\n?\(shared [^\n]*\)\s*$")
_NUMBERED = re.compile(r"^(\d+)([.)])")
_NUMBER = re.compile(r"\d")
_SUMMARY_WORDS = re.compile(
    r"\b(?:summar\w*|tl;?dr|key points|overview|abstract|gist|zusammenfass\w*|r[ée]sum\w*)\b",
    re.IGNORECASE,
)
_HELP_WORDS = re.compile(
    r"\b(?:what can you do|help|who are you|what are you|how do (?:you|i))\b"
    r"|^\W*(?:hi|hello|hey)\b",
    re.IGNORECASE,
)
_COMMON_WORDS = """
a about above after again all also am an and any are as at be because been before being below
between both but by can could did do does doing down during each few for from further had has have
having he her here hers him his how i if in into is it its just let me more most my no nor not now
of off on once only or other our out over own please same say says she should so some such tell
than that the their them then there these they this those through to too under until up us very was
we were what when where which while who whom why will with would you your
document file page pages quoted material
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_LONGEST_QUOTE = 320
_SHORT_LINE = 48
_OPENERS = ("#", "- ", "* ", "|", "•", "◦", "▪")

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document with the mark of its page, "" before the first mark."""

    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Source:
    """A document quoted in a prompt."""

    name: str
    sentences: tuple[Sentence, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.mark for s in self.sentences if s.mark))


@dataclass(frozen=True, slots=True)
class Question:
    """What a prompt asks and what it has to go by."""

    text: str
    sources: tuple[Source, ...]
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """An answer and the trace of how it was found."""

    answer: str
    trace: str


def wants_reasoning(messages: Sequence[tuple[Role, str]]) -> bool:
    """Follow the flags as the model's chat template does: the last message with one decides.

    Within a message `/think` beats `/no_think` (NVIDIA Nemotron Nano 9B v2 model card, template).
    """
    for role, text in reversed(messages):
        if role == "assistant":
            continue
        flags = set(_FLAG.findall(text))
        if flags:
            return "/think" in flags
    return True


def read_prompt(messages: Sequence[tuple[Role, str]]) -> Question:
    """Take a prompt apart: the question, the quoted documents, what was said before."""
    sources: list[Source] = []
    spoken: list[str] = []
    for role, text in messages:
        if role == "system":
            sources += find_sources(text)[0]
            continue
        found, rest = find_sources(_FLAG.sub("", text))
        sources += found
        spoken.append(rest)
    asked = _SHARED.sub("", spoken.pop()) if spoken else ""
    question = asked.strip().rpartition("\n\n")[2] if sources else asked.strip()
    return Question(question, tuple(sources), tuple(text for text in spoken if text.strip()))


def find_sources(text: str) -> tuple[list[Source], str]:
    """Split text into its quoted documents and the rest.

    A document is a run of lines that begin with `| ` and of page marks alone in their line. The
    lines before it name it; any other line that is not empty ends it.
    """
    sources: list[Source] = []
    rest: list[str] = []
    lines: list[str] = []
    name = ""

    def close() -> None:
        if any(_QUOTED.match(line) for line in lines):
            sources.append(_read_source(name or f"document {len(sources) + 1}", lines))
        else:
            rest.extend(lines)
        lines.clear()

    for line in text.split("\n"):
        if _QUOTED.match(line) or _LONE_MARK.match(line) or (lines and not line.strip()):
            lines.append(line)
            continue
        close()
        rest.append(line)
        keeps_name = not line.strip() or _is_frame(line)
        name = _find_name(line) or (name if keeps_name else "")
    close()
    kept = [line for line in rest if not (sources and _is_frame(line))]
    return sources, "\n".join(kept).strip()


def answer(question: Question) -> Extract:
    """Answer with what can be found, and say plainly what this is."""
    words = _content_words(question.text)
    trace = [f"The question: “{_shorten(_one_line(question.text), 200)}”."]
    if question.sources:
        summary = bool(_SUMMARY_WORDS.search(question.text)) or not words
        if summary:
            return _summarize(question, trace)
        return _look_up(question, words, trace)
    trace.append(f"No document is quoted. Earlier messages: {len(question.earlier)}.")
    if _HELP_WORDS.search(question.text) or not words:
        trace.append("It greets me or asks what I am: say what works here.")
        return Extract(_INTRODUCTION, "\n".join(trace))
    return _recall(question, words, trace)


_INTRODUCTION = """\
Hello! I'm **Aloud**, running here *without a language model*, so I can't reason about your \
question. What you see of me is real all the same:

- **Ask in a thread:** I keep what was said there and find earlier messages again.
- **Drop a file** (PDF, Word, slides, spreadsheet, text): I pick out the sentences that matter and \
give their pages.
- **Show reasoning:** the button under this answer shows how I got here.

For real answers, set `MODEL_API_KEY` (and `MODEL_BASE_URL` for another server) and start again."""

_FOOTNOTE = "_Picked out word for word: no language model is running here._"


def _summarize(question: Question, trace: list[str]) -> Extract:
    parts: list[str] = []
    for source in question.sources:
        picked = _most_telling(source, 5)
        trace.append(
            f"“{source.name}”: {len(source.sentences)} sentences, {len(source.marks)} marked pages."
        )
        common = ", ".join(word for word, _ in _frequencies(source).most_common(6))
        trace.append(f"Its most used words: {common}. Keep the sentences that hold most of them.")
        trace += [
            f"- {sentence.mark or 'start'}: “{_shorten(sentence.text, 90)}”" for sentence in picked
        ]
        if not source.sentences:
            parts.append(f"**{source.name}** holds no sentence that I could quote.")
            continue
        opening = source.sentences[0]
        points = "\n".join(f"- {_cite(s)}" for s in picked if s != opening)
        parts.append(
            f"**{source.name}** begins: {_cite(opening)}\n\n**What it says most about**\n\n{points}"
        )
    return Extract("\n\n".join([*parts, _FOOTNOTE]), "\n".join(trace))


def _look_up(question: Question, words: set[str], trace: list[str]) -> Extract:
    trace.append(f"Words to look for: {', '.join(sorted(words))}.")
    found: list[tuple[int, Source, Sentence]] = []
    for source in question.sources:
        matches = [
            (len(words & _content_words(sentence.text)), source, sentence)
            for sentence in source.sentences
        ]
        hits = [match for match in matches if match[0]]
        trace.append(f"“{source.name}”: {len(hits)} of {len(matches)} sentences hold one.")
        found += hits
    found.sort(key=lambda match: -match[0])
    if not found:
        names = " and ".join(f"**{source.name}**" for source in question.sources)
        missing = f"I find none of these words in {names}: {', '.join(sorted(words))}."
        return Extract(f"{missing}\n\n{_FOOTNOTE}", "\n".join(trace))
    best = found[:3]
    trace += [f"- {s.mark or 'start'}: {n} in “{_shorten(s.text, 90)}”" for n, _, s in best]
    if len(question.sources) > 1:
        lines = [f"> {_cite(sentence)} — {source.name}" for _, source, sentence in best]
    else:
        lines = [f"> {_cite(sentence)}" for _, _, sentence in best]
    lead = f"**{best[0][1].name}** says:" if len(question.sources) == 1 else "The documents say:"
    quotes = "\n>\n".join(lines)
    return Extract(f"{lead}\n\n{quotes}\n\n{_FOOTNOTE}", "\n".join(trace))


def _recall(question: Question, words: set[str], trace: list[str]) -> Extract:
    trace.append(f"Words to look for in them: {', '.join(sorted(words))}.")
    hits = [text for text in question.earlier if words & _content_words(text)]
    trace.append(f"{len(hits)} of them hold one.")
    if hits:
        quotes = "\n>\n".join(
            f"> {_shorten(_one_line(text), _LONGEST_QUOTE)}" for text in hits[-3:]
        )
        found = f"Earlier in this thread:\n\n{quotes}"
        return Extract(f"{found}\n\n{_FOOTNOTE}", "\n".join(trace))
    earlier = len(question.earlier)
    seen = (
        f"I can see {earlier} earlier message{'s' if earlier != 1 else ''} of this thread, and none"
        " speaks of it."
        if earlier
        else "This thread begins with your message, and no document is shared in it."
    )
    return Extract(
        f"I can't answer that: no language model is running here, I only find what was written. "
        f"{seen}\n\nDrop a file into this thread, or set `MODEL_API_KEY` for real answers.",
        "\n".join(trace),
    )


def _most_telling(source: Source, count: int) -> list[Sentence]:
    """Return the sentences with the most used words per length, in the document's order."""
    frequencies = _frequencies(source)
    scored: list[tuple[float, int]] = []
    for index, sentence in enumerate(source.sentences):
        words = _content_words(sentence.text)
        if len(words) < 3:
            continue
        weight = sum(frequencies[word] for word in words) / (len(words) + 4)
        weight += 0.5 if _NUMBER.search(sentence.text) else 0.0
        scored.append((-weight, index))
    chosen = sorted(index for _, index in sorted(scored)[:count])
    return [source.sentences[index] for index in chosen]


def _frequencies(source: Source) -> Counter[str]:
    counted: Counter[str] = Counter()
    for sentence in source.sentences:
        counted.update(sorted(_content_words(sentence.text)))
    return counted


def _content_words(text: str) -> set[str]:
    """Return the words that carry meaning, in lower case and without a plural s."""
    words = {word.lower() for word in _WORD.findall(text)}
    return {
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in words
        if len(word) > 1 and word not in _COMMON
    }


def _read_source(name: str, lines: Iterable[str]) -> Source:
    """Cut the lines of a document into sentences; a mark holds until the next one."""
    mark = ""
    sentences: list[Sentence] = []
    paragraph: list[str] = []

    def flush() -> None:
        texts = _SENTENCE_END.split(" ".join(paragraph))
        sentences.extend(Sentence(text.strip(), mark) for text in texts if _WORD.search(text))
        paragraph.clear()

    for line in lines:
        quoted = _QUOTED.match(line)
        text = quoted["text"].strip() if quoted else line.strip()
        opening = _MARK.match(text)
        if opening:
            flush()
            mark = f"[{opening['mark'].removesuffix(', continued')}]"
            text = text[opening.end() :]
        if not text or text.startswith(_OPENERS) or _breaks_off(paragraph, text):
            flush()
        paragraph.append(text.lstrip("#*-•◦▪ "))
        if text.startswith("#"):
            flush()
    flush()
    return Source(name, tuple(sentences))


def _breaks_off(paragraph: list[str], following: str) -> bool:
    """Tell a heading or a list's line from one that was only wrapped, as in text from a PDF."""
    if not paragraph or not paragraph[-1] or not following:
        return False
    last = paragraph[-1]
    starts_anew = following[0].isupper() or following[0].isdigit()
    return len(last) < _SHORT_LINE and last[-1] not in ",;:-" and starts_anew


def _find_name(line: str) -> str:
    match = _NAME.search(line)
    if match is None:
        return ""
    return match["given"] or match["quoted"] or match["bare"]


def _is_frame(line: str) -> bool:
    """Tell whether a line only frames quoted material: a boundary, or a word about it."""
    stripped = line.strip()
    framed = re.match(r"^(?:<\W*\w|<<|={3,}|-{3,}|\[\[)", stripped)
    return bool(framed) or stripped.lower().startswith("the quoted material ends")


def _cite(sentence: Sentence) -> str:
    text = _NUMBERED.sub(r"\1\\\2", _shorten(sentence.text, _LONGEST_QUOTE))
    return f"{text} {sentence.mark}" if sentence.mark else text


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
