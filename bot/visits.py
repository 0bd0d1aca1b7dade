"""What we do when somebody comes: a welcome, suggestions, and a title for what was talked about."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

import structlog

from bot.conversation.messages import AssistantMessage, Completion, UserMessage
from bot.conversation.names import clean_name
from bot.conversation.ports import Model
from bot.conversation.preferences import Defaults
from bot.conversation.suggestions import (
    Suggestion,
    suggest_anything,
    suggest_catch_up,
    suggest_on_document,
)
from bot.conversation.titles import build_title_prompt, clean_title, title_of
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, ModelError
from bot.language import Language
from bot.lease import Lease
from bot.ledger import Ledger, Outcome, Turn
from bot.slack.agent_view import set_suggestions, set_title
from bot.slack.capabilities import ReplyPlace
from bot.slack.visit_events import Visit, visit_from_json
from bot.slack.welcome import has_welcome, post_welcome, write_channel_welcome, write_welcome
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.documents import DocumentStore
from bot.store.greetings import Greetings
from bot.store.history import SqlHistory
from bot.store.preferences import PreferenceStore
from bot.store.usage import UsageStore, Used, month_of
from bot.store.viewing import Viewing

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 12 * 3_600.0
"""For how long a person is taken to look at the channel that Slack named last."""

_LATELY_SECONDS: Final = 7 * 86_400.0
"""For how long questions on a document are suggested."""

_TITLE_SECONDS: Final = 30.0
_LOOKUP_SECONDS: Final = 3.0
_DELAYED_SECONDS: Final = 3.0
_PATIENCE_SECONDS: Final = 600.0
_FIRST_MESSAGES: Final = 20
_LAST_TS: Final = "9999999999.999999"
_OWN_NAME: Final = "Aloud"


class Visits:
    """Welcomes people and channels, once ever, and furnishes our direct messages.

    Args:
        ledger: Where outcomes go.
        history: What was said.
        documents: What was read.
        greetings: Who was welcomed.
        viewing: What people look at.
        preferences: What channels and workspaces chose.
        defaults: What holds for those that chose nothing.
        usage: Where the tokens of titles are counted.
        model: Writes titles.
        workspaces: The installations.
        reveal: Whether reasoning may be shown.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        history: SqlHistory,
        documents: DocumentStore,
        greetings: Greetings,
        viewing: Viewing,
        preferences: PreferenceStore,
        defaults: Defaults,
        usage: UsageStore,
        model: Model,
        workspaces: Workspaces,
        reveal: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._documents = documents
        self._greetings = greetings
        self._viewing = viewing
        self._preferences = preferences
        self._defaults = defaults
        self._usage = usage
        self._model = model
        self._workspaces = workspaces
        self._reveal = reveal
        self._now = now

    async def answer(self, turn: Turn, lease: Lease) -> None:
        """Do what the visit wants; a welcome that Slack's weather delays is tried again.

        Raises:
            LeaseLost: Another process has the turn by now.
            SQLAlchemyError: The database is away; the turn is to be taken up again.
        """
        visit = visit_from_json(turn.payload)
        workspace = (await self._workspaces.find(visit.team)).fenced(lease.check)
        try:
            match visit.what:
                case "opened" | "thread_started":
                    await self._receive_person(turn, visit, workspace)
                case "joined":
                    await self._introduce(turn, visit, workspace)
                case "answered":
                    await self._furnish_thread(visit, workspace)
        except DeliveryDelayed as error:
            if turn.age > _PATIENCE_SECONDS:
                await self._close(turn, "refused", error.code)
            else:
                delay = error.retry_after or _DELAYED_SECONDS
                await self._ledger.put_back(turn, delay=delay, delivery=True)
        except DeliveryRefused as error:
            # An archived or read-only channel: nobody asked for a welcome, so nobody is told.
            await self._close(turn, "refused", error.code)
        else:
            await self._close(turn, "answered", visit.what)

    async def _receive_person(self, turn: Turn, visit: Visit, workspace: Workspace) -> None:
        language = (await workspace.directory.find_person(visit.person)).language
        suggestions = await self._find_suggestions(visit, workspace, language)
        await set_suggestions(workspace, _place_of(visit), suggestions)
        welcome = write_welcome(language, shows_reasoning=self._reveal)
        await self._welcome(turn, visit, workspace, visit.person, welcome)

    async def _introduce(self, turn: Turn, visit: Visit, workspace: Workspace) -> None:
        """Welcome a channel, if we answer there at all."""
        chosen = await self._preferences.find(
            visit.team, person=visit.person, channel=visit.channel
        )
        rules = chosen.resolve(self._defaults, channel=visit.channel)
        if not rules.is_open_here:
            return
        directory = workspace.directory
        language = (await directory.find_person(visit.person)).language
        name = (await directory.find_person(workspace.bot.user_id)).name or _OWN_NAME
        welcome = write_channel_welcome(language, name=name, files=rules.files)
        await self._welcome(turn, visit, workspace, visit.channel, welcome)

    async def _welcome(
        self, turn: Turn, visit: Visit, workspace: Workspace, place: str, text: str
    ) -> None:
        """Post a welcome once ever, whatever breaks; raises DeliveryError.

        Visits of one place are at work one by one in all processes, so nobody else posts it
        meanwhile; an earlier attempt of this one may have.
        """
        if await self._greetings.has_greeted(visit.team, place):
            return
        # Whoever has talked with us knows us.
        is_known = await self._history.has_talk(visit.team, visit.channel)
        if not is_known and not (turn.resumed and await has_welcome(workspace.calls, visit)):
            await post_welcome(workspace.calls, visit, text)
        await self._greetings.note(visit.team, place)

    async def _find_suggestions(
        self, visit: Visit, workspace: Workspace, language: Language
    ) -> list[Suggestion]:
        """Suggest what fits: a document that was shared lately, the channel that is looked at."""
        found = await self._find_document(visit, workspace, language)
        since = self._now() - LOOK_SECONDS
        channel = await self._viewing.find(visit.team, visit.person, since=since)
        if channel and await _is_ours(workspace, channel):
            found.insert(0, suggest_catch_up(language))
        return [*found, *suggest_anything(language)]

    async def _find_document(
        self, visit: Visit, workspace: Workspace, language: Language
    ) -> list[Suggestion]:
        since = self._now() - _LATELY_SECONDS
        shared = await self._history.find_last_sharing(visit.team, visit.channel, since=since)
        if shared is None:
            return []
        read = [
            document
            for file in shared.files
            for document in await self._documents.find(visit.team, file.id)
        ]
        link = await _find_link(workspace, visit.channel, shared.ts) if read else ""
        # A suggestion begins a new thread, which knows the document by its link alone.
        return suggest_on_document(read[-1].name, language, link=link) if link else []

    async def _furnish_thread(self, visit: Visit, workspace: Workspace) -> None:
        """Suggest questions on what a thread is about, and give it a title."""
        documents = await self._documents.of_thread(visit.thread)
        if documents:
            language = (await workspace.directory.find_person(visit.person)).language
            suggestions = suggest_on_document(documents[-1].name, language)
            await set_suggestions(workspace, _place_of(visit), suggestions)
        if visit.is_first and (title := await self._find_title(visit)):
            await set_title(workspace, _place_of(visit), title)

    async def _find_title(self, visit: Visit) -> str:
        """Have the model name what the first question and answer are about.

        If it can't, the question's own words do; "" if there are none.
        """
        said = await self._history.load(visit.thread, before=_LAST_TS, limit=_FIRST_MESSAGES)
        questions = [one for one in said if isinstance(one, UserMessage)]
        answers = [one for one in said if isinstance(one, AssistantMessage)]
        if not questions:
            return ""
        question = _put_plainly(questions[0])
        written = await self._ask(visit, question, answers[0].text) if answers else ""
        return clean_title(written) or title_of(question)

    async def _ask(self, visit: Visit, question: str, answer: str) -> str:
        """Return what the model writes, "" if it is in trouble."""
        chosen = await self._preferences.find(
            visit.team, person=visit.person, channel=visit.channel
        )
        prompt = build_title_prompt(question, answer, model=chosen.workspace.model)
        try:
            async with (
                asyncio.timeout(_TITLE_SECONDS),
                aclosing(self._model.stream(prompt)) as chunks,
            ):
                async for chunk in chunks:
                    if isinstance(chunk, Completion):
                        await self._count(visit, chunk)
                        return chunk.answer
        except (ModelError, TimeoutError) as error:
            log.info("title_not_written", error=type(error).__name__)
        return ""

    async def _count(self, visit: Visit, completion: Completion) -> None:
        used = Used(0, completion.usage.prompt, completion.usage.completion)
        await self._usage.add(visit.team, visit.person, month_of(self._now()), used)

    async def _close(self, turn: Turn, outcome: Outcome, reason: str) -> None:
        await self._ledger.close(turn, outcome, reason)
        log.info("visit_closed", outcome=outcome, reason=reason)


