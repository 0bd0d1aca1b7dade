"""The way of a turn: open → think → render → deliver → close. The only module that knows it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.activity import ThinkingLine, name_files, say_reading, say_thinking
from bot.admission import Admission, asks_us_to_leave
from bot.closing import Closer, Kept
from bot.conversation.farewell import says_thanks
from bot.conversation.messages import (
    AnswerChunk,
    AssistantMessage,
    Completion,
    Participation,
    ReasoningChunk,
    Usage,
)
from bot.conversation.names import clean_name
from bot.conversation.ports import History
from bot.conversation.preferences import Rules
from bot.errors import (
    AloudError,
    DeliveryDelayed,
    DeliveryError,
    DeliveryRefused,
    LeaseLost,
    NotAdmitted,
    TooBusy,
    TooLate,
)
from bot.language import Language, mark
from bot.lease import Lease
from bot.ledger import OFFERED, Entry, Ledger, Outcome, Turn
from bot.notes import Progress
from bot.opening import Opened, Opener
from bot.slack.commands import Ask, write_ask
from bot.slack.controls import AnswerControls, Source
from bot.slack.events import Edited, Said, from_json
from bot.slack.markdown import escape
from bot.slack.reactions import react
from bot.slack.render import OutgoingMessage, render_answer, render_offer, render_stopped
from bot.slack.reply import (
    Delivered,
    EndPiece,
    Piece,
    ProgressPiece,
    Reply,
    Started,
    StatusPiece,
    Stopped,
    TextPiece,
)
from bot.slack.standing import NOTHING, Standing, find_standing
from bot.slack.visit_events import Visit, visit_to_json
from bot.slack.workspaces import Workspace, Workspaces
from bot.telemetry import Metrics
from bot.thinking import Answer, Thinker, Thought

_T = TypeVar("_T")

log = structlog.get_logger(__name__)

_STOPPED: Final = mark("Stopped.")
_GREETING: Final = mark(
    "Here I am. Ask me anything, or share a file and I'll summarize it. "
    "Add `/no_think` for a quick answer without reasoning."
)
_CALLED: Final = frozenset({"mention", "reply"})
_CLOSED_PLACES: Final = frozenset(
    {"cannot_reply_to_message", "is_archived", "is_inactive", "not_in_channel", "thread_locked"}
)
_OVERTAKEN_SECONDS: Final = 1.0
_OVERTAKING_SECONDS: Final = 5.0
"""In a channel, how much later a reply is written at most that overtakes its thread's root."""

