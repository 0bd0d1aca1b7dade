"""The first stage of a turn: everything that is needed to answer a message."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

import structlog

from bot.conversation.addressing import Directives, take_directives
from bot.conversation.catch_up import CatchUp, find_catch_up, find_zone
from bot.conversation.messages import (
    AssistantMessage,
    Document,
    Message,
    Participation,
    SharedFile,
    UnreadFile,
    UserMessage,
)
from bot.conversation.ports import Documents, History
from bot.conversation.preferences import Rules, Style
from bot.conversation.prompt import PLAIN, Manner
from bot.conversation.transcript import Transcript
from bot.errors import DeliveryError, DeliveryRefused
from bot.language import ENGLISH, Language, Told, mark, tell
from bot.slack.anchors import say_channel_summary
from bot.slack.events import Edited, Said
from bot.slack.linked import Linked, follow_links
from bot.slack.text import Names, resolve_text
from bot.slack.threads import read_files, read_thread
from bot.slack.transcripts import read_transcript
from bot.slack.viewer import Viewer
from bot.slack.workspaces import Workspace

log = structlog.get_logger(__name__)

_MOST_EARLIER_FILES = 5
_NO_SCOPE = mark(
    "I may not read what was said here before. An admin can fix that: add the scope {scope} to my "
    "Slack app, and reinstall it."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is to be answered, with all that is needed for it.

    Attributes:
        team: The workspace.
        question: The message in plain words, directives taken out; several messages that one
            person wrote in a row are one.
        history: What was said before it, oldest first.
        fresh: Documents that came with it.
        earlier: The thread's other documents.
        unread: Files that came with it and links in it that can't be read.
        reasoning: Whether the model shall write a trace before its answer.
        wants_summary: It is a file that was shared, not a question.
        allowance: How many times the usual cost the reading of long documents may have.
        linked: Conversations that it links to, to be quoted; strangers may have written in them.
        language: What our own words to the person are in.
        manner: How the answer is to be written.
        model: The model to ask first, "" for the usual order.
        transcript: The conversation that is to be summed up, if any.
        refused: It was to sum up a conversation that can't be read; `unread` says why.
    """

    team: str
    question: UserMessage
    history: Sequence[Message]
    fresh: Sequence[Document]
    earlier: Sequence[Document]
    unread: Sequence[UnreadFile]
    reasoning: bool
    wants_summary: bool
    allowance: int = 1
    linked: Sequence[Linked] = ()
    language: Language = ENGLISH
    manner: Manner = PLAIN
    model: str = ""
    transcript: Transcript | None = None
    refused: bool = False

    @property
    def has_nothing_to_answer(self) -> bool:
        """Whether there are no words, no file that could be read and no conversation."""
        return self.refused or not (
            self.question.text
            or self.fresh
            or self.transcript
            or (self.history and not self.unread)
        )


