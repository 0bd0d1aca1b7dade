"""Commands, shortcuts and dialogs: what can be said at once is, all else waits in the ledger."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from bot.conversation.catch_up import SinceInFuture, parse_since
from bot.conversation.messages import ThreadKey
from bot.conversation.preferences import Defaults
from bot.errors import DeliveryError, NotInstalled
from bot.language import ENGLISH, Language
from bot.ledger import Entry, Ledger
from bot.slack.commands import (
    ASK_ABOUT,
    COMMAND,
    SUMMARIZE_MESSAGE_FILES,
    SUMMARIZE_THREAD,
    Ask,
    Command,
    Instruction,
    Shortcut,
    Wish,
    parse_command,
    parse_shortcut,
    parse_submission,
    read_instruction,
    write_ask,
)
from bot.slack.dialogs import find_faults, read_question, render_question_dialog
from bot.slack.events import parse_press
from bot.slack.markdown import escape
from bot.slack.whispers import (
    Share,
    render_forget_question,
    render_help,
    render_usage,
    render_whisper,
)
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.memory import Memory
from bot.store.preferences import PreferenceStore
from bot.store.usage import UsageStore, month_of
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

Answer = dict[str, Any] | None
"""What an ack carries; None for an empty one."""

OpenSettings = Callable[[Workspace, str, str, str], Awaitable[None]]
"""Opens the settings dialog: workspace, trigger id, user, channel; raises DeliveryError."""

_WISHES: Final[dict[str, Wish]] = {
    SUMMARIZE_THREAD: "thread",
    SUMMARIZE_MESSAGE_FILES: "files",
}
_PERSON_SECONDS: Final = 0.7
"""After so long a person is answered in English."""


class Desk:
    """Takes what people ask for beside messages; never waits for the model.

    Args:
        workspaces: The installations.
        ledger: Where asks are written down.
        memory: What we know of channels.
        usage: What was used.
        preferences: Who may use how much.
        defaults: The same, for whatever nobody chose.
        open_settings: Opens the settings dialog.
        leave_channel: Leaves all threads of a team's channel.
        metrics: Counts what came in.
        patience: Seconds that opening a dialog may take: with all before it, well within the 3 that
            a trigger and an ack have (Slack docs, "Modals").
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        ledger: Ledger,
        memory: Memory,
        usage: UsageStore,
        preferences: PreferenceStore,
        defaults: Defaults,
        open_settings: OpenSettings,
        leave_channel: Callable[[str, str], Awaitable[object]],
        metrics: Metrics,
        patience: float = 2.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._workspaces = workspaces
        self._ledger = ledger
        self._memory = memory
        self._usage = usage
        self._preferences = preferences
        self._defaults = defaults
        self._open_settings = open_settings
        self._leave_channel = leave_channel
        self._metrics = metrics
        self._patience = patience
        self._now = now

    async def receive_command(self, body: Mapping[str, Any]) -> Answer:
        """Take `/aloud …` and return what its sender is told at once, and alone."""
        command = parse_command(body)
        workspace = await self._find_workspace(command.team)
        if workspace is None:
            return render_whisper(escape(NotInstalled().tell(ENGLISH)))
        person = await workspace.directory.find_person_within(command.user, _PERSON_SECONDS)
        language = person.language
        instruction = read_instruction(command.text)
        match instruction.verb:
            case "help":
                return render_help(language)
            case "usage":
                return await self._say_usage(command, language)
            case "quiet":
                return await self._fall_quiet(command, language)
            case "forget":
                directly = command.channel.startswith("D")
                return render_forget_question(language, directly=directly)
            case "settings":
                return await self._show_settings(command, workspace, language)
            case "ask" | "summarize":
                return await self._take(command, instruction, language)

    async def receive_shortcut(self, body: Mapping[str, Any]) -> None:
        """Take a message shortcut: open its dialog, or write down what it asks for."""
        shortcut = parse_shortcut(body)
        workspace = await self._find_workspace(shortcut.team)
        if workspace is None:
            return
        if shortcut.name == ASK_ABOUT:
            await self._open_question(shortcut, workspace)
        elif shortcut.name in _WISHES:
            await self._accept(shortcut.key, _write_down(shortcut, _WISHES[shortcut.name]))
        else:
            log.warning("shortcut_unknown", name=shortcut.name)

    async def receive_submission(self, body: Mapping[str, Any]) -> Answer:
        """Take the dialog with the question; return its faults, or None, which closes it."""
        submission = parse_submission(body)
        workspace = await self._find_workspace(submission.team)
        if workspace is None:
            return None
        person = await workspace.directory.find_person_within(submission.user, _PERSON_SECONDS)
        faults = find_faults(submission, person.language)
        if faults:
            return {"response_action": "errors", "errors": faults}
        await self._accept(submission.key, read_question(submission))
        return None

    async def receive_forget(self, body: Mapping[str, Any]) -> None:
        """Take the button, pressed and confirmed, under the answer to `/aloud forget`."""
        press = parse_press(body)
        if await self._find_workspace(press.thread.team) is None:
            return
        ask = Ask(
            wish="forget",
            team=press.thread.team,
            person=press.user,
            person_team=press.thread.team,
            channel=press.thread.channel,
            asked_in=press.thread.channel,
        )
        await self._accept(press.key, ask)

    async def _take(self, command: Command, instruction: Instruction, language: Language) -> Answer:
        directly = command.channel.startswith("D")
        if instruction.verb == "summarize" and directly and not instruction.channel:
            example = f"`{COMMAND} summarize #general`"
            told = language.say("Which channel? Name it, such as: {example}", example=example)
            return render_whisper(escape(told))
        if instruction.verb == "summarize" and await self._is_to_come(command, instruction):
            return render_whisper(escape(SinceInFuture().tell(language)))
        ask = Ask(
            wish="channel" if instruction.verb == "summarize" else "answer",
            team=command.team,
            person=command.user,
            person_team=command.team,
            channel=instruction.channel or command.channel,
            asked_in=command.channel,
            text=instruction.text,
        )
        await self._accept(command.key, ask)
        if directly and await self._memory.knows_channel(command.team, command.channel):
            return None  # they see it appear
        return render_whisper(
            escape(language.say("I'm on it: the answer comes in our direct messages."))
        )

    async def _is_to_come(self, command: Command, instruction: Instruction) -> bool:
        """Say whether it names a time still to come; what takes its time is found out later."""
        try:
            async with asyncio.timeout(_PERSON_SECONDS):
                workspace = await self._workspaces.find(command.team)
                person = await workspace.directory.find_person(command.user)
                await asyncio.to_thread(
                    parse_since, instruction.text, now=self._now(), time_zone=person.time_zone
                )
        except SinceInFuture:
            return True
        except TimeoutError:
            pass
        return False

    async def _say_usage(self, command: Command, language: Language) -> Answer:
        month = month_of(self._now())
        chosen = await self._preferences.find(
            command.team, person=command.user, channel=command.channel
        )
        rules = chosen.resolve(self._defaults, channel=command.channel)
        person = await self._usage.of_person(command.team, command.user, month)
        team = await self._usage.of_team(command.team, month)
        return render_usage(
            datetime.fromtimestamp(self._now(), UTC),
            Share(person.answers, person.tokens, rules.person_tokens),
            Share(team.answers, team.tokens, rules.monthly_tokens),
            language,
        )

    async def _fall_quiet(self, command: Command, language: Language) -> Answer:
        if command.channel.startswith("D"):
            told = language.say(
                "Here I answer whatever you write. In a channel, this command keeps me out of its "
                "threads."
            )
        else:
            await self._leave_channel(command.team, command.channel)
            told = language.say(
                "I have left the threads of this channel. Mention me to have me back in one."
            )
        return render_whisper(escape(told))

    async def _show_settings(
        self, command: Command, workspace: Workspace, language: Language
    ) -> Answer:
        try:
            async with asyncio.timeout(self._patience):
                await self._open_settings(
                    workspace, command.trigger_id, command.user, command.channel
                )
        except (DeliveryError, TimeoutError) as error:
            log.warning("settings_not_opened", error=type(error).__name__, detail=str(error))
            told = language.say("The dialog didn't open. Please try once more.")
            return render_whisper(escape(told))
        return None

    async def _open_question(self, shortcut: Shortcut, workspace: Workspace) -> None:
        """Open the dialog right now: what it takes to open one is worth nothing in a moment."""
        try:
            async with asyncio.timeout(self._patience):
                person = await workspace.directory.find_person_within(
                    shortcut.user, _PERSON_SECONDS
                )
                await workspace.calls.call(
                    "views.open",
                    patience=self._patience,
                    trigger_id=shortcut.trigger_id,
                    view=render_question_dialog(shortcut, person.language),
                )
        except (DeliveryError, TimeoutError) as error:
            log.warning("dialog_not_opened", error=type(error).__name__, detail=str(error))
            # Whoever waits for it hears so, and not only if Slack can be reached right now.
            await self._accept(shortcut.key, _write_down(shortcut, "dialog"))

    async def _find_workspace(self, team: str) -> Workspace | None:
        try:
            return await self._workspaces.find(team)
        except NotInstalled:
            log.info("interaction_dropped", reason="not_installed", team=team)
            return None

    async def _accept(self, key: str, ask: Ask) -> None:
        now = f"{self._now():.6f}"
        entry = Entry(
            key=key,
            kind="ask",
            # It stands nowhere in Slack, so its place is its own.
            thread=ThreadKey(ask.team, ask.asked_in, now),
            ts=now,
            lane=f"ask:{ask.team}:{ask.person}",
            payload=write_ask(ask),
        )
        if await self._ledger.accept(entry):
            self._metrics.accepted.labels(entry.kind).inc()
            log.info("accepted", kind=entry.kind, key=key, wish=ask.wish)
        else:
            self._metrics.repeated.inc()
            log.debug("accepted_before", kind=entry.kind, key=key)


def _write_down(shortcut: Shortcut, wish: Wish) -> Ask:
    return Ask(
        wish=wish,
        team=shortcut.team,
        person=shortcut.user,
        person_team=shortcut.user_team,
        channel=shortcut.channel,
        asked_in=shortcut.channel,
        text=shortcut.text if wish == "files" else "",
        ts=shortcut.ts,
        thread_ts=shortcut.thread_ts,
        author=shortcut.author,
    )
