"""Numbers as people write them, and whether one text's number stands in another text. Pure."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# A no-break space has become a plain one by then; apostrophes part thousands in Switzerland.
_NUMERAL = r"\d{1,3}(?: \d{3}){1,4}(?!\d)(?:[.,]\d{1,15})?|\d{1,15}(?:[.,'\u2019]\d{1,15})*"
_LARGEST_SMALL = 12
_SCALES = (0, 3, 4, 6, 8, 9, 12)
_SIGN = re.compile(r"\D")
_POWERS: Final[Mapping[str, int]] = {
    "k": 3, "tsd": 3, "thousand": 3, "tausend": 3, "mil": 3, "mille": 3, "тыс": 3, "千": 3,
    "万": 4, "萬": 4, "만": 4, "lakh": 5, "m": 6, "mn": 6, "mio": 6, "million": 6, "millions": 6,
    "millionen": 6, "millones": 6, "milioni": 6, "млн": 6, "百万": 6, "crore": 7, "億": 8, "亿": 8,
    "억": 8, "bn": 9, "billion": 9, "billions": 9, "mrd": 9, "milliarden": 9, "milliarde": 9,
    "milliard": 9, "milliards": 9, "miliardi": 9, "млрд": 9, "trillion": 12, "兆": 12,
}  # fmt: skip
_SCALE = "|".join(sorted(_POWERS, key=len, reverse=True))
_AFTER = (
    rf"\s?(?P<power>{_SCALE})(?![^\W\d_\u0e00-\uffff])|[\s-]?(?P<percent>%|‰|per ?cent|prozent)"
)
_PAGE_NUMBER = re.compile(rf"(?P<numeral>{_NUMERAL})(?:{_AFTER})?")
_ROUGHLY = (
    r"about|around|approx\w*\.?|roughly|nearly|almost|some|over|under|more than|less than|up to"
    r"|etwa|rund|circa|ca\.|fast|knapp|gut|über|unter|mehr als|weniger als|bis zu|environ|près de"
    r"|plus de|unos|cerca de|casi|más de|quasi|oltre|около|более|約|およそ|约|大约|近|超|[~≈><]"
)
# Numbers that belong to a name ("Q3", "COVID-19"), to a time of day, or that count in order say
# little, and are written in too many ways.
_CLAIMED_NUMBER = re.compile(
    r"(?<![a-zà-ÿ_#\d])(?<![a-z]-)(?<!\d[:.,'\u2019])"
    rf"(?:(?P<rough>{_ROUGHLY})\s?)?(?P<money>[$€£¥₹]\s?)?(?P<numeral>{_NUMERAL})"
    rf"(?![.,:]?\d|(?:st|nd|rd|th|s|er|ème|º|ª)\b)(?:{_AFTER})?"
)
_SHORT_YEAR = re.compile(r"\b(?:fy\s?['\u2019]?|(?:19|20)\d\d\s?[/\u2013-]\s?|['\u2019])(\d\d)\b")
_ERA_YEAR = re.compile(r"(令和|平成|昭和)\s?(\d{1,2}|元)年")
_ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925}
_NUMERAL_WORD = re.compile(r"[a-zäöüß]+(?:-[a-z]+)?")
_ONES = (
    "one two three four five six seven eight nine",
    "ein zwei drei vier fünf sechs sieben acht neun",
)
_TEENS = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
)
_TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
)


def _count_in_words() -> Iterator[tuple[str, int]]:
    """Yield the English and German words for 1 to 99, and two round ones."""
    for language, (ones, teens, tens) in enumerate(zip(_ONES, _TEENS, _TENS, strict=True)):
        yield from zip(ones.split(), range(1, 10), strict=True)
        yield from zip(teens.split(), range(10, 20), strict=True)
        for ten, value in zip(tens.split(), range(20, 100, 10), strict=True):
            yield ten, value
            for one, more in zip(ones.split(), range(1, 10), strict=True):
                yield (f"{one}und{ten}" if language else f"{ten}-{one}"), value + more
    for value, words in ((100, "hundred hundert einhundert"), (1_000, "thousand tausend")):
        yield from ((word, value) for word in words.split())


_WORDS: Final = dict(_count_in_words())


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a claim.

    Attributes:
        readings: What it may mean: "1.234" is 1234 or 1.234; each reading is one value or, for a
            date, several.
        power: Of ten, by which a word such as "million" behind it multiplies it.
        percent: A percent sign, or the word, follows.
        rough: "About", or a word like that, goes before.
    """

    readings: tuple[tuple[float, ...], ...]
    power: int = 0
    percent: bool = False
    rough: bool = False

    @property
    def year(self) -> bool:
        """Whether it looks like a year of our time."""
        value = self.readings[0][0]
        return not self.percent and not self.power and len(self.readings) == 1 and is_year(value)


def read_numbers(text: str) -> "array[float]":
    """Read all numbers of a page, sorted; `text` in NFKC and lower case.

    What can be read in two ways is there in both, with "4.3 million" as 4.3 and 4,300,000; so are
    the parts of dates, and the English and German words up to 100.
    """
    return array("d", sorted(set(_list_numbers(text))))


def _list_numbers(text: str) -> Iterator[float]:
    for match in _PAGE_NUMBER.finditer(text):
        numeral = match["numeral"]
        if numeral.isdigit():
            values: Iterable[float] = (float(numeral),)
        else:
            values = {value for reading in _read(numeral) for value in reading}
        yield from values
        if power := match["power"]:
            yield from (_raise(value, _POWERS[power]) for value in values)
    for match in _SHORT_YEAR.finditer(text):
        yield from (1900.0 + int(match[1]), 2000.0 + int(match[1]))
    for match in _ERA_YEAR.finditer(text):
        yield float(_ERAS[match[1]] + (1 if match[2] == "元" else int(match[2])))
    for word in set(_NUMERAL_WORD.findall(text)) & _WORDS.keys():
        yield float(_WORDS[word])


