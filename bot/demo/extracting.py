"""Answer from a prompt without a language model: find the sentences that matter and quote them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo.asked import Asked, Style
from bot.demo.quoted import Sentence, Source
from bot.demo.telling import content_words, count_words, find_hits, most_telling

_SUMMARY_WORDS = re.compile(
    r"\b(?:summar\w*|tl;?dr|key points|overview|abstract|gist|zusammenfass\w*|r[ée]sum\w*)\b",
    re.IGNORECASE,
)
_HELP_WORDS = re.compile(
    r"\b(?:what can you do|help|who are you|what are you|how do (?:you|i))\b"
    r"|^\W*(?:hi|hello|hey)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\W*(?:many |no,? )?(?:thanks|thank you|thx|danke\w*|merci|gracias|ありがとう\w*)\b"
    r"[^?\d]{0,40}\Z",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?P<number>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)"
    r" (?:\w+ )?(?:bullets?|points?|sentences?|lines?)\b",
    re.IGNORECASE,
)
_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_OF_FORM = content_words(
    "summary summarize summarise tldr short shorter brief longer long detailed english thanks thank"
    " bullet bullets point points sentence sentences line lines hello hi aloud key main"
) | content_words(" ".join(_NUMBERS))
_MARKUP = re.compile(r"[*_`~\\]|^(?:[#>+-]|\d+[.)])")
_LONGEST_QUOTE = 320
_LONGEST_NOTE = 160
_QUOTED_WORDS = 12
_POINTS = 5
_MESSAGES = 6
_TITLE_WORDS = 6
_LONGEST_TITLE = 60
_POINTS_OF_NOTES = 12
_POINTS_OF_A_TABLE = 16
_CHANGES = 12
_ANSWERS = 3
_NEARLY_ALL = 0.6


@dataclass(frozen=True, slots=True)
class Extract:
    """An answer and the trace of how it was found."""

    answer: str
    trace: str = ""


def answer(asked: Asked) -> Extract:
    """Answer with what can be found, and say plainly what this is."""
    words = content_words(asked.words)
    asks = f"The question: “{_shorten(_one_line(asked.words), 200)}”."
    trace = [asks if asked.words else "Nothing was asked in words."]
    match asked.task:
        case "notes" | "merge":
            return _make_notes(asked, words)
        case "summary" | "comparison":
            return _summarize(asked, words - _OF_FORM, trace)
        case "catch_up":
            return _catch_up(asked, trace)
        case "title":
            return Extract(_make_title(asked.words))
        case "question":
            pass
    if _THANKS.match(asked.words):
        return Extract("You're welcome.", "\n".join([*trace, "It says thanks."]))
    if asked.sources:
        if _SUMMARY_WORDS.search(asked.words) or not words:
            return _summarize(asked, words - _OF_FORM, trace)
        return _look_up(asked.sources, words, _scale(_ANSWERS, asked.style), trace)
    trace.append(f"No document is quoted. Earlier messages: {len(asked.earlier)}.")
    if _HELP_WORDS.search(asked.words) or not words:
        trace.append("It greets me or asks what I am: say what works here.")
        return Extract(_INTRODUCTION, "\n".join(trace))
    return _recall(asked, words, trace)


_INTRODUCTION = """\
Hello! I'm **Aloud**, running here *without a language model*, so I can't reason about your \
question. What you see of me is real all the same:

- **Ask in a thread:** I keep what was said there and find earlier messages again.
- **Drop a file** (PDF, Word, slides, spreadsheet, text): I pick out the sentences that matter and \
give their pages, from books as well.
- **Show reasoning:** the button under this answer shows how I got here.

