"""What people ask for beside messages: commands, shortcuts and dialogs as typed values. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import TypeAdapter

COMMAND: Final = "/aloud"

SUMMARIZE_THREAD: Final = "summarize_thread"
SUMMARIZE_MESSAGE_FILES: Final = "summarize_files"
ASK_ABOUT: Final = "ask_about"
SHORTCUTS: Final = (SUMMARIZE_THREAD, SUMMARIZE_MESSAGE_FILES, ASK_ABOUT)
"""The `callback_id`s of the message shortcuts, as the manifest has them."""

Verb = Literal["help", "ask", "summarize", "forget", "settings", "usage", "quiet"]
"""What `/aloud` does."""

Wish = Literal["answer", "channel", "thread", "files", "forget", "dialog"]
"""What is asked for.

An answer to a question; a channel or a thread summed up; a message's files summarized; what is
remembered of a place forgotten; an apology for a dialog that did not open.
"""

# A question mark, or as many words as nobody types who looks for a sub-command.
_QUESTION: Final = re.compile("[?\\uff1f]\\s*\\Z")
_QUESTION_WORDS: Final = 3
_MOST_EXTRA_WORDS: Final = 1
_SPACELESS: Final = re.compile("[\\u3040-\\u30ff\\u4e00-\\u9fff]{5,}")
_CHANNEL: Final = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>")

_WORDS: Final[dict[Verb, frozenset[str]]] = {
    "help": frozenset({"help", "hilfe", "aide", "ayuda", "ヘルプ", "?", "\uff1f"}),
    "ask": frozenset({"ask", "frage", "frag", "fragen", "demande", "demander", "pregunta"})
    | frozenset({"preguntar", "質問"}),
    "summarize": frozenset({"summarize", "summarise", "summary", "recap", "catchup", "catch-up"})
    | frozenset({"zusammenfassen", "zusammenfassung", "résumer", "resumer", "résume", "résumé"})
    | frozenset({"resumir", "resume", "resumen", "要約"}),
    "forget": frozenset({"forget", "vergiss", "vergessen", "oublier", "oublie", "olvidar"})
    | frozenset({"olvida", "忘れて", "忘れる"}),
    "settings": frozenset({"settings", "preferences", "einstellungen", "réglages", "reglages"})
    | frozenset({"paramètres", "ajustes", "configuración", "設定"}),
    "usage": frozenset({"usage", "budget", "verbrauch", "nutzung", "utilisation", "uso"})
    | frozenset({"consumo", "使用量", "利用状況"}),
    "quiet": frozenset({"quiet", "leave", "ruhe", "leise", "still", "silence", "silencio"})
    | frozenset({"tais-toi", "静かに"}),
}
_VERBS: Final[dict[str, Verb]] = {word: verb for verb, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody sent `/aloud`; it can't be sent in a thread, and stands nowhere.

    Attributes:
        team: The workspace that it was sent in.
        user: Who sent it.
        channel: Where it was sent.
        text: What follows the command's name; with `should_escape`, channels are `<#C…|name>`.
        trigger_id: Opens one dialog, for three seconds.
    """

    team: str
    user: str
    channel: str
    text: str
    trigger_id: str

    @property
    def key(self) -> str:
        """One command, however often it is delivered."""
        # A trigger opens a dialog in the person's name, so it is not kept itself.
        digest = hashlib.sha256(self.trigger_id.encode()).hexdigest()[:32]
        return f"command:{self.team}:{digest}"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Somebody chose one of our shortcuts in a message's menu.

    Attributes:
        name: One of `SHORTCUTS`.
        team: The workspace that it was chosen in.
        user: Who chose it.
        user_team: That person's workspace.
        channel: Where the message stands.
        ts: The message.
        thread_ts: The root of its thread, the message itself if it is in none.
        author: Who wrote the message, "" if it is nobody's.
        text: The message, as Slack has it.
        trigger_id: Opens one dialog, for three seconds.
        action_ts: When it was chosen.
    """

    name: str
    team: str
    user: str
    user_team: str
    channel: str
    ts: str
    thread_ts: str
    author: str
    text: str
    trigger_id: str
    action_ts: str

    @property
    def key(self) -> str:
        """One choice, however often it is delivered."""
        return f"shortcut:{self.team}:{self.channel}:{self.ts}:{self.user}:{self.action_ts}"


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody sent one of our dialogs off.

    Attributes:
        dialog: Its `callback_id`.
        team: The workspace.
        user: Who sent it.
        user_team: That person's workspace.
        view: The id of what was sent, a new one for each dialog that is opened.
        metadata: What we put in when it was opened.
        values: What was written or chosen, by block.
    """

    dialog: str
    team: str
    user: str
    user_team: str
    view: str
    metadata: Mapping[str, Any]
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """One dialog, however often its sending is delivered."""
        return f"submission:{self.team}:{self.view}"


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a command's text says.

    Attributes:
        verb: What to do.
        text: The question; or since when to sum up, in the person's words.
        channel: The channel to sum up, "" for the one the command was sent in.
    """

    verb: Verb
    text: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asked for by command, shortcut or dialog, as it waits in the ledger.

    Attributes:
        wish: What it is.
        team: The workspace.
        person: Who asks.
        person_team: That person's workspace.
        channel: What it is about.
        asked_in: Where the person was when they asked.
        text: The question, or since when to sum up, in the person's words; for a message's files,
            the message. As Slack has it, escaped.
        ts: The message that it is about, "" for none.
        thread_ts: The root of that message's thread.
        author: Who wrote that message.
        excerpt: How that message begins, as Slack has it.
        in_thread: Whether the answer is wanted in that thread, for all to read.
    """

    wish: Wish
    team: str
    person: str
    person_team: str
    channel: str
    asked_in: str
    text: str = ""
    ts: str = ""
    thread_ts: str = ""
    author: str = ""
    excerpt: str = ""
    in_thread: bool = False