_DELAYED_SECONDS: Final = 5.0
_MOST_DELAY_SECONDS: Final = 30.0
_GIVE_UP_SECONDS: Final = 24 * 3_600.0


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One go at a turn."""

    turn: Turn
    lease: Lease
    said: Said
    workspace: Workspace
    standing: Standing
    reply: Reply
    rules: Rules
    language: Language
    participation: Participation


class Turns:
    """Answers messages; the runner sees to it that those of a thread come one by one.

    Args:
        ledger: Where outcomes go.
        history: Where messages and answers go.
        opener: Stage one.
        thinker: Stage two.
        closer: The last stage.
        workspaces: The installations.
        admission: Says who is answered, and how.
        reveal: Whether answers get the button that shows the reasoning.
        gists: Whether all may see in the status what the model is reasoning about.
        patience: For how many seconds a delivery that Slack does not take is tried again; then an
            apology takes its place.
        metrics: Counts outcomes.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        history: History,
        opener: Opener,
        thinker: Thinker,
        closer: Closer,
        workspaces: Workspaces,
        admission: Admission,
        reveal: bool,
        gists: bool,
        patience: float,
        metrics: Metrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._opener = opener
        self._thinker = thinker
        self._closer = closer
        self._workspaces = workspaces
        self._admission = admission
        self._reveal = reveal
        self._gists = gists
        self._patience = patience
        self._metrics = metrics
        self._now = now

    async def answer(self, turn: Turn, lease: Lease) -> None:
        """Bring a message to its one outcome: an answer, an error message, or silence.

        Raises:
            LeaseLost: Another process has the turn by now.
            SQLAlchemyError: The database is away; the turn is to be taken up again.
        """
        said = from_json(Said, turn.payload)
        workspace = await self._find_workspace(turn, lease)
        participation = await self._history.survey(turn.thread, before=turn.ts)
        if not participation.read and await self._has_overtaken_its_root(turn, said):
            await self._ledger.put_back(turn, delay=_OVERTAKEN_SECONDS)
            return
        # What Slack has not taken yet goes first in any case: some of it may stand there.
        is_new = not turn.posted and turn.answer is None and turn.delayed is None
        if is_new and await self._ledger.has_earlier_waiting(turn):
            await self._ledger.put_back(turn)
            return
        rules = await self._admission.find_rules(said)
        silence = await self._admission.find_silence(said, participation, workspace, rules)
        is_offer = _is_offer(said, rules)
        if participation.read and said.call != "deleted" and (silence or is_offer):
            await self._opener.record(said, workspace, said.files)
        if silence is not None and not (turn.resumed or turn.heard):
            await self._closer.close(turn, "silent", silence)
            return
        try:
            standing = await self._find_standing(turn, said, workspace)
        except DeliveryError as error:
            await self._give_up_delivery(turn, error)
            return
        language = (await workspace.directory.find_person(said.author)).language
        attempt = _Attempt(
            turn=turn,
            lease=lease,
            said=said,
            workspace=workspace,
            standing=standing,
            reply=self._open_reply(turn, said, workspace, standing, language),
            rules=rules,
            language=language,
            participation=participation,
        )
        try:
            await self._see_through(attempt, silence)
        finally:
            await attempt.reply.clear_status()

    async def _see_through(self, attempt: "_Attempt", silence: str | None) -> None:
        """Answer, or fall silent; whatever goes wrong with that has its own outcome."""
        turn, reply = attempt.turn, attempt.reply
        try:
            if silence is not None:
                await self._fall_silent(turn, attempt.said, reply, silence)
            else:
                await self._answer(attempt)
        except DeliveryDelayed as error:
            await self._give_up_delivery(turn, error)
        except (LeaseLost, SQLAlchemyError):
            # What stands in Slack by now may not be whole: the next attempt takes its place.
            raise
        except NotAdmitted as error:
            try:
                await self._turn_away(attempt, error)
            except DeliveryDelayed as delay:
                await self._give_up_delivery(turn, delay)
        except AloudError as error:
            log.warning("turn_failed", error=type(error).__name__, detail=str(error))
            await self._apologize(turn, reply, error, attempt.language)
        except Exception:
            log.exception("turn_failed")
            await self._apologize(turn, reply, AloudError(), attempt.language)

    async def _has_overtaken_its_root(self, turn: Turn, said: Said) -> bool:
        """Whether the event of a thread's first message may be on its way; wait for it once.

        Slack keeps no order between events, let alone between sockets. Read from Slack instead, the
        message would be answered here, and then once more when its own event comes. In a DM every
        first message has one; in a channel only one that calls us, just before we are called again.
        """
        if not said.in_thread or turn.resumed or said.call in {"asked", "summary"}:
            return False
        written = float(said.ts) - float(said.thread.thread_ts)
        if not said.is_private and written > _OVERTAKING_SECONDS:
            return False
        return await self._ledger.find_message(turn.thread.team, said.root_key) is None

    async def wants_answer(self, turn: Turn) -> bool:
        """Whether a waiting message is going to be answered."""
        said = from_json(Said, turn.payload)
        workspace = await self._workspaces.find(turn.thread.team)
        participation = await self._history.survey(turn.thread, before=turn.ts)
        rules = await self._admission.find_rules(said)
        silence = await self._admission.find_silence(said, participation, workspace, rules)
        return silence is None

    async def revise(self, turn: Turn, lease: Lease) -> None:
        """Bring an edited message up to date in the history; answer the last question again.

        One that is still being answered begins anew.
        """
        edited = from_json(Edited, turn.payload)
        workspace = await self._find_workspace(turn, lease)
        await self._opener.revise(edited, workspace)
        answered = await self._ledger.find_message(turn.thread.team, edited.message_key)
        reopened = (
            answered is not None
            and not await self._ledger.revise(edited.message_key, {"text": edited.text})
            and not await self._ledger.has_later(answered)
            and await self._ledger.reopen_edited(edited.message_key, edited.text)
        )
        await self._closer.close(turn, "silent", "answered_again" if reopened else "edit_recorded")

    async def abandon(self, turn: Turn, lease: Lease) -> None:
        """End a turn that keeps breaking: say so, if even that does not break."""
        try:
            if turn.kind == "message":
                await self._say_that_it_broke(turn, lease)
            else:
                await self._closer.close(turn, "dead")
        except (LeaseLost, SQLAlchemyError):
            raise
        except Exception:
            log.exception("turn_not_apologized_for")
            await self._closer.close(turn, "dead", "unsaid")

    async def _say_that_it_broke(self, turn: Turn, lease: Lease) -> None:
        workspace = await self._find_workspace(turn, lease)
        said = from_json(Said, turn.payload)
        try:
            standing = await self._find_standing(turn, said, workspace)
        except DeliveryError as error:
            await self._give_up_delivery(turn, error)
            return
        # The error takes the place of everything: what stands may be half an answer.
        standing = Standing(notices=(*standing.answers, *standing.notices))
        language = (await workspace.directory.find_person(said.author)).language
        reply = self._open_reply(turn, said, workspace, standing, language)
        await self._apologize(turn, reply, AloudError(), language, outcome="dead")

    async def _find_workspace(self, turn: Turn, lease: Lease) -> Workspace:
        """Return the turn's workspace; it can be called only while the turn is ours."""
        return (await self._workspaces.find(turn.thread.team)).fenced(lease.check)

    async def _find_standing(self, turn: Turn, said: Said, workspace: Workspace) -> Standing:
        """Find what an earlier attempt left in Slack; raises DeliveryError."""
        if not turn.resumed:
            return NOTHING
        place = workspace.place_reply(said)
        return await find_standing(workspace.calls, place, turn.id, turn.posted)

    def _open_reply(
        self,
        turn: Turn,
        said: Said,
        workspace: Workspace,
        standing: Standing,
        language: Language,
    ) -> Reply:
        return Reply(
            workspace.calls,
            workspace.place_reply(said),
            turn.id,
            capabilities=workspace.capabilities,
            standing=standing,
            resumed=turn.resumed or turn.heard,
            language=language,
        )

    async def _answer(self, attempt: "_Attempt") -> None:
        turn, reply, language = attempt.turn, attempt.reply, attempt.language
        if await self._is_answered_with_a_wave(attempt):
            return
        await self._admission.check(attempt.said, attempt.workspace, attempt.rules)
        if turn.busy:
            raise TooBusy
        if turn.delayed is not None and turn.delayed > self._patience:
            raise TooLate
        if attempt.said.call == "mention" and attempt.participation.left:
            await self._history.rejoin(turn.thread)
        if _is_offer(attempt.said, attempt.rules):
            names = [clean_name(file.name) for file in attempt.said.files]
            await reply.post_notice(render_offer(names, turn.id, language=language))
            await reply.clear_status()
            await self._closer.close(turn, "answered", OFFERED)
            return
        joined = await self._join_waiting(attempt)
        said = [attempt.said, *(one for one in joined if one.call != "deleted")]
        if said[-1].author != attempt.said.author:
            # The last question is the one that is answered; the others are said before it.
            attempt = replace(attempt, rules=await self._admission.find_rules(said[-1]))
        alone = not (joined or turn.resumed)
        if turn.answer is not None:
            written = Answer(**turn.answer)
            receipt = await self._deliver(attempt, self._repeat(turn, written))
            spent = Usage(written.prompt_tokens, written.completion_tokens)
            await self._close_answered(attempt, said, written, receipt, alone=alone, spent=spent)
            return
        files = [file for one in said for file in one.files]
        names = [clean_name(file.name) for file in files]
        reply.show_status(say_reading(names, language) if files else say_thinking(language))
        opening = self._opener.open(
            said, attempt.participation, attempt.workspace, attempt.rules, language
        )
        opened = await _unless_stopped(opening, attempt.lease.stop)
        if opened is None:
            await reply.post_notice(render_stopped(turn.id, language=language))
            await reply.clear_status()
            await self._closer.close(turn, "stopped")
        elif opened.has_nothing_to_answer:
            told = _explain(opened)
            [note] = render_answer(told, AnswerControls(turn.id), language=language)
            ts = await reply.post_notice(note)
            await reply.clear_status()
            answer = AssistantMessage(ts, told, said[-1].ts)
            await self._closer.keep(turn, Kept([ts], answer), "answered", "nothing_to_answer")
        else:
            thought = Thought()
            receipt = await self._deliver(attempt, self._write(attempt, opened, thought))
            await self._close_answered(
                attempt, said, thought.answer, receipt, alone=alone, spent=thought.spent
            )

    async def _join_waiting(self, attempt: "_Attempt") -> list[Said]:
        """Take in the messages that were written while this one waited; they share its answer.

        Those that were deleted since are among them.

        Only the next ones, as long as each surely wants an answer, so that the order is kept; and
        none if the answer is to stand in a place above them, or was written before them.
        """
        wanted = []
        participation = attempt.participation
        people = {*participation.people, attempt.said.author}
        is_new = attempt.standing == NOTHING and attempt.turn.answer is None
        # One that came late stands behind an answer: with newer ones it would be passed over.
        is_new = is_new and not await self._ledger.has_been_overtaken(attempt.turn)
        for waiting in await self._ledger.find_waiting(attempt.turn) if is_new else ():
            said = from_json(Said, waiting.payload)
            before = replace(participation, people=frozenset(people))
            rules = await self._admission.find_rules(said)
            silence = await self._admission.find_silence(said, before, attempt.workspace, rules)
            if silence is not None or _is_offer(said, rules) or asks_us_to_leave(said):
                break
            if not await self._may_share_answer(attempt, said, rules):
                break
            people.add(said.author)
            wanted.append(waiting)
        if not (wanted or attempt.turn.resumed):
            return []
        joined = await self._ledger.join(attempt.turn, wanted)
        log.info("turns_joined", count=len(joined))
        said_too = [from_json(Said, one.payload) for one in joined]
        for said in said_too:
            if said.call == "deleted":
                # An attempt that was interrupted may have written it down after it was forgotten.
                await self._history.forget(said.thread, said.ts)
        return said_too

    async def _may_share_answer(self, attempt: "_Attempt", said: Said, rules: Rules) -> bool:
        """Whether somebody is answered at all, and may see the reasoning that comes of it."""
        if said.author == attempt.said.author:
            return True
        if "me" in {rules.privacy, attempt.rules.privacy} and not said.is_private:
            return False
        try:
            await self._admission.check(said, attempt.workspace, rules)
        except NotAdmitted:
            return False
        return True

    async def _fall_silent(self, turn: Turn, said: Said, reply: Reply, reason: str) -> None:
        """End a turn that was to be answered when it was begun, and is not any more."""
        await reply.remove_standing()
        await reply.clear_status()
        if reason == "deleted":
            # As for those that were joined.
            await self._history.forget(said.thread, said.ts)
        await self._closer.close(turn, "silent", reason)

    async def _is_answered_with_a_wave(self, attempt: "_Attempt") -> bool:
        """Take leave, or take thanks, with an emoji instead of one more message."""
        turn, said = attempt.turn, attempt.said
        # An attempt that was cut short may have waved; what stands was answered with words.
        if attempt.standing != NOTHING or turn.busy:
            return False
        leaving = asks_us_to_leave(said)
        if not leaving and (said.files or not says_thanks(said.text)):
            return False
        waved = await react(
            attempt.workspace.calls,
            channel=turn.thread.channel,
            ts=said.ts,
            emoji="wave" if leaving else "+1",
        )
        if not (waved or leaving):
            return False
        await self._opener.record(said, attempt.workspace, said.files)
        if leaving:
            await self._history.leave(turn.thread)
        await attempt.reply.clear_status()
        await self._closer.close(turn, "silent", "asked_to_leave" if leaving else "thanked")
        return True

    async def _turn_away(self, attempt: "_Attempt", error: NotAdmitted) -> None:
        """Tell the person alone why there is no answer; nobody else need know.

        In a direct message there is nobody else. Who only shared a file has asked for nothing.
        """
        turn, said = attempt.turn, attempt.said
        log.info("turned_away", error=type(error).__name__)
        if said.is_private:
            await self._apologize(turn, attempt.reply, error, attempt.language)
            return
        if said.call != "share":
            calls = attempt.workspace.calls
            try:
                await calls.whisper(
                    OutgoingMessage(escape(error.tell(attempt.language)), []),
                    channel=turn.thread.channel,
                    user=said.author,
                    thread_ts=turn.thread.thread_ts if said.in_thread else None,
                )
                if said.call == "asked" and attempt.standing == NOTHING:
                    # What we posted in the question's place would stay without an answer.
                    await calls.call("chat.delete", channel=turn.thread.channel, ts=said.ts)
            except DeliveryRefused as refusal:
                log.warning("not_told_why", code=refusal.code)
        await attempt.reply.clear_status()
        # An answer that was to be written anew stands as before.
        outcome: Outcome = "answered" if attempt.standing.answers else "silent"
        await self._closer.close(turn, outcome, type(error).__name__)

    async def _deliver(
        self, attempt: "_Attempt", pieces: AsyncGenerator[Piece, None]
    ) -> Delivered | Stopped:
        turn, posted = attempt.turn, list[str]()
        stopped = AnswerControls(turn.id, note=attempt.language.say(_STOPPED), regenerate=True)
        receipts = attempt.reply.deliver(pieces, stop=attempt.lease.stop, stopped=stopped)
        async with aclosing(pieces), aclosing(receipts):
            async for receipt in receipts:
                if not posted:
                    self._metrics.first_content.observe(self._now() - turn.accepted_at)
                if not isinstance(receipt, Started):
                    return receipt
                posted.append(receipt.ts)
                try:
                    await self._ledger.note_posted(turn, _unite(turn.posted, posted))
                except LeaseLost:
                    attempt.lease.end()
                    raise
        raise AssertionError("a delivery ends with a receipt or an error")

    async def _write(
        self, attempt: "_Attempt", opened: Opened, thought: Thought
    ) -> AsyncGenerator[Piece, None]:
        """Think, and say how the answer is to be shown."""
        turn, language = attempt.turn, attempt.language
        # Who keeps the traces to themselves has no gist of them told to all.
        tells = self._gists and attempt.rules.privacy == "thread"
        thinking = ThinkingLine(language, tells=tells)
        async with aclosing(self._thinker.think(opened, thought)) as chunks:
            async for chunk in chunks:
                match chunk:
                    case Progress(names, done, total):
                        yield ProgressPiece(name_files(names, language), done, total)
                    case ReasoningChunk(text):
                        if line := thinking.feed(text):
                            yield StatusPiece(line)
                    case AnswerChunk(text):
                        yield TextPiece(text)
                    case Completion(usage=usage):
                        self._metrics.tokens.labels("prompt").inc(usage.prompt)
                        self._metrics.tokens.labels("completion").inc(usage.completion)
        if thought.answer is not None:
            # From here on a kill costs no second answer of the model's.
            await self._ledger.keep_answer(turn, asdict(thought.answer))
            yield self._end(turn, thought.answer)

    async def _repeat(self, turn: Turn, answer: Answer) -> AsyncGenerator[Piece, None]:
        """Show an answer that an earlier attempt finished writing."""
        yield self._end(turn, answer)

    def _end(self, turn: Turn, answer: Answer) -> EndPiece:
        # What was noted of a long document's parts is shown with the reasoning, or for it.
        has_trace = answer.reasoning or answer.parts
        controls = AnswerControls(
            turn_id=turn.id,
            reasoning="hidden" if self._reveal and has_trace else "none",
            note=answer.note,
            regenerate=True,
            left=answer.left,
            complete=True,
            sources=tuple(Source(name, url) for name, url in answer.sources),
        )
        return EndPiece(answer.markdown, controls)

    async def _close_answered(
        self,
        attempt: "_Attempt",
        said: Sequence[Said],
        answer: Answer | None,
        receipt: Delivered | Stopped,
        *,
        alone: bool,
        spent: Usage,
    ) -> None:
        outcome = await self._closer.close_answered(
            attempt.turn, attempt.workspace, said, answer, receipt, alone=alone, spent=spent
        )
        if outcome == "answered" and attempt.said.is_private:
            # Its title and suggestions wait for nobody, and nobody waits for them.
            await self._ledger.accept(_furnish(attempt, said[-1]))

    async def _apologize(
        self,
        turn: Turn,
        reply: Reply,
        error: AloudError,
        language: Language,
        outcome: Outcome = "failed",
    ) -> None:
        try:
            await reply.post_error(
                error.tell(language), reference=turn.id, retry=turn.id if error.retryable else None
            )
        except DeliveryError as failure:
            await self._give_up_delivery(turn, failure)
        else:
            await reply.clear_status()
            await self._closer.close(turn, outcome, type(error).__name__)

    async def _give_up_delivery(self, turn: Turn, error: DeliveryError) -> None:
        """Slack did not take the reply: try again later if that can help.

        After a while an apology takes the answer's place; it is tried for much longer.
        """
        waited = turn.delayed or 0.0
        if isinstance(error, DeliveryDelayed) and waited < _GIVE_UP_SECONDS:
            patience = min(_DELAYED_SECONDS + waited / 4, _MOST_DELAY_SECONDS)
            delay = max(patience, error.retry_after or 0)
            log.warning("delivery_delayed", code=error.code, seconds=delay)
            await self._ledger.put_back(turn, delay=delay, delivery=True)
            return
        log.error("delivery_refused", code=error.code, detail=str(error))
        said = from_json(Said, turn.payload)
        if said.call in _CALLED and not said.is_private and _is_closed_place(error.code):
            # Who asked is answered where we may write: in their direct messages.
            await self._ledger.accept(_ask_elsewhere(said))
        await self._closer.close(turn, "refused", error.code)


