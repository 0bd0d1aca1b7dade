"""The Home tab and the dialogs for settings, as Slack's views. Pure.

What people wrote is defused and escaped here, so whatever goes out of here may be shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal
from zlib import crc32

from bot.conversation.preferences import (
    Defaults,
    PersonPreferences,
    Preferences,
    Rules,
    WorkspacePreferences,
)
from bot.conversation.recent import Recent, RecentDocument, RecentThread
from bot.language import Language, mark
from bot.slack import limits
from bot.slack.choices import (
    CHANNEL_CHOICES,
    MOST_TOKENS,
    PERSON_CHOICES,
    Choice,
    Chosen,
    Option,
    list_workspace_choices,
)
from bot.slack.defuse import defuse
from bot.slack.home_events import Dialog, Note
from bot.slack.markdown import escape, plain_text, shorten

Block = dict[str, Any]
View = dict[str, Any]

ACTION_PREFIX: Final = "home_"
"""What every `action_id` of the Home tab begins with."""

OPEN: Final = "home_open"
FORGET_THREAD: Final = "home_forget_thread"
FORGET_DOCUMENT: Final = "home_forget_document"
OPEN_WORKSPACE_SETTINGS: Final = "home_workspace_settings"
CHOOSE_CHANNELS: Final = "home_workspace_channels"

_MOST_CHANNELS: Final = 100
"""Ours: channels to choose. Slack documents no number for a menu of conversations."""

_WORDS_CHARS: Final = 120
"""Ours: characters of a thread's first words or of a file's name."""

_BAR_CELLS: Final = 10

Section = Literal["person", "recent", "workspace"]

_NOTES: Final[Mapping[Note, tuple[Section, str]]] = {
    "chosen": ("person", mark(":white_check_mark: Saved.")),
    "chosen_for_workspace": ("workspace", mark(":white_check_mark: Saved.")),
    "forgotten": ("recent", mark(":white_check_mark: Forgotten.")),
    "not_forgotten": ("recent", mark("I can't forget that for you: it isn't yours, or is gone.")),
    "not_admin": ("person", mark("Only admins of this workspace can change that.")),
    "not_opened": ("person", mark("I couldn't open that dialog. Please press the button again.")),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used in a month, in tokens; `most` is the budget, None if there is none."""

    answers: int
    tokens: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """What a workspace's admins chose, and within which bounds.

    Attributes:
        chosen: What they chose.
        defaults: What the operator set.
        most_days: How many days the operator keeps things.
        models: The names of the models that can be asked.
    """

    chosen: WorkspacePreferences
    defaults: Defaults
    most_days: int
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeState:
    """What one person's Home tab shows.

    Attributes:
        person: What the person chose.
        now: The time, in the person's time zone.
        own: What the person used this month.
        everyone: What the whole workspace used.
        recent: The person's threads and documents.
        workspace: The workspace's settings, None for those who may not change them.
        note: What was just done here.
    """

    person: PersonPreferences
    now: datetime
    own: Spent
    everyone: Spent
    recent: Recent
    workspace: WorkspaceSettings | None = None
    note: Note = ""


def render_home(state: HomeState, language: Language) -> View:
    """Render the Home tab."""
    return _home(
        [
            *_render_introduction(language),
            *_render_person(state, language),
            *_render_usage(state, language),
            *_render_recent(state, language),
            *_render_workspace(state, language),
        ]
    )


def render_bare_home(language: Language) -> View:
    """Render a Home tab for when Slack does not take the whole one."""
    sorry = language.say("I can't show your settings here just now; `/aloud settings` has them.")
    return _home([*_render_introduction(language), _context(sorry)])


def render_workspace_settings(settings: WorkspaceSettings, language: Language) -> View:
    """Render the dialog for what admins enter as numbers."""
    chosen, defaults = settings.chosen, settings.defaults
    return _dialog(
        "workspace_settings",
        "",
        [
            _number_input(
                "retention_days",
                language.say("Days to keep things"),
                language.say(
                    "Messages, reasoning and documents that are older are deleted. "
                    "At most {most}, which also holds if this is empty.",
                    most=settings.most_days,
                ),
                chosen.retention_days,
                settings.most_days,
            ),
            _number_input(
                "monthly_tokens",
                language.say("Tokens a month, all together"),
                _say_budget(defaults.monthly_tokens, language),
                chosen.monthly_tokens,
                MOST_TOKENS,
            ),
            _number_input(
                "person_tokens",
                language.say("Tokens a month, each person"),
                _say_budget(defaults.person_tokens, language),
                chosen.person_tokens,
                MOST_TOKENS,
            ),
        ],
        language,
    )