_ASKS: Final = TypeAdapter(Ask)


def write_ask(ask: Ask) -> dict[str, Any]:
    """Write it as JSON, for the ledger."""
    written: dict[str, Any] = _ASKS.dump_python(ask, mode="json")
    return written


def read_ask(payload: Mapping[str, Any]) -> Ask:
    """Read what `write_ask` wrote."""
    return _ASKS.validate_python(payload)


def read_instruction(text: str) -> Instruction:
    """Read what follows `/aloud`, in English, German, French, Spanish or Japanese.

    Its first word says what to do. A text without such a word is a question, if it looks like one;
    else whoever wrote it needs help. So is a sentence that only begins with such a word.
    """
    said = text.strip()
    word, _, rest = said.partition(" ")
    verb = _VERBS.get(word.casefold().rstrip(":,"))
    rest = rest.strip()
    match verb:
        case "ask":
            return Instruction("ask" if rest else "help", rest)
        case "summarize":
            channel = _CHANNEL.search(rest)
            since = " ".join(_CHANNEL.sub(" ", rest).split())
            return Instruction("summarize", since, channel[1] if channel else "")
        case "forget":
            # Whatever follows: that it is forgotten is not to be promised by the model.
            return Instruction("forget")
        case None:
            return Instruction("ask", said) if _looks_like_question(said) else Instruction("help")
        case _ if len(rest.split()) > _MOST_EXTRA_WORDS:
            return Instruction("ask", said)
        case _:
            return Instruction(verb)


def parse_command(body: Mapping[str, Any]) -> Command:
    """Read a slash command: form fields over HTTP, JSON in Socket Mode, of the same names."""
    return Command(
        team=body.get("team_id") or body.get("enterprise_id") or "",
        user=body["user_id"],
        channel=body["channel_id"],
        text=body.get("text") or "",
        trigger_id=body.get("trigger_id") or "",
    )


def parse_shortcut(body: Mapping[str, Any]) -> Shortcut:
    """Read a `message_action` payload."""
    message = body.get("message") or {}
    ts = body.get("message_ts") or message.get("ts") or ""
    return Shortcut(
        name=body.get("callback_id") or "",
        team=_find_team(body),
        user=body["user"]["id"],
        user_team=body["user"].get("team_id") or _find_team(body),
        channel=(body.get("channel") or {}).get("id") or "",
        ts=ts,
        thread_ts=message.get("thread_ts") or ts,
        author=message.get("user") or message.get("bot_id") or "",
        text=message.get("text") or "",
        trigger_id=body.get("trigger_id") or "",
        action_ts=body.get("action_ts") or "",
    )


def parse_submission(body: Mapping[str, Any]) -> Submission:
    """Read a `view_submission` payload; what was left empty is ""."""
    view = body["view"]
    try:
        metadata = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        metadata = {}
    return Submission(
        dialog=view.get("callback_id") or "",
        team=_find_team(body) or view.get("team_id") or "",
        user=body["user"]["id"],
        user_team=body["user"].get("team_id") or _find_team(body),
        view=view.get("id") or "",
        metadata=metadata if isinstance(metadata, dict) else {},
        values={
            block: _read_value(next(iter(elements.values()), {}))
            for block, elements in ((view.get("state") or {}).get("values") or {}).items()
        },
    )


def _find_team(body: Mapping[str, Any]) -> str:
    """Return an interaction's team; where a whole organisation installed us, `team` can be null."""
    user_team: str = (body.get("user") or {}).get("team_id") or ""
    team: str = (body.get("team") or {}).get("id") or ""
    return team or user_team


def _read_value(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    value: str = element.get("value") or chosen.get("value") or ""
    return value


def _looks_like_question(text: str) -> bool:
    return (
        bool(_QUESTION.search(text))
        or len(text.split()) >= _QUESTION_WORDS
        or bool(_SPACELESS.search(text))
    )
