"""What is asked for by a command, a shortcut or a dialog, made a turn like any other."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.catch_up import CatchUp, SinceInFuture, find_catch_up, find_zone, parse_since
from bot.conversation.messages import ThreadKey
from bot.errors import AloudError, DeliveryDelayed, DeliveryError, DeliveryRefused, LeaseLost
from bot.language import Language
from bot.lease import Lease
from bot.ledger import OFFERED, Entry, Ledger, Outcome, Turn
from bot.slack.anchors import (
    post_in_thread,
    post_to_person,
    render_question,
    say_channel_summary,
    say_thread_summary,
    say_who_asked,
    say_you_asked,
    tell_person,
)
from bot.slack.commands import Ask, read_ask
from bot.slack.directory import Person
from bot.slack.events import Said, to_json
from bot.slack.links import SLACK_ORIGIN
from bot.slack.markdown import escape
from bot.slack.render import OutgoingMessage
from bot.slack.text import resolve_text
from bot.slack.threads import read_files
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.memory import Memory

log = structlog.get_logger(__name__)

_DELAYED_SECONDS: Final = 5.0
_MOST_DELAY_SECONDS: Final = 60.0
_PATIENCE_SECONDS: Final = 3_600.0
"""How long a person waits for what they were promised."""

_LINK_SECONDS: Final = 5.0
_UNANSWERED: Final[tuple[Outcome, ...]] = ("silent", "failed", "dead", "refused")
"""How a message's turn ended that may be asked to summarize its files after all."""