def render_channel_settings(
    preferences: Preferences,
    defaults: Defaults,
    *,
    channel: str,
    may_choose: bool,
    language: Language,
) -> View:
    """Render the dialog that `/aloud settings` opens in a channel.

    Args:
        preferences: What the person, the channel and the workspace chose.
        defaults: What the operator set.
        channel: Its id, "" to leave out what is the channel's, as in a direct message.
        may_choose: Whether the person may change what is the channel's.
        language: The person's.
    """
    blocks: list[Block] = []
    if channel and may_choose:
        above = Preferences(workspace=preferences.workspace).resolve(defaults, channel=channel)
        blocks += [
            _header(language.say("This channel")),
            *(
                _choice_input(choice, preferences.channel, above, language)
                for choice in CHANNEL_CHOICES
            ),
        ]
    elif channel:
        refused = language.say("This channel's settings can be changed by members, not by guests.")
        blocks.append(_context(refused))
    blocks.append(_header(language.say("Only for you")))
    blocks += [
        _choice_input(choice, preferences.person, None, language) for choice in PERSON_CHOICES
    ]
    return _dialog("channel_settings", channel, blocks, language)


def _render_introduction(language: Language) -> list[Block]:
    lines = (
        language.say("• Mention me in a channel or write to me: I answer in the thread."),
        language.say("• Share a file: I summarize it, with pages, and answer questions about it."),
        language.say("• *Show reasoning* under an answer shows how I came to it."),
    )
    return [_header(language.say("What I can do")), _section("\n".join(lines))]


def _render_person(state: HomeState, language: Language) -> list[Block]:
    return [
        _header(language.say("Your settings")),
        *_render_note(state.note, "person", language),
        *(_choice_row(choice, state.person, None, language) for choice in PERSON_CHOICES),
    ]


def _render_usage(state: HomeState, language: Language) -> list[Block]:
    own = language.say("You: {used}", used=_say_spent(state.own, language))
    lines = [f"{own}{_draw_budget(state.own, language)}"]
    if state.everyone.most is not None or state.workspace is not None:
        used = _say_spent(state.everyone, language)
        everyone = language.say("This workspace: {used}", used=used)
        lines.append(f"{everyone}{_draw_budget(state.everyone, language)}")
    month = language.month(state.now.astimezone(UTC))  # as it is counted
    return [
        _header(language.say("Used in {month}", month=month)),
        _section("\n".join(lines)),
    ]


def _say_spent(spent: Spent, language: Language) -> str:
    answers = language.say_count("{count} answer", "{count} answers", spent.answers)
    tokens = language.say_count("{count} token", "{count} tokens", spent.tokens)
    return f"{answers} · {tokens}"


def _draw_budget(spent: Spent, language: Language) -> str:
    if spent.most is None:
        return ""
    share = min(1.0, spent.tokens / spent.most) if spent.most else 1.0
    # It is full only when nothing is left.
    filled = int(share * _BAR_CELLS)
    of_budget = language.say(
        "{percent}% of the budget of {most}", percent=int(share * 100), most=spent.most
    )
    return f"\n{'▰' * filled}{'▱' * (_BAR_CELLS - filled)} {of_budget}"


def _render_recent(state: HomeState, language: Language) -> Iterator[Block]:
    note = _render_note(state.note, "recent", language)
    zone = state.now.tzinfo
    if state.recent.threads or note:
        yield _header(language.say("Your recent threads"))
        yield from note
    for number, thread in enumerate(state.recent.threads):
        words = plain_text(thread.words.replace("\n", " "), _WORDS_CHARS)
        yield _section(
            f"{words or language.say('(no text)')}\n{_say_where(thread, zone, language)}"
        )
        forget = _forget_button(
            FORGET_THREAD,
            f"{thread.thread.channel}:{thread.thread.thread_ts}",
            language.say("Forget this thread"),
            language.say(
                "I delete what I remember of this thread: what was said, my reasoning, and "
                "documents that are in no other thread. The messages in Slack stay."
            ),
            language,
        )
        yield _actions(f"thread_{number}", thread.permalink, forget, language)
    if state.recent.documents:
        yield _header(language.say("Your recent documents"))
    for number, document in enumerate(state.recent.documents):
        name = shorten(escape(defuse(_one_line(document.name))), _WORDS_CHARS)
        yield _section(f"{name}\n{_say_where(document, zone, language)}")
        forget = _forget_button(
            FORGET_DOCUMENT,
            document.file_id,
            language.say("Forget this document"),
            language.say(
                "I delete what I read of this document for all threads where you shared it. "
                "The file in Slack stays."
            ),
            language,
        )
        yield _actions(f"document_{number}", document.permalink, forget, language)


