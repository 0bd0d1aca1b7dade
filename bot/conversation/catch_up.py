"""What somebody missed: a channel's or a thread's messages, to be summed up. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.conversation.addressing import take_directives
from bot.errors import AloudError
from bot.language import LANGUAGES, mark


class SinceInFuture(AloudError):
    """Somebody wants to know what happened since a time that is still to come."""

    plain = mark("That time hasn't come yet. Please name one that has passed, such as “yesterday”.")
    retryable = False


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What is to be summed up.

    Attributes:
        channel: The channel's id.
        thread_ts: The thread's root, "" for the channel itself.
        since: From when on, in seconds since 1970; 0 for all of a thread, or the newest of a
            channel.
        until: Up to when, 0 for now.
    """

    channel: str
    thread_ts: str = ""
    since: float = 0.0
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class _Words:
    """How one language asks for it.

    Attributes:
        asks: What asks for it; a linked channel stands in it as `#`. What is named `between` or
            `amid` stands between its words and says more.
        says_nothing: What may stand beside that: where it is, and polite words.
    """

    asks: re.Pattern[str]
    says_nothing: re.Pattern[str]


def _compile(asks: str, says_nothing: str, *, spaced: bool = True) -> _Words:
    start, end = (r"(?<!\w)", r"(?!\w)") if spaced else ("", "")
    return _Words(
        re.compile(f"{start}(?:{asks}){end}", re.IGNORECASE),
        re.compile(f"{start}(?:{says_nothing}|#){end}", re.IGNORECASE),
    )


_WORDS: Final = (
    _compile(
        r"what (?:did|have|do) (?:i|we) miss(?:ed)?|what(?: have|['\u2019]ve) i missed"
        r"|what(?: has|['\u2019]s)? happened (?:here|in (?:this|the) channel|in #)"
        r"|catch me up(?: on)?|bring me up to (?:speed|date)(?: on| in)?"
        r"|(?:summari[sz]e|sum up|recap|(?:summary|recap|tl;?dr) (?:of|for))"
        r" (?:(?:this|the) channel|#)",
        r"(?:in )?here|(?:in |on )?(?:this|the) channel|(?:in|on) #|hi|hey|hello|please|thanks"
        r"|thank you|(?:can|could|would|will) you|can i (?:get|have)|(?:give|tell) me|an?|the",
    ),
    _compile(
        r"was hab(?:e|['\u2019])? ich\b(?P<between>.{0,80}?)\bverpasst"
        r"|was ist (?:hier|in diesem (?:kanal|channel)|in #)(?: alles)? passiert"
        r"|bringe? mich auf den (?:neuesten |aktuellen )?stand"
        r"|(?:fass(?:e|t)?(?: mir| bitte)*|zusammenfassung) "
        r"(?:(?:diese[ns]|den|des) (?:kanals?|channels?)|(?:von |für )?#)"
        r"|(?:(?:diesen|den) (?:kanal|channel)|#)(?P<amid>.{0,80}?) zusammenfassen",
        r"hier|denn|alles|in (?:diesem|dem) (?:kanal|channel)|(?:in|von) #|hallo|hi|hey|bitte"
        r"|danke|mir|eine|zusammen|(?:kannst|könntest) du",
    ),
    _compile(
        r"(?:qu['\u2019]est[- ]ce que j['\u2019]ai|qu['\u2019]ai-je) (?:raté|manqué|loupé)"
        r"|j['\u2019]ai (?:raté|manqué|loupé) quoi|(?:mets|mettez)-moi (?:à jour|au courant)"
        r"|que s['\u2019]est-il passé (?:ici|dans (?:ce|le) (?:canal|salon)|dans #)"
        r"|(?:résume[rz]?(?:-moi)?|(?:résumé|récap|récapitulatif) (?:de|du))"
        r" (?:(?:(?:ce|le) )?(?:canal|salon)|(?:cette|la) chaîne|#)",
        r"ici|(?:dans|sur) (?:(?:ce|le) (?:canal|salon)|(?:cette|la) chaîne|#)|bonjour|salut|merci"
        r"|s['\u2019]il (?:te|vous) plaît|stp|svp|peux-tu|tu peux|(?:fais|donne)-moi|un|le",
    ),
    _compile(
        r"qué me (?:he perdido|perdí)|p[oó]nme al (?:día|corriente)"
        r"|qué (?:ha pasado|pasó) (?:aquí|en (?:este|el) canal|en #)"
        r"|(?:resum(?:e|ir|eme)|resúmeme|resumen (?:de|del)) (?:(?:(?:este|el) )?canal|#)",
        r"(?:por )?aquí|(?:en|de) (?:(?:este|el) canal|#)|hola|por favor|puedes|podrías|dame|hazme"
        r"|gracias|un|el",
    ),
    _compile(
        r"何を(?:見逃し|見落とし)(?:た|ました)か?|見逃したことを?(?:教えて)?"
        r"|(?:ここ|このチャンネル|#)で何が(?:あった|ありました|起きた|起きました)か?"
        r"|(?:このチャンネル|#)(?:の(?:動き|内容|会話|話|やり取り))?(?:の|を)(?:要約|まとめ)(?:して|て)?"
        r"|キャッチアップ(?:させて|して|したい)",
        r"(?:ここ|このチャンネル)[でのを]?|#[でのを]?|[のを](?=\s|\Z|ください|お願い)|ください|下さい|お願いします|教えて"
        r"|すみません",
        spaced=False,
    ),
)