_UNADDRESSED: Final = frozenset({"share", "reply", "overheard"})
"""The calls of messages that may have been let be."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """One thing that somebody asked for."""

    turn: Turn
    ask: Ask
    workspace: Workspace
    person: Person

    @property
    def language(self) -> Language:
        """What our own words to the person are in."""
        return self.person.language


class Asks:
    """Gives each question an anchor in Slack and a turn of its own, which answers it there.

    Args:
        ledger: Where turns are written down.
        memory: What is forgotten on request.
        workspaces: The installations.
        together: What is written within it becomes durable together.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        memory: Memory,
        workspaces: Workspaces,
        together: Callable[[], AbstractAsyncContextManager[object]],
    ) -> None:
        self._ledger = ledger
        self._memory = memory
        self._workspaces = workspaces
        self._together = together

    async def answer(self, turn: Turn, lease: Lease) -> None:
        """Do what was asked for, or say why not; what Slack's weather delays is tried again."""
        errand = await self._prepare(turn, lease)
        try:
            await self._do(errand)
        except SinceInFuture as error:
            await self._tell(errand, error.tell(errand.language), "since_in_future")
        except DeliveryDelayed as error:
            if turn.age > _PATIENCE_SECONDS:
                await self._close(turn, "refused", error.code)
            else:
                patience = min(_DELAYED_SECONDS + turn.age / 4, _MOST_DELAY_SECONDS)
                delay = max(patience, error.retry_after or 0)
                await self._ledger.put_back(turn, delay=delay, delivery=True)
        except DeliveryRefused as error:
            log.warning("ask_refused", code=error.code, detail=str(error))
            told = errand.language.say(
                "Slack doesn't let me write to you directly. Please mention me in a channel "
                "instead."
            )
            await self._whisper_at_last(errand, told)
            await self._close(turn, "refused", error.code)

    async def abandon(self, turn: Turn, lease: Lease) -> None:
        """End an ask that keeps breaking: say so, if even that does not break."""
        try:
            errand = await self._prepare(turn, lease)
            await self._whisper_at_last(errand, AloudError().tell(errand.language))
        except (LeaseLost, SQLAlchemyError):
            raise
        except Exception:
            log.exception("ask_not_apologized_for")
        await self._close(turn, "dead", "abandoned")

    async def _prepare(self, turn: Turn, lease: Lease) -> _Errand:
        ask = read_ask(turn.payload)
        workspace = (await self._workspaces.find(ask.team)).fenced(lease.check)
        return _Errand(turn, ask, workspace, await workspace.directory.find_person(ask.person))

    async def _do(self, errand: _Errand) -> None:
        match errand.ask.wish:
            case "answer" if errand.ask.in_thread:
                await self._ask_in_thread(errand)
            case "answer":
                await self._ask_privately(errand)
            case "channel":
                await self._sum_up_channel(errand)
            case "thread":
                await self._sum_up_thread(errand)
            case "files":
                await self._summarize_files(errand)
            case "forget":
                await self._forget(errand)
            case "dialog":
                told = errand.language.say("The dialog didn't open. Please try once more.")
                await self._tell(errand, told, "dialog_apologized_for")

    async def _ask_in_thread(self, errand: _Errand) -> None:
        """Ask where everybody reads it; where we can't post, the answer comes privately."""
        turn, ask = errand.turn, errand.ask
        thread = ThreadKey(ask.team, ask.channel, ask.thread_ts)
        link = await _find_link(errand)
        heading = say_who_asked(errand.person.name, link, errand.language)
        anchor = await _render(errand, heading, ask.text)
        try:
            ts = await post_in_thread(
                errand.workspace.calls,
                anchor,
                thread,
                turn.id,
                since=turn.accepted_at,
                resumed=turn.resumed,
            )
        except DeliveryRefused as error:
            log.info("thread_refused", code=error.code)
            note = errand.language.say("I can't write in that thread, so I answer here.")
            if error.code == "not_in_channel":
                note = errand.language.say(
                    "I can't write in that thread, so I answer here. Invite me to the channel to "
                    "have me there."
                )
            await self._ask_privately(errand, note=note)
            return
        quoted = f"<@{ask.author}>: {ask.excerpt}" if ask.excerpt else ""
        await self._accept(
            errand,
            Said(
                thread=thread,
                ts=ts,
                author=ask.person,
                author_team=ask.person_team,
                text="\n\n".join(filter(None, (ask.text, quoted))),
                call="asked",
                forwarded=quoted,
            ),
        )

    async def _ask_privately(self, errand: _Errand, *, note: str = "") -> None:
        ask = errand.ask
        if not ask.ts:
            here = "" if ask.channel.startswith("D") else ask.channel
            catch_up = await asyncio.to_thread(
                find_catch_up,
                ask.text,
                here=here,
                now=errand.turn.accepted_at,
                time_zone=errand.person.time_zone,
            )
            await self._ask(errand, say_you_asked("", errand.language), ask.text, catch_up)
            return
        link = await _find_link(errand)
        heading = say_you_asked(link, errand.language)
        await self._ask(errand, heading, f"{ask.text}\n<{escape(link)}>", note=note)

    async def _sum_up_channel(self, errand: _Errand) -> None:
        ask, zone = errand.ask, errand.person.time_zone
        since, more = await asyncio.to_thread(
            parse_since, ask.text, now=errand.turn.accepted_at, time_zone=zone
        )
        moment = errand.language.time(datetime.fromtimestamp(since, find_zone(zone)))
        heading = say_channel_summary(ask.channel, moment, errand.language)
        await self._ask(errand, heading, more, CatchUp(ask.channel, since=since))

    async def _sum_up_thread(self, errand: _Errand) -> None:
        ask = errand.ask
        heading = say_thread_summary(ask.channel, await _find_link(errand), errand.language)
        await self._ask(errand, heading, "", CatchUp(ask.channel, ask.thread_ts))

    async def _ask(
        self,
        errand: _Errand,
        heading: str,
        text: str,
        catch_up: CatchUp | None = None,
        *,
        note: str = "",
    ) -> None:
        """Ask in our direct messages with the person."""
        turn, ask = errand.turn, errand.ask
        shown = ask.text if ask.wish == "answer" else text
        anchor = await _render(errand, heading, shown, note=note)
        channel, ts = await post_to_person(
            errand.workspace.calls,
            anchor,
            ask.person,
            turn.id,
            since=turn.accepted_at,
            resumed=turn.resumed,
        )
        await self._accept(
            errand,
            Said(
                thread=ThreadKey(ask.team, channel, ts),
                ts=ts,
                author=ask.person,
                author_team=ask.person_team,
                text=text,
                call="asked",
                catch_up=catch_up,
            ),
        )

    async def _summarize_files(self, errand: _Errand) -> None:
        """Give the message itself its turn, or take up the one that let its files be."""
        ask, language = errand.ask, errand.language
        thread = ThreadKey(ask.team, ask.channel, ask.thread_ts)
        try:
            files = await read_files(errand.workspace, thread, ask.ts)
        except DeliveryRefused as error:
            log.info("message_not_read", code=error.code)
            told = language.say(
                "I can't read that message. Please invite me to its channel with /invite, and "
                "try again."
            )
            await self._tell(errand, told, "not_in_channel")
            return
        if not files:
            told = language.say("There are no files in that message.")
            await self._tell(errand, told, "no_files")
            return
        said = Said(
            thread=thread,
            ts=ask.ts,
            author=ask.author,
            author_team=ask.team,
            text=ask.text,
            call="summary",
            files=files,
        )
        async with self._together():
            if await self._start_summary(said):
                await self._close(errand.turn, "answered", "summary_asked_for")
                return
        told = language.say("I have answered that message already: look into its thread.")
        await self._tell(errand, told, "summarized_already")

    async def _start_summary(self, said: Said) -> bool:
        """Have the files summarized; False if the message has its answer."""
        if await self._ledger.accept(_write_entry(said)):
            return True
        turn = await self._ledger.find_message(said.thread.team, said.key)
        if turn is None or turn.ts != said.ts:
            return False
        # Who asked us something about the files gets an answer to that.
        change = {"call": "summary"} if turn.payload.get("call") in _UNADDRESSED else {}
        if not turn.closed:
            return await self._ledger.revise(said.key, change)
        return await self._ledger.reopen(
            turn, change, outcomes=_UNANSWERED
        ) or await self._ledger.reopen(turn, change, outcomes=["answered"], reason=OFFERED)

    async def _forget(self, errand: _Errand) -> None:
        ask, language = errand.ask, errand.language
        if ask.channel.startswith("D"):
            gone = await self._memory.forget_channel(ask.team, ask.channel)
        else:
            gone = await self._memory.forget_own_threads(ask.team, ask.channel, ask.person)
        if gone.messages or gone.documents:
            told = language.say(
                "Forgotten: {messages} and {files}.",
                messages=language.say_count("{count} message", "{count} messages", gone.messages),
                files=language.say_count("{count} file", "{count} files", gone.documents),
            )
        elif errand.turn.resumed:
            # An earlier attempt forgot it, and was kept from saying so.
            told = language.say(":white_check_mark: Forgotten.")
        else:
            told = language.say("There was nothing to forget.")
        await self._tell(errand, told, "forgotten")

    async def _tell(self, errand: _Errand, told: str, reason: str) -> None:
        """Tell the person alone, where they are or else in our direct messages."""
        ask, calls = errand.ask, errand.workspace.calls
        in_thread = ask.thread_ts if ask.thread_ts != ask.ts else None
        try:
            await calls.whisper(
                OutgoingMessage(escape(told), []),
                channel=ask.asked_in,
                user=ask.person,
                thread_ts=in_thread,
            )
        except DeliveryRefused as error:
            log.info("whisper_refused", code=error.code)
            await tell_person(calls, told, ask.person, errand.turn.id)
        await self._close(errand.turn, "answered", reason)

    async def _whisper_at_last(self, errand: _Errand, told: str) -> None:
        """Say where it was asked that nothing comes of it, if even that can be said."""
        try:
            await errand.workspace.calls.whisper(
                OutgoingMessage(escape(told), []),
                channel=errand.ask.asked_in,
                user=errand.ask.person,
            )
        except DeliveryError as error:
            log.warning("refusal_not_told", code=error.code)

    async def _accept(self, errand: _Errand, said: Said) -> None:
        """Let the question be answered; from here on it is a message like any other."""
        async with self._together():
            await self._ledger.accept(_write_entry(said))
            await self._close(errand.turn, "answered", "asked")

    async def _close(self, turn: Turn, outcome: Outcome, reason: str) -> None:
        await self._ledger.close(turn, outcome, reason)
        log.info("ask_closed", outcome=outcome, reason=reason)