class Opener:
    """Gathers a message's surroundings from memory and, where memory has none, from Slack."""

    def __init__(
        self,
        history: History,
        documents: Documents,
        *,
        history_messages: int,
        find_viewed: Callable[[str, str], Awaitable[str]],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make it.

        Args:
            history: What was said.
            documents: What was shared.
            history_messages: How many of a thread's messages are looked at.
            find_viewed: Finds the channel that a person of a team looks at beside our DM, or "".
            now: Seconds since 1970.
        """
        self._history = history
        self._documents = documents
        self._history_messages = history_messages
        self._find_viewed = find_viewed
        self._now = now

    async def open(
        self,
        said: Sequence[Said],
        participation: Participation,
        workspace: Workspace,
        rules: Rules,
        language: Language,
    ) -> Opened:
        """Write messages of one thread down, and collect what belongs to them.

        There is one, or several that waited and are answered together, in their order.

        Args:
            said: The messages.
            participation: Who took part in the thread before them.
            workspace: Where.
            rules: What holds for the last of them.
            language: What our own words are in: that of the first one's author.
        """
        unread_thread = None if participation.read else await self._join_thread(said[0], workspace)
        followed = [await follow_links(workspace, one) for one in said]
        recorded = [
            await self._record_whole(one, workspace, links.files)
            for one, links in zip(said, followed, strict=True)
        ]
        thread, own = said[0].thread, _take_last_run(recorded)
        question = _join([message for message, _ in own])
        history = await self._history.load(
            thread, before=own[0][0].ts, limit=self._history_messages
        )
        files = _unite(message.files for message, _ in recorded)
        ids = {file.id for file in files}
        missed = [file for file in _find_unread(history) if file.id not in ids]
        before_it = await self._documents.read(thread, missed)
        came_with_it = await self._documents.read(thread, files)
        # Others in the thread may not see these, so they are read for this one answer.
        elsewhere = _unite(links.elsewhere for links in followed)
        came_with_it += await self._documents.read(thread, elsewhere, attach=False)
        fresh = [one for one in came_with_it if isinstance(one, Document)]
        told_of = came_with_it if fresh else [*before_it, *came_with_it]
        fresh_ids = {one.file_id for one in fresh}
        unopened = dict.fromkeys(one for links in followed for one in links.unread)
        wanted = [directives.reasoning for _, directives in own]
        style = said[-1].style
        transcript = await self._read_transcript(said[-1], workspace)
        for told in (unread_thread, transcript):
            if isinstance(told, Told):
                unopened[UnreadFile(file_id="", name="", reason=told)] = None
        return Opened(
            team=thread.team,
            question=question,
            history=history,
            fresh=fresh,
            earlier=[
                one
                for one in await self._documents.of_thread(thread)
                if one.file_id not in fresh_ids
            ],
            unread=[*(one for one in told_of if isinstance(one, UnreadFile)), *unopened],
            reasoning=_decide_on_reasoning(style, wanted, rules),
            wants_summary=all(one.call in {"share", "summary"} for one in said),
            allowance=max(one.allowance for one in said),
            linked=list(dict.fromkeys(one for links in followed for one in links.linked)),
            language=language,
            manner=Manner(await _name_language(rules.language), rules.length, style),
            model=rules.model,
            transcript=None if isinstance(transcript, Told) else transcript,
            refused=isinstance(transcript, Told),
        )

    async def _read_transcript(self, said: Said, workspace: Workspace) -> Transcript | Told | None:
        """Read the conversation that a message asks to be summed up, if it does."""
        catch_up = said.catch_up or await self._find_catch_up(said, workspace)
        if catch_up is None:
            return None
        viewer = Viewer(workspace, said.author, said.thread.channel)
        person = await workspace.directory.find_person(said.author)
        return await read_transcript(workspace, viewer, catch_up, time_zone=person.time_zone)

    async def _find_catch_up(self, said: Said, workspace: Workspace) -> CatchUp | None:
        if said.call not in {"direct", "mention", "asked"} or said.files or said.bot_name:
            return None
        here = said.thread.channel
        if said.is_private:
            here = await self._find_viewed(said.thread.team, said.author)
        person = await workspace.directory.find_person(said.author)
        # What understands dates takes long to load.
        return await asyncio.to_thread(
            find_catch_up,
            said.text,
            here=here,
            now=self._now(),
            time_zone=person.time_zone,
        )

    async def _record_whole(
        self, said: Said, workspace: Workspace, linked: Sequence[SharedFile]
    ) -> tuple[UserMessage, Directives]:
        # An app_mention may lack the files that were shared with it (openclaw#115157).
        files = await self._read_files_again(said, workspace) if said.sparse else said.files
        return await self.record(said, workspace, tuple(_unite([files, linked])))

    async def record(
        self, said: Said, workspace: Workspace, files: tuple[SharedFile, ...]
    ) -> tuple[UserMessage, Directives]:
        """Write the message down in plain words."""
        people = [] if said.bot_name else [said.author]
        names = await workspace.directory.find_names([said.text], people)
        text, directives = _put_plainly(said.text, names, workspace)
        if said.catch_up is not None and not text:
            text = await _say_catch_up(said.catch_up, said.author, workspace)
        name = said.bot_name or names.users.get(said.author, "someone")
        message = UserMessage(said.ts, said.author, name, text, files)
        await self._history.record(said.thread, [message])
        return message, directives

    async def revise(self, edited: Edited, workspace: Workspace) -> None:
        """Bring an edited message up to date, if it was written down."""
        names = await workspace.directory.find_names([edited.text])
        text, _ = _put_plainly(edited.text, names, workspace)
        await self._history.revise(edited.thread, edited.ts, text)

    async def _join_thread(self, said: Said, workspace: Workspace) -> Told | None:
        """Read what was said before we were called; return what a person can do if we may not.

        It happens once for a thread; from then on its events keep the memory up to date.
        """
        if said.in_thread:
            try:
                earlier = await read_thread(workspace, said.thread, before=said.ts)
            except DeliveryError as error:
                log.warning("thread_not_read", code=error.code)
                scope = error.needed if isinstance(error, DeliveryRefused) else ""
                return tell(_NO_SCOPE, scope=scope) if scope else None
            await self._history.record(said.thread, earlier, anew=False)
        await self._history.mark_read(said.thread)
        return None

    async def _read_files_again(self, said: Said, workspace: Workspace) -> tuple[SharedFile, ...]:
        try:
            return await read_files(workspace, said.thread, said.ts)
        except DeliveryError as error:
            log.warning("message_not_read_again", code=error.code)
            return said.files


async def _name_language(tag: str) -> str:
    """Name a language to the model; not in the loop, for its name may be read from a file."""
    return await asyncio.to_thread(ENGLISH.name_of, tag) if tag else ""


def _decide_on_reasoning(style: Style, wanted: Sequence[bool | None], rules: Rules) -> bool:
    """Say whether to reason: as the answer is wanted anew, as the message says, as was chosen."""
    if style in {"harder", "plainly"}:
        return style == "harder"
    return next((one for one in reversed(wanted) if one is not None), rules.think)


async def _say_catch_up(catch_up: CatchUp, asker: str, workspace: Workspace) -> str:
    """Say what a person asked for who chose that from a menu, as the anchor says it."""
    person = await workspace.directory.find_person(asker)
    if catch_up.thread_ts:
        thread = person.language.say("the thread")
        return person.language.say("Summary of {thread}", thread=thread)
    zone = await asyncio.to_thread(find_zone, person.time_zone)
    moment = datetime.fromtimestamp(catch_up.since, zone)
    heading = say_channel_summary(catch_up.channel, person.language.time(moment), person.language)
    return resolve_text(heading, await workspace.directory.find_names([heading]))


def _put_plainly(text: str, names: Names, workspace: Workspace) -> tuple[str, Directives]:
    return take_directives(resolve_text(text, names, without_user=workspace.bot.user_id))


def _take_last_run(
    recorded: Sequence[tuple[UserMessage, Directives]],
) -> list[tuple[UserMessage, Directives]]:
    """Return the last messages, as far back as one person wrote them in a row."""
    author = recorded[-1][0].author
    run = list(takewhile(lambda one: one[0].author == author, reversed(recorded)))
    return run[::-1]


def _join(messages: Sequence[UserMessage]) -> UserMessage:
    """Make one message of several by one person; it stands where the last one stands."""
    text = "\n\n".join(message.text for message in messages if message.text)
    files = tuple(_unite(message.files for message in messages))
    return replace(messages[-1], text=text, files=files)


def _unite(groups: Iterable[Sequence[SharedFile]]) -> list[SharedFile]:
    """Return every file once, in order."""
    return list({file.id: file for group in groups for file in group}.values())


def _find_unread(history: Sequence[Message]) -> list[SharedFile]:
    """Return the newest files that were shared since our last answer, and so never asked for.

    They came before we were called into the thread, or in a channel whose files are left alone.
    """
    files: list[SharedFile] = []
    for message in reversed(history):
        if isinstance(message, AssistantMessage):
            break
        files[:0] = message.files
    return files[-_MOST_EARLIER_FILES:]