For real answers, set `MODEL_API_KEY` (and `MODEL_BASE_URL` for another server) and start again."""

_FOOTNOTE = "_Picked out word for word: no language model is running here._"


def _make_notes(asked: Asked, words: set[str]) -> Extract:
    sentences = [sentence for source in asked.sources for sentence in source.sentences]
    picked = most_telling(sentences, asked.lines, words) or sentences[:1]
    return Extract("\n".join(map(_note, picked)) or "(There is nothing to note.)")


def _note(sentence: Sentence) -> str:
    statement = _shorten(sentence.text.replace('"', "'"), _LONGEST_NOTE)
    plain = max(sentence.text.split('"'), key=len)
    quote = " ".join(plain.split()[:_QUOTED_WORDS])
    return f'- {statement} {sentence.mark} "{quote}"'


def _catch_up(asked: Asked, trace: list[str]) -> Extract:
    """List what tells most of a conversation, and the questions that were asked in it."""
    said = [one for source in asked.sources for one in source.sentences]
    questions = [one for one in said if one.text.endswith("?")]
    others = [one for one in said if one not in questions]
    picked = most_telling(others, _scale(_MESSAGES, asked.style)) or others[:1]
    trace.append(f"{len(said)} messages are quoted, {len(questions)} of them questions.")
    trace += [f"- {one.mark}: “{_shorten(one.text, 90)}”" for one in picked]
    parts = [
        f"### {heading}\n\n" + "\n".join(f"- {_cite(one)}" for one in messages)
        for heading, messages in (
            ("What was said", picked),
            ("What was asked", questions[-_MESSAGES:]),
        )
        if messages
    ]
    return Extract("\n\n".join([*parts, _FOOTNOTE]), "\n".join(trace))


def _make_title(words: str) -> str:
    """Take the first words, without small ones at the end."""
    title = words.split()[:_TITLE_WORDS]
    while len(title) > 1 and not content_words(title[-1]):
        title.pop()
    return _shorten(" ".join(title), _LONGEST_TITLE)


def _scale(count: int, style: Style) -> int:
    """Return how many of something a shorter or longer answer holds."""
    return {"shorter": max(1, count // 2), "longer": count * 2, "": count}[style]


def _summarize(asked: Asked, words: set[str], trace: list[str]) -> Extract:
    changes = [source for source in asked.sources if source.kind == "changes"]
    others = [source for source in asked.sources if source.kind != "changes"]
    parts = [_list_changes(source, trace) for source in changes]
    if asked.task != "comparison":
        parts += [_list_points(source, asked, words, trace) for source in others]
    if not parts:
        parts.append("I find no changes that I could quote.")
    return Extract("\n\n".join([*parts, _FOOTNOTE]), "\n".join(trace))


def _list_changes(source: Source, trace: list[str]) -> str:
    trace.append(f"“{source.name}”: {len(source.sentences)} changed sentences are quoted.")
    shown = source.sentences[:_CHANGES]
    lines = [
        f"- {'Gone' if change.text.startswith('-') else 'New'}: "
        f"{_cite(Sentence(change.text[1:].strip(), change.mark))}"
        for change in shown
    ]
    beyond = len(source.sentences) - len(shown)
    lines += [f"- …and {beyond} more changed sentences."] if beyond else []
    return f"**What changed in {_escape(source.name)}**\n\n" + "\n".join(lines)


def _list_points(source: Source, asked: Asked, words: set[str], trace: list[str]) -> str:
    name = f"**{_escape(source.name)}**"
    count = len(source.sentences)
    trace.append(
        f"“{source.name}”: {count} notes on its parts."
        if source.kind == "notes"
        else f"“{source.name}”: {count} sentences, {len(source.marks)} marked pages."
    )
    if not source.sentences:
        return f"{name} holds no sentence that I could quote."
    common = ", ".join(word for word, _ in count_words(source.sentences).most_common(6))
    trace.append(f"Its most used words: {common}. Keep the sentences that hold most of them.")
    if words:
        trace.append(f"Words that you ask for come first: {', '.join(sorted(words))}.")
    opening = source.sentences[0]
    if opening.in_table:
        picked, lead = _describe_table(source.sentences), f"{name} as a table:"
    else:
        picked = most_telling(source.sentences, _count_points(asked, source), words)
        is_whole = source.kind != "notes" and opening not in picked
        lead = f"{name} begins: {_cite(opening)}" if is_whole else f"From {name}:"
    trace += [f"- {one.mark or 'start'}: “{_shorten(one.text, 90)}”" for one in picked]
    points = "\n".join(f"- {_cite(one)}" for one in picked)
    return f"{lead}\n\n{points}" if points else lead


def _count_points(asked: Asked, source: Source) -> int:
    counted = _COUNTED.search(asked.words)
    if counted is None:
        usual = _POINTS_OF_NOTES if source.kind == "notes" else _POINTS
        return _scale(usual, asked.style)
    number = counted["number"].lower()
    return int(number) if number.isdigit() else _NUMBERS.index(number)


def _describe_table(lines: Sequence[Sentence]) -> list[Sentence]:
    """Take what was computed of its sheets, without their rows."""
    told = [line for line in lines if "|" not in line.text and not line.text.endswith(":")]
    return told[:_POINTS_OF_A_TABLE]


def _look_up(sources: Sequence[Source], words: set[str], most: int, trace: list[str]) -> Extract:
    trace.append(f"Words to look for: {', '.join(sorted(words))}.")
    hits = []
    for source in sources:
        found = find_hits(source.sentences, words)
        trace.append(
            f"“{source.name}”: {len(found)} of {len(source.sentences)} sentences hold one."
        )
        hits += found
    hits.sort(key=lambda hit: -hit.weight)
    names = " and ".join(f"**{_escape(source.name)}**" for source in sources)
    if not hits:
        missing = f"I find none of these words in {names}: {', '.join(sorted(words))}."
        return Extract(f"{missing}\n\n{_FOOTNOTE}", "\n".join(trace))
    best = [hit for hit in hits[:most] if hit.weight >= _NEARLY_ALL * hits[0].weight]
    trace += [
        f"- {hit.sentence.mark or 'start'}: {len(hit.words)} in “{_shorten(hit.sentence.text, 90)}”"
        for hit in best
    ]
    lead = f"{names} says:" if len(sources) == 1 else "The documents say:"
    if hits[0].covered < 1 / 2:
        missing = ", ".join(sorted(words - hits[0].words))
        lead = f"I don't find this in {names}, at least not with: {missing}. The nearest is:"
    quotes = "\n>\n".join(f"> {_cite(hit.sentence)}" for hit in best)
    return Extract(f"{lead}\n\n{quotes}\n\n{_FOOTNOTE}", "\n".join(trace))


def _recall(asked: Asked, words: set[str], trace: list[str]) -> Extract:
    trace.append(f"Words to look for in them: {', '.join(sorted(words))}.")
    hits = [text for text in asked.earlier if words & content_words(text)]
    trace.append(f"{len(hits)} of them hold one.")
    if hits:
        quotes = "\n>\n".join(
            f"> {_shorten(_one_line(text), _LONGEST_QUOTE)}" for text in hits[-3:]
        )
        found = f"Earlier in this thread:\n\n{quotes}"
        return Extract(f"{found}\n\n{_FOOTNOTE}", "\n".join(trace))
    earlier = len(asked.earlier)
    seen = (
        f"I can see {earlier} earlier message{'s' if earlier != 1 else ''} of this thread, and none"
        " speaks of it."
        if earlier
        else "This thread begins with your message, and I could read no document in it."
    )
    return Extract(
        f"I can't answer that: no language model is running here, I only find what was written. "
        f"{seen}\n\nDrop a file into this thread, or set `MODEL_API_KEY` for real answers.",
        "\n".join(trace),
    )


def _cite(sentence: Sentence) -> str:
    text = _escape(_shorten(sentence.text, _LONGEST_QUOTE))
    return f"{text} {sentence.mark}" if sentence.mark else text


def _escape(text: str) -> str:
    """Keep what looks like markup in a document from becoming some."""
    return _MARKUP.sub(lambda sign: f"{sign[0][:-1]}\\{sign[0][-1]}", text)


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