def _say_where(what: RecentThread | RecentDocument, zone: tzinfo | None, language: Language) -> str:
    ts = what.last_ts if isinstance(what, RecentThread) else what.ts
    when = language.time(datetime.fromtimestamp(float(ts), zone))
    channel = what.thread.channel
    # Slack shows a channel's name to those who may know it.
    where = language.say("Direct message") if channel.startswith("D") else f"<#{channel}>"
    return f"{where} · {when}"


def _render_workspace(state: HomeState, language: Language) -> Iterator[Block]:
    settings = state.workspace
    if settings is None:
        return
    yield {"type": "divider"}
    yield _header(language.say("Settings of this workspace"))
    yield from _render_note(state.note, "workspace", language)
    yield _channels_row(settings.chosen.channels, language)
    above = Preferences().resolve(settings.defaults, channel="")
    for choice in list_workspace_choices(settings.models):
        yield _choice_row(choice, settings.chosen, above, language)
    yield _numbers_row(settings, language)


def _channels_row(chosen: Sequence[str], language: Language) -> Block:
    label = language.say("Channels where I answer")
    menu: Block = {
        "type": "multi_conversations_select",
        "action_id": CHOOSE_CHANNELS,
        "placeholder": _plain(language.say("All channels"), limits_to=150),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        "max_selected_items": _MOST_CHANNELS,
    }
    if chosen:
        menu["initial_conversations"] = list(chosen[:_MOST_CHANNELS])
    hint = language.say("None chosen means all. In direct messages I always answer.")
    return _row(f"workspace_channels:{crc32(repr(chosen).encode())}", label, hint, menu)


def _numbers_row(settings: WorkspaceSettings, language: Language) -> Block:
    rules = Preferences(workspace=settings.chosen).resolve(settings.defaults, channel="")
    days = min(settings.chosen.retention_days or settings.most_days, settings.most_days)
    kept = language.say_count("Kept for {count} day", "Kept for {count} days", days)
    lines = (
        kept,
        _say_limit(language.say("All together"), rules.monthly_tokens, language),
        _say_limit(language.say("Each person"), rules.person_tokens, language),
    )
    button: Block = {
        "type": "button",
        "action_id": OPEN_WORKSPACE_SETTINGS,
        "text": _plain(language.say("Change…"), limits_to=limits.BUTTON_TEXT_CHARS),
        "accessibility_label": shorten(
            language.say("Change retention and budgets"), limits.BUTTON_TEXT_CHARS
        ),
    }
    return _row(
        "workspace_numbers", language.say("Retention and budgets"), "\n".join(lines), button
    )


def _say_limit(who: str, most: int | None, language: Language) -> str:
    if most is None:
        return language.say("{who}: no limit", who=who)
    return language.say("{who}: {most} tokens a month", who=who, most=most)


def _say_budget(set_up: int | None, language: Language) -> str:
    if set_up is None:
        return language.say("Prompts and answers count. Empty means no limit.")
    return language.say(
        "Prompts and answers count. It was set up with {most}, which also holds if this is empty "
        "or higher.",
        most=set_up,
    )


def _render_note(note: Note, section: Section, language: Language) -> list[Block]:
    if not note or _NOTES[note][0] != section:
        return []
    return [_context(language.say(_NOTES[note][1]))]


def _choice_row(choice: Choice, chosen: Chosen, above: Rules | None, language: Language) -> Block:
    menu = _menu(choice, chosen, above, language)
    code = menu.get("initial_option", {}).get("value", "")
    block_id = f"{choice.name}:{code}"
    return _row(block_id, language.say(choice.label), language.say(choice.hint), menu)


def _choice_input(choice: Choice, chosen: Chosen, above: Rules | None, language: Language) -> Block:
    return {
        "type": "input",
        "block_id": choice.name,
        "label": _plain(language.say(choice.label)),
        "hint": _plain(language.say(choice.hint)),
        "element": _menu(choice, chosen, above, language),
    }