def read_figures(claim: str) -> list[Figure]:
    """Read the numbers of a claim that its page must hold; `claim` in NFKC and lower case.

    Left out are the smallest whole numbers, which may stand there as words of any language.
    """
    figures = []
    for match in _CLAIMED_NUMBER.finditer(claim):
        readings = _read(match["numeral"])
        value = readings[0][0]
        bare = not (match["percent"] or match["power"] or match["money"])
        if not bare:  # then it is no date
            readings = tuple(reading for reading in readings if len(reading) == 1) or readings
        if bare and len(readings) == 1 and len(readings[0]) == 1 and _is_small(value):
            continue
        figures.append(
            Figure(
                readings,
                _POWERS[match["power"]] if match["power"] else 0,
                bool(match["percent"]),
                bool(match["rough"]),
            )
        )
    return figures


def stands_in(figure: Figure, pages: Sequence["array[float]"]) -> bool:
    """Tell whether a number, perhaps rounded or in other units, is among those of the pages."""

    def is_there(value: float) -> bool:
        bounds = _bounds(figure, value)
        return any(_holds(page, low, high) for page in pages for low, high in bounds)

    return any(
        all((len(reading) > 1 and _is_small(value)) or is_there(value) for value in reading)
        for reading in figure.readings
    )


def follows_from(figure: Figure, operands: Collection[float]) -> bool:
    """Tell whether a number is sum or difference of two others; a percentage, ratio or change."""
    numbers = sorted(set(operands))
    values = [reading[0] for reading in figure.readings if len(reading) == 1]
    bounds = [bound for value in values for bound in _bounds(figure, value, (0, figure.power))]
    return any(
        low <= result < high
        for at, less in enumerate(numbers)
        for more in numbers[at + 1 :]
        for result in _combine(less, more, percent=figure.percent)
        for low, high in bounds
    )


def _combine(less: float, more: float, *, percent: bool) -> Iterator[float]:
    yield less + more
    yield more - less
    if percent and less > 0:
        yield 100 * less / more
        yield 100 * (more - less) / less
        yield 100 * (more - less) / more


def _read(numeral: str) -> tuple[tuple[float, ...], ...]:
    """Read a numeral in every way it may be meant; the likeliest first."""
    if numeral.isdigit():
        return ((float(numeral),),)
    if " " in numeral:
        apart = tuple(value for group in numeral.split() for value in _read(group)[0])
        return (*_read(numeral.replace(" ", "")), apart)
    groups = _SIGN.split(numeral)
    signs = _SIGN.findall(numeral)
    apart = tuple(map(float, groups))
    if len(set(signs)) == 1:
        whole = float("".join(groups))
        if len(groups) > 2:  # 1,234,567 or 12,34,567; else a date or a version
            return ((whole,),) if _are_thousands(groups) else (apart,)
        decimal = float(".".join(groups))
        if _are_thousands(groups):
            return ((whole,), (decimal,))
        day, month = groups
        is_date = signs == ["."] and len(month) == 2 and "00" < month < "13" and 0 < int(day) < 32
        return ((decimal,), apart) if is_date else ((decimal,),)
    if len(set(signs[:-1])) == 1 and _are_thousands(groups[:-1]):
        return ((float(f"{''.join(groups[:-1])}.{groups[-1]}"),),)
    return (apart,)


def _are_thousands(groups: Sequence[str]) -> bool:
    if groups[0].startswith("0") or not len(groups[0]) <= 3 == len(groups[-1]) or len(groups) > 5:
        return False
    inner = {len(group) for group in groups[1:-1]}
    return inner <= {3} or inner == {2}


def _bounds(
    figure: Figure, value: float, powers: Sequence[int] = _SCALES
) -> list[tuple[float, float]]:
    """Say between which numbers one must lie that may be told as `value`, in each unit.

    Tables are often in thousands or millions without saying so beside each number.
    """
    step = _step_of(value)
    if step > 1 and not figure.power and not figure.rough:
        step = min(step, value / 20) if value >= 100 else 1.0
    low, high = value - step / 2, value + step
    if is_year(value) and not (figure.power or figure.percent):
        low, high = value, value + 0.5
    if figure.power:
        return [(_raise(low, power), _raise(high, power)) for power in powers]
    bounds = [(low - 1e-9 * abs(low), high)]
    return [*bounds, (low / 100, high / 100)] if figure.percent else bounds


def _step_of(value: float) -> float:
    """Return the worth of the last digit that isn't a zero: 100 for 1,200, 0.1 for 1.5."""
    digits, _, exponent = f"{value:.14e}".partition("e")
    return float(10.0 ** (int(exponent) - len(digits.replace(".", "").rstrip("0")) + 1))


def _raise(value: float, power: int) -> float:
    # 4.3 * 10**6 is 4300000.0, but 1.1 * 10**6 is 1100000.0000000002 without rounding.
    return float(f"{value * 10**power:.14g}")


def _holds(numbers: "array[float]", low: float, high: float) -> bool:
    at = bisect_left(numbers, low)
    return at < len(numbers) and numbers[at] < high


def _is_small(value: float) -> bool:
    return value <= _LARGEST_SMALL and value.is_integer()


def is_year(value: float) -> bool:
    """Tell whether a number looks like a year of our time."""
    return 1900 <= value <= 2100 and value.is_integer()
