"""Which sentences tell most, by their words alone.

The oldest way to summarize (Luhn, "The Automatic Creation of Literature Abstracts", 1958): a
sentence matters when it holds words that the text uses often, or that somebody asks for.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.demo.quoted import Sentence

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_NUMBER = re.compile(r"\d")
_PROSE_END = re.compile(r"[.!?\u3002\uff01\uff1f][\"\u201d\u2019)]*$")
_LEADER = re.compile(r"(?:\. ?){4}|\u2026{2}")
_COMMON_WORDS = """
a about above after again all also am an and any are as at be because been before being below
between both but by can could did do does doing down during each few for from further had has have
having he her here hers him his how i if in into is it its just let many me more most much my no nor
not now of off on once only or other our out over own please same say says she should so some such
tell than that the their them then there these they this those through to too under until up us very
was we were what when where which while who whom why will with would you your
document file page pages quoted material
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_STEM = 6
_SHARE_OF_PROSE = 0.7
_PLAIN_CHARACTERS = range(40, 360)
_BARE = 0.3
_FIGURE = 0.15
_ASKED_FOR = 3.0
_ON_THE_PAGE = 0.3
_TOO_COMMON = 0.08
_ALWAYS_TELL = 8
_OPENING_WORDS = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that holds words that were asked for.

    Attributes:
        sentence: Which.
        words: Those that it holds.
        covered: How much of what is asked its page holds, 0 to 1; rare words are more of it.
        weight: More is better: rare words tell more than those that are everywhere.
    """

    sentence: Sentence
    words: frozenset[str]
    covered: float
    weight: float


def content_words(text: str) -> set[str]:
    """Return the words that carry meaning, in lower case and without a plural s."""
    words = {word.lower() for word in _WORD.findall(text)}
    return {
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in words
        if (len(word) > 1 or word.isdigit()) and word not in _COMMON
    }


def count_words(sentences: Sequence[Sentence]) -> Counter[str]:
    """Count in how many sentences each word stands."""
    counted: Counter[str] = Counter()
    for sentence in sentences:
        counted.update(sorted(content_words(sentence.text)))
    return counted


def most_telling(
    sentences: Sequence[Sentence], count: int, asked: Collection[str] = ()
) -> list[Sentence]:
    """Return at most `count` sentences, in their order and from everywhere in the text.

    Args:
        sentences: To choose from; they are cut into as many stretches, which give one each.
        count: How many are wanted.
        asked: Words that somebody asks for.
    """
    counted = count_words(sentences)
    # Luhn's upper limit: what stands everywhere says nothing of one place.
    most = max(_ALWAYS_TELL, _TOO_COMMON * len(sentences))
    for word in [word for word, times in counted.items() if times > most]:
        del counted[word]
    openings = Counter(_open(sentence) for sentence in sentences)
    stems = {_stem(word) for word in asked}
    # Where many sentences begin alike, none of them is telling.
    weights = [
        _weigh(sentence, counted, stems) / math.sqrt(openings[_open(sentence)])
        for sentence in sentences
    ]
    candidates = [at for at, weight in enumerate(weights) if weight > 0]
    size = len(candidates) / count if count else 1
    stretches: defaultdict[int, list[int]] = defaultdict(list)
    for place, at in enumerate(candidates):
        stretches[int(place / max(size, 1))].append(at)
    chosen = [max(stretch, key=weights.__getitem__) for stretch in stretches.values()]
    return [sentences[at] for at in chosen[:count]]


def find_hits(sentences: Sequence[Sentence], asked: Collection[str]) -> list[Hit]:
    """Find the sentences that hold any of these words, the best first."""
    wanted = {_stem(word): word for word in asked}
    held = [
        {stem for stem in map(_stem, content_words(sentence.text)) if stem in wanted}
        for sentence in sentences
    ]
    times = Counter(stem for stems in held for stem in stems)
    on_page: defaultdict[str, set[str]] = defaultdict(set)
    for sentence, stems in zip(sentences, held, strict=True):
        on_page[sentence.mark] |= stems

    def weigh(stems: Collection[str]) -> float:
        return sum(math.log(1 + len(sentences) / (times[stem] or 1)) for stem in sorted(stems))

    everything = weigh(wanted)
    hits = [
        Hit(
            sentence,
            frozenset(wanted[stem] for stem in stems),
            weigh(on_page[sentence.mark]) / everything,
            (weigh(stems) + _ON_THE_PAGE * weigh(on_page[sentence.mark])) * _plainness(sentence),
        )
        for sentence, stems in zip(sentences, held, strict=True)
        if stems
    ]
    return sorted(hits, key=lambda hit: -hit.weight)


def _weigh(sentence: Sentence, counted: Counter[str], asked: Collection[str]) -> float:
    words = content_words(sentence.text)
    if len(words) < 3:
        return 0.0
    weight = sum(math.log1p(counted[word]) for word in sorted(words)) / (len(words) + 4)
    weight += _FIGURE if _NUMBER.search(sentence.text) else 0.0
    weight += _ASKED_FOR * len({_stem(word) for word in words} & {*asked})
    return weight * _plainness(sentence)


def _open(sentence: Sentence) -> tuple[str, ...]:
    return tuple(sentence.text.lower().split()[:_OPENING_WORDS])


def _plainness(sentence: Sentence) -> float:
    """Put headings, formulas, code and tables of contents behind what can be read by itself."""
    text = sentence.text
    letters = sum(character.isalpha() or character.isspace() for character in text)
    is_plain = (
        _PROSE_END.search(text)
        and not text[0].islower()
        and len(text) in _PLAIN_CHARACTERS
        and letters >= _SHARE_OF_PROSE * len(text)
        and not _LEADER.search(text)
    )
    return 1.0 if is_plain or sentence.in_table else _BARE


def _stem(word: str) -> str:
    return word[:_STEM]