async def _unless_stopped(work: Coroutine[Any, Any, _T], stop: asyncio.Event) -> _T | None:
    """Return what `work` comes to, or end it and return None as soon as `stop` is set."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _unite(earlier: Sequence[str], later: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*earlier, *later]))


def _furnish(attempt: _Attempt, said: Said) -> Entry:
    """Have a title written for a thread of a DM, and questions suggested that fit it."""
    visit = Visit(
        what="answered",
        team=said.thread.team,
        channel=said.thread.channel,
        person=said.author,
        ts=said.ts,
        thread_ts=said.thread.thread_ts,
        is_first=not attempt.participation.answered,
    )
    return Entry(
        key=visit.key,
        kind="visit",
        thread=visit.thread,
        ts=visit.ts,
        lane=visit.lane,
        payload=visit_to_json(visit),
    )


def _is_closed_place(code: str) -> bool:
    """Whether Slack lets nobody, or not us, write in a place."""
    return code in _CLOSED_PLACES or code.startswith("restricted_action")


def _ask_elsewhere(said: Said) -> Entry:
    """Have a question answered in its thread if that can be, else in a direct message."""
    ask = Ask(
        wish="answer",
        team=said.thread.team,
        person=said.author,
        person_team=said.author_team,
        channel=said.thread.channel,
        asked_in=said.thread.channel,
        text=said.text,
        ts=said.ts,
        thread_ts=said.thread.thread_ts,
        in_thread=True,
    )
    key = f"elsewhere:{said.key}"
    return Entry(
        key=key, kind="ask", thread=said.thread, ts=said.ts, lane=key, payload=write_ask(ask)
    )


def _is_offer(said: Said, rules: Rules) -> bool:
    return said.call == "share" and rules.files == "offer"


def _explain(opened: Opened) -> str:
    told = [opened.language.put(one.reason) for one in opened.unread]
    return "\n\n".join(told) or opened.language.say(_GREETING)