_CHANNEL: Final = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>")
_QUOTED: Final = re.compile(
    r"^(?:>|&gt;).*$|```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»"
    r"|「[^」\n]*」",
    re.MULTILINE | re.DOTALL,
)
_MENTION: Final = re.compile(r"<@[A-Z0-9]+(?:\|[^<>]*)?>")
_MARKS: Final = " \t\n.,;:!?¿¡…。、！？・"  # noqa: RUF001  # the full-width marks of Japanese
_MOST_CHARACTERS: Final = 200
"""Whoever asks for a catch-up says little else."""

_SINCE: Final = re.compile(
    r"(?<!\w)(?:since|from|seit|ab|depuis|dès|à partir (?:de |du )?|desde|a partir (?:de |del )?)"
    r"(?!\w)\s*(?P<after>.+)"
    r"|(?P<before>\S{1,12}?)(?:から|以来|以降)",
    re.IGNORECASE | re.DOTALL,
)
_ARTICLE: Final = re.compile(
    r"(?:the|dem|der|den|das|le|la|les|el|los|las|du|del|ce|cet|on|at|am|um)\s+|l['\u2019]",
    re.IGNORECASE,
)
_DAYS: Final = {
    0: re.compile(
        r"today|this (?:morning|afternoon)|heute(?: (?:morgen|früh|vormittag))?"
        r"|aujourd['\u2019]hui|(?:ce )?matin|hoy|(?:esta )?mañana por la mañana|esta mañana"
        r"|今日|きょう|今朝"
    ),
    1: re.compile(
        r"yesterday(?: (?:morning|afternoon|evening|night))?|last night"
        r"|gestern(?: (?:morgen|früh|mittag|abend))?|hier(?: (?:matin|soir))?"
        r"|ayer(?: por la (?:mañana|tarde|noche))?|anoche|昨日|きのう|昨夜"
    ),
    2: re.compile(
        r"day before yesterday|vorgestern|avant[- ]hier|anteayer|antes de ayer|一昨日|おととい"
    ),
}
_WEEKS: Final = {
    0: re.compile(r"(?:this|diese[rn]?|cette|esta) (?:week|woche|semaine|semana)|今週"),
    1: re.compile(
        r"last week|(?:letzte|vorige)[rn]? woche|semaine (?:dernière|passée)"
        r"|semana pasada|先週"
    ),
}
_UNITS: Final = {
    "minutes": r"m|mins?|minutes?|minuten?|minutos?|分間?",
    "hours": r"h|hrs?|hours?|std|stunden?|heures?|horas?|時間",
    "days": r"d|days?|tage?n?|jours?|d[ií]as?|日(?=前|間)",
    "weeks": r"w|weeks?|wochen?|semaines?|semanas?|週間?",
}
_AGO: Final = re.compile(
    r"(?:(?:in |for |over )?(?:the )?(?:last|past) |vor |(?:in )?(?:den )?letzten |il y a "
    r"|(?:ces |les |des )|hace |(?:en )?(?:los |las )?últim[oa]s |過去)?"
    r"(?P<count>\d{1,4}) ?(?:derni[eè]re?s )?(?:"
    + "|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS.items())
    + r")(?: ago| derni[eè]re?s| passé[e]?s|前|間)?"
)
_DAY_AND_MONTH: Final = re.compile(
    r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})|(?P<month_first>\d{1,2})月(?P<day_last>\d{1,2})日"
)
_HAS_TIME: Final = re.compile(
    r"\d\s*(?::\d|h\b|[ap]\.?m\b|uhr|時)|noon|mittag|midi|mediod[ií]a|正午", re.IGNORECASE
)
_MAYBE_DATE: Final = re.compile(r"[^\W\d_]|\d[-./:]\d")
# dateparser passes over words that say nothing; behind a date they open something else.
_DANGLING: Final = re.compile(
    r"\b(?:about|and|at|for|from|in|of|on|over|the|with|das|de|den|der|des|die|du|el|et|im|la|las"
    r"|le|les|los|sobre|sur|und|von|y|zu|zum|zur|über)\Z"
)
_LONGEST_DATE: Final = 40
_MOST_DATE_WORDS: Final = 5