def _place_of(visit: Visit) -> ReplyPlace:
    return ReplyPlace(
        team=visit.team,
        channel=visit.channel,
        thread_ts=visit.thread_ts,
        recipient_user=visit.person,
        recipient_team=visit.team,
    )


def _put_plainly(question: UserMessage) -> str:
    """What was asked; of a file that came without words, its name."""
    names: Sequence[str] = [clean_name(file.name) for file in question.files]
    return question.text or ", ".join(names)


async def _find_link(workspace: Workspace, channel: str, ts: str) -> str:
    """Return the address of a message, "" if Slack does not tell."""
    try:
        found = await workspace.calls.call(
            "chat.getPermalink", patience=_LOOKUP_SECONDS, channel=channel, message_ts=ts
        )
    except DeliveryError as error:
        log.info("permalink_not_found", code=error.code)
        return ""
    return str(found["permalink"])


async def _is_ours(workspace: Workspace, channel: str) -> bool:
    """Tell whether we are in a channel, so that we could sum it up."""
    try:
        found = await workspace.calls.call(
            "conversations.info", patience=_LOOKUP_SECONDS, channel=channel
        )
    except DeliveryError as error:
        log.info("channel_not_looked_up", code=error.code)
        return False
    return bool(found["channel"].get("is_member"))