def _menu(choice: Choice, chosen: Chosen, above: Rules | None, language: Language) -> Block:
    """Render a choice; `above` is what holds if it is left to others."""
    labels = {one.code: _say_option(choice, one, above, language) for one in choice.options}
    # Languages stand in the order of the reader's alphabet.
    ordered = sorted(
        choice.options,
        key=lambda option: labels[option.code].casefold() if option.says == "language" else "",
    )
    options = {option.code: _option(option.code, labels[option.code]) for option in ordered}
    now = getattr(chosen, choice.field)
    menu: Block = {
        "type": "static_select",
        "action_id": f"{ACTION_PREFIX}{choice.name}",
        "placeholder": _plain(language.say(choice.label), limits_to=150),
        "options": list(options.values()),
    }
    for option in choice.options:
        if option.value == now:
            menu["initial_option"] = options[option.code]
    return menu


def _say_option(choice: Choice, option: Option, above: Rules | None, language: Language) -> str:
    match option.says:
        case "name":
            return option.label
        case "language":
            named = language.name_of(option.label)
            return named[:1].upper() + named[1:]
        case "words":
            if above is None:
                return language.say(option.label)
            held = getattr(above, choice.field)
            names = (language.say(one.label) for one in choice.options if one.value == held)
            return language.say(option.label, choice=next(names, str(held)))


def _option(code: str, label: str) -> Block:
    return {"text": _plain(label, limits_to=limits.OPTION_TEXT_CHARS), "value": code}


def _number_input(field: str, label: str, hint: str, chosen: int | None, most: int) -> Block:
    element: Block = {
        "type": "number_input",
        "action_id": field,
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(most),
    }
    if chosen is not None:
        element["initial_value"] = str(min(chosen, most))
    return {
        "type": "input",
        "block_id": field,
        "optional": True,
        "label": _plain(label),
        "hint": _plain(hint),
        "element": element,
    }


def _actions(block_id: str, permalink: str, button: Block, language: Language) -> Block:
    elements = [button]
    if permalink:
        link: Block = {
            "type": "button",
            "action_id": OPEN,
            "text": _plain(language.say("Open"), limits_to=limits.BUTTON_TEXT_CHARS),
            "accessibility_label": shorten(
                language.say("Open this in Slack"), limits.BUTTON_TEXT_CHARS
            ),
            "url": permalink,
        }
        elements.insert(0, link)
    return {"type": "actions", "block_id": block_id, "elements": elements}


def _forget_button(
    action_id: str, value: str, label: str, warning: str, language: Language
) -> Block:
    """Render a button that forgets something, once that is confirmed."""
    return {
        "type": "button",
        "action_id": action_id,
        "text": _plain(language.say("Forget"), limits_to=limits.BUTTON_TEXT_CHARS),
        "value": value,
        "accessibility_label": shorten(label, limits.BUTTON_TEXT_CHARS),
        "confirm": {
            "title": _plain(label, limits_to=100),
            "text": _plain(warning, limits_to=300),
            "confirm": _plain(language.say("Forget"), limits_to=30),
            "deny": _plain(language.say("Keep it"), limits_to=30),
            "style": "danger",
        },
    }


def _row(block_id: str, label: str, hint: str, accessory: Block) -> Block:
    """Render a setting of the Home tab.

    The id of the block is another one when the setting is: while it is the same, Slack goes on to
    show what was last chosen there, whatever the new view says (Slack docs, "Updating modals").
    """
    return {**_section(f"*{label}*\n{hint}"), "block_id": block_id, "accessory": accessory}


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, limits_to=150)}


def _section(mrkdwn: str) -> Block:
    return {"type": "section", "text": _mrkdwn(shorten(mrkdwn, limits.SECTION_CHARS))}


def _context(mrkdwn: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(shorten(mrkdwn, limits.CONTEXT_CHARS))]}


def _mrkdwn(text: str) -> Block:
    # Verbatim: names and addresses in what people wrote don't become links.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str, limits_to: int = 2_000) -> Block:
    return {"type": "plain_text", "text": shorten(text, limits_to)}


def _home(blocks: Iterable[Block]) -> View:
    return {"type": "home", "blocks": list(blocks)}


def _dialog(dialog: Dialog, channel: str, blocks: list[Block], language: Language) -> View:
    return {
        "type": "modal",
        "callback_id": dialog,
        "private_metadata": channel,
        "title": _plain(language.say("Settings"), limits_to=24),
        "submit": _plain(language.say("Save"), limits_to=24),
        "close": _plain(language.say("Cancel"), limits_to=24),
        "blocks": blocks,
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())