def parse_since(text: str, *, now: float, time_zone: str) -> tuple[float, str]:
    """Read since when somebody wants to be told, in English, German, French, Spanish or Japanese.

    A day begins at midnight, a week on Monday. Blocks for up to about half a second, when it meets
    its first date: call it in a thread.

    Args:
        text: Such as "since Monday", "2 days" or "about the launch since yesterday".
        now: Seconds since 1970.
        time_zone: The person's, such as "Europe/Berlin"; UTC stands in for one not known.

    Returns:
        From when on, in seconds since 1970, and what else the text says. Without a time in the
        text, the start of yesterday and the whole text.

    Raises:
        SinceInFuture: The time is still to come.
    """
    local = datetime.fromtimestamp(now, find_zone(time_zone))
    rest = text.strip()
    moment: datetime | None = None
    if match := _SINCE.search(rest):
        said = match["before"] or match["after"]
        moment, more = _read_opening(said, local)
        if moment is not None:
            rest = f"{rest[: match.start()]} {more} {rest[match.end() :]}"
    if moment is None:
        moment, more = _read_opening(rest, local)
        rest = rest if moment is None else more
    if moment is None:
        moment = _start_of_day(local, 1)
    if moment > local:
        raise SinceInFuture(text)
    return moment.timestamp(), " ".join(rest.split()).strip(_MARKS)


def find_catch_up(text: str, *, here: str, now: float, time_zone: str) -> CatchUp | None:
    """Tell whether a message asks for nothing but what was missed in a channel, and in which.

    "What did I miss since Monday?", "summarize this channel", "catch me up on #general": so in the
    languages of `parse_since`, which may be called, and blocks. What is quoted asks for nothing.

    Args:
        text: As Slack has it: channels are `<#C…|name>`.
        here: The channel that "here" means, "" if that is not known.
        now: Seconds since 1970.
        time_zone: The person's.

    Raises:
        SinceInFuture: It names a time that is still to come.
    """
    if _QUOTED.search(text) or len(text) > _MOST_CHARACTERS:
        return None
    channel = next(iter(_CHANNEL.findall(text)), here)
    said, _ = take_directives(" ".join(_CHANNEL.sub("#", _MENTION.sub(" ", text)).split()))
    for words in _WORDS if channel else ():
        left, asked = words.asks.subn(_keep_between, said, count=1)
        if not asked:
            continue
        left = words.says_nothing.sub(" ", left).strip(_MARKS)
        since, rest = parse_since(left, now=now, time_zone=time_zone)
        if not rest:
            return CatchUp(channel, since=since)
    return None


def _keep_between(asked: re.Match[str]) -> str:
    between = asked.groupdict()
    return f" {between.get('between') or between.get('amid') or ''} "


def _read_opening(text: str, local: datetime) -> tuple[datetime | None, str]:
    """Read the time that a text begins with, in as many words as make one, and what follows."""
    words = text.strip(_MARKS).split()
    for count in range(min(len(words), _MOST_DATE_WORDS), 0, -1):
        moment = _read_moment(" ".join(words[:count]), local)
        if moment is not None:
            return moment, " ".join(words[count:])
    return None, text


def _read_moment(text: str, local: datetime) -> datetime | None:
    """Read a time that is all of a text; None if it is none."""
    said = text.strip(_MARKS).lower()
    while article := _ARTICLE.match(said):
        said = said[article.end() :]
    for days, pattern in _DAYS.items():
        if pattern.fullmatch(said):
            return _start_of_day(local, days)
    for weeks, pattern in _WEEKS.items():
        if pattern.fullmatch(said):
            return _start_of_day(local, local.weekday() + 7 * weeks)
    if ago := _AGO.fullmatch(text.strip(_MARKS).lower()):
        unit = next(unit for unit in _UNITS if ago[unit])
        # Through UTC, or an hour would not be one where the clocks change.
        moment = (local.astimezone(UTC) - timedelta(**{unit: int(ago["count"])})).astimezone(
            local.tzinfo
        )
        return moment if unit in {"minutes", "hours"} else _start_of_day(moment, 0)
    if date := _DAY_AND_MONTH.fullmatch(said):
        day, month = date["day"] or date["day_last"], date["month"] or date["month_first"]
        return _find_latest(int(month), int(day), local)
    return _read_date(said, local)


def _find_latest(month: int, day: int, local: datetime) -> datetime | None:
    """Return the last such day that has come; dateparser takes "20.11." for a time of day."""
    for year in (local.year, local.year - 1):
        try:
            moment = local.replace(
                year=year, month=month, day=day, hour=0, minute=0, second=0, microsecond=0
            )
        except ValueError:
            return None
        if moment <= local:
            return moment
    return None


def _read_date(said: str, local: datetime) -> datetime | None:
    """Read a weekday, a date or a time of day; the last one that has passed, if it is no date."""
    if len(said) > _LONGEST_DATE or not _MAYBE_DATE.search(said) or _DANGLING.search(said):
        return None
    import dateparser  # type: ignore[import-untyped]  # noqa: PLC0415  # untyped; and takes 0.4 s, which a start has no time for

    found: datetime | None = dateparser.parse(
        said,
        languages=list(LANGUAGES),
        settings={
            "RELATIVE_BASE": local.replace(tzinfo=None),
            "PREFER_DATES_FROM": "past",
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )
    if found is None:
        return None
    moment = found.replace(tzinfo=local.tzinfo)
    return moment if _HAS_TIME.search(said) else _start_of_day(moment, 0)


def _start_of_day(moment: datetime, days: int) -> datetime:
    return (moment - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def find_zone(name: str) -> tzinfo:
    """Return a time zone by its name; UTC for one that is not known here."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