async def _render(
    errand: _Errand, heading: str, question: str, *, note: str = ""
) -> OutgoingMessage:
    """Render the anchor, with names for the ids in the question."""
    names = await errand.workspace.directory.find_names([question])
    plain = resolve_text(question, names, without_user=errand.workspace.bot.user_id)
    return render_question(plain, heading, note)


async def _find_link(errand: _Errand) -> str:
    """Return the permalink of the message that it is about, "" if it is about none.

    Where Slack doesn't tell, the link is one that leads us there, if anything does.
    """
    ask = errand.ask
    if not ask.ts:
        return ""
    try:
        told = await errand.workspace.calls.call(
            "chat.getPermalink",
            patience=_LINK_SECONDS,
            channel=ask.channel,
            message_ts=ask.ts,
        )
        return str(told["permalink"])
    except DeliveryError as error:
        log.info("permalink_not_told", code=error.code)
        link = f"{SLACK_ORIGIN}/archives/{ask.channel}/p{ask.ts.replace('.', '')}"
        return (
            link
            if ask.ts == ask.thread_ts
            else f"{link}?thread_ts={ask.thread_ts}&cid={ask.channel}"
        )


def _write_entry(said: Said) -> Entry:
    return Entry(
        key=said.key,
        kind="message",
        thread=said.thread,
        ts=said.ts,
        lane=said.thread.lane,
        payload=to_json(said),
    )
