"""The way of a turn: open → think → render → deliver → close. The only module that knows it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.addressing import find_silence
from bot.conversation.messages import (
    AnswerChunk,
    AssistantMessage,
    Completion,
    Participation,
    ReasoningChunk,
    SharedFile,
)
from bot.conversation.names import clean_name
from bot.conversation.ports import History
from bot.errors import (
    AloudError,
    DeliveryDelayed,
    DeliveryError,
    DeliveryRefused,
    LeaseLost,
    TooBusy,
    TooLate,
)
from bot.lease import Lease
from bot.ledger import OFFERED, Ledger, Outcome, Turn
from bot.notes import Progress
from bot.opening import Opened, Opener
from bot.slack.events import Edited, Said, from_json
from bot.slack.reasoning import parse_ref, remove_trace
from bot.slack.render import AnswerControls, render_answer, render_offer, render_stopped
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
from bot.slack.text import find_ids
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.traces import Trace, Traces
from bot.telemetry import Metrics
from bot.thinking import Answer, Thinker, Thought

_T = TypeVar("_T")

log = structlog.get_logger(__name__)

_THINKING: Final = "is thinking…"
_STOPPED: Final = "Stopped."
_GREETING: Final = (
    "Here I am. Ask me anything, or share a file and I'll summarize it. "
    "Add `/no_think` for a quick answer without reasoning."
)
_OVERTAKEN_SECONDS: Final = 1.0
_DELAYED_SECONDS: Final = 5.0
_MOST_DELAY_SECONDS: Final = 30.0
_GIVE_UP_SECONDS: Final = 24 * 3_600.0
_DATABASE_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One go at a turn."""

    turn: Turn
    lease: Lease
    said: Said
    workspace: Workspace
    standing: Standing
    reply: Reply


class Turns:
    """Answers messages; the runner sees to it that those of a thread come one by one.

    Args:
        ledger: Where outcomes go.
        history: Where messages and answers go.
        traces: Where reasoning goes, and no further.
        opener: Stage one.
        thinker: Stage two.
        workspaces: The installations.
        reveal: Whether answers get the button that shows the reasoning.
        channel_files: What happens to files shared in channels without a mention.
        patience: For how many seconds a delivery that Slack does not take is tried again; then an
            apology takes its place.
        metrics: Counts outcomes.
        together: What is written within it becomes durable together.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        history: History,
        traces: Traces,
        opener: Opener,
        thinker: Thinker,
        workspaces: Workspaces,
        reveal: bool,
        channel_files: Literal["summarize", "offer", "off"],
        patience: float,
        metrics: Metrics,
        together: Callable[[], AbstractAsyncContextManager[object]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._history = history
        self._traces = traces
        self._opener = opener
        self._thinker = thinker
        self._workspaces = workspaces
        self._reveal = reveal
        self._channel_files = channel_files
        self._patience = patience
        self._metrics = metrics
        self._together = together
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
        silence = await self._find_silence(said, participation, workspace)
        if participation.read and said.call != "deleted" and (silence or self._offers(said)):
            await self._opener.record(said, workspace, said.files)
        if silence is not None and not (turn.resumed or turn.heard):
            await self._close(turn, "silent", silence)
            return
        try:
            standing = await self._find_standing(turn, said, workspace)
        except DeliveryError as error:
            await self._give_up_delivery(turn, error)
            return
        reply = self._open_reply(turn, said, workspace, standing)
        attempt = _Attempt(turn, lease, said, workspace, standing, reply)
        try:
            if silence is not None:
                await self._fall_silent(turn, said, reply, silence)
            else:
                await self._answer(attempt, participation)
        except DeliveryDelayed as error:
            await self._give_up_delivery(turn, error)
        except (LeaseLost, SQLAlchemyError):
            # What stands in Slack by now may not be whole: the next attempt takes its place.
            raise
        except AloudError as error:
            log.warning("turn_failed", error=type(error).__name__, detail=str(error))
            await self._apologize(turn, reply, error)
        except Exception:
            log.exception("turn_failed")
            await self._apologize(turn, reply, AloudError())
        finally:
            await reply.clear_status()

    async def _has_overtaken_its_root(self, turn: Turn, said: Said) -> bool:
        """Whether the event of a DM's first message is still on its way; wait for it once.

        Slack keeps no order between events, let alone between sockets. Read from Slack instead, the
        message would be answered here, and then once more when its own event comes.
        """
        if said.call != "direct" or not said.in_thread or turn.resumed:
            return False
        return await self._ledger.find_message(turn.thread.team, said.root_key) is None

    async def wants_answer(self, turn: Turn) -> bool:
        """Whether a waiting message is going to be answered."""
        said = from_json(Said, turn.payload)
        workspace = await self._workspaces.find(turn.thread.team)
        participation = await self._history.survey(turn.thread, before=turn.ts)
        return await self._find_silence(said, participation, workspace) is None

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
        await self._close(turn, "silent", "answered_again" if reopened else "edit_recorded")

    async def abandon(self, turn: Turn, lease: Lease) -> None:
        """End a turn that keeps breaking: say so, if even that does not break."""
        try:
            if turn.kind == "message":
                await self._say_that_it_broke(turn, lease)
            else:
                await self._close(turn, "dead")
        except (LeaseLost, SQLAlchemyError):
            raise
        except Exception:
            log.exception("turn_not_apologized_for")
            await self._close(turn, "dead", "unsaid")

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
        reply = self._open_reply(turn, said, workspace, standing)
        await self._apologize(turn, reply, AloudError(), outcome="dead")

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
        self, turn: Turn, said: Said, workspace: Workspace, standing: Standing
    ) -> Reply:
        return Reply(
            workspace.calls,
            workspace.place_reply(said),
            turn.id,
            capabilities=workspace.capabilities,
            standing=standing,
            resumed=turn.resumed or turn.heard,
        )

    async def _answer(self, attempt: "_Attempt", participation: Participation) -> None:
        turn, reply = attempt.turn, attempt.reply
        if turn.busy:
            raise TooBusy
        if turn.delayed is not None and turn.delayed > self._patience:
            raise TooLate
        if self._offers(attempt.said):
            names = [clean_name(file.name) for file in attempt.said.files]
            await reply.post_notice(render_offer(names, turn.id))
            await reply.clear_status()
            await self._close(turn, "answered", OFFERED)
            return
        joined = await self._join_waiting(attempt, participation)
        said = [attempt.said, *(one for one in joined if one.call != "deleted")]
        alone = not (joined or turn.resumed)
        if turn.answer is not None:
            written = Answer(**turn.answer)
            receipt = await self._deliver(attempt, self._repeat(turn, written))
            await self._keep_answer(attempt, said, written, receipt, alone=alone)
            return
        files = [file for one in said for file in one.files]
        names = [clean_name(file.name) for file in files]
        reply.show_status(f"is reading {_list(names)}…" if files else _THINKING)
        opening = self._opener.open(said, participation, attempt.workspace)
        opened = await _unless_stopped(opening, attempt.lease.stop)
        if opened is None:
            await reply.post_notice(render_stopped(turn.id))
            await reply.clear_status()
            await self._close(turn, "stopped")
        elif opened.has_nothing_to_answer:
            told = _explain(opened)
            [note] = render_answer(told, AnswerControls(turn.id))
            ts = await reply.post_notice(note)
            await reply.clear_status()
            answer = AssistantMessage(ts, told, said[-1].ts)
            await self._keep(turn, [ts], answer, None, "answered", "nothing_to_answer")
        else:
            thought = Thought()
            receipt = await self._deliver(attempt, self._write(turn, opened, thought))
            await self._keep_answer(attempt, said, thought.answer, receipt, alone=alone)

    async def _join_waiting(self, attempt: "_Attempt", participation: Participation) -> list[Said]:
        """Take in the messages that were written while this one waited; they share its answer.

        Those that were deleted since are among them.

        Only the next ones, as long as each surely wants an answer, so that the order is kept; and
        none if the answer is to stand in a place above them, or was written before them.
        """
        wanted = []
        people = {*participation.people, attempt.said.author}
        is_new = attempt.standing == NOTHING and attempt.turn.answer is None
        # One that came late stands behind an answer: with newer ones it would be passed over.
        is_new = is_new and not await self._ledger.has_been_overtaken(attempt.turn)
        for waiting in await self._ledger.find_waiting(attempt.turn) if is_new else ():
            said = from_json(Said, waiting.payload)
            before = replace(participation, people=frozenset(people))
            silence = await self._find_silence(said, before, attempt.workspace)
            if silence is not None or self._offers(said):
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

    async def _fall_silent(self, turn: Turn, said: Said, reply: Reply, reason: str) -> None:
        """End a turn that was to be answered when it was begun, and is not any more."""
        await reply.remove_standing()
        await reply.clear_status()
        if reason == "deleted":
            # As for those that were joined.
            await self._history.forget(said.thread, said.ts)
        await self._close(turn, "silent", reason)

    def _offers(self, said: Said) -> bool:
        return said.call == "share" and self._channel_files == "offer"

    async def _find_silence(
        self, said: Said, participation: Participation, workspace: Workspace
    ) -> str | None:
        match said.call:
            case "overheard":
                return "another_bot"
            case "deleted":
                return "deleted"
            case "share" if self._channel_files == "off":
                return "channel_files_off"
            case "share" if all(_is_no_document(file) for file in said.files):
                return "no_document"
            case "reply":
                named, _ = find_ids(said.text)
                took_part = participation.answered or await self._ledger.took_part(said.thread)
                return find_silence(
                    thread_is_ours=took_part,
                    earlier_authors=participation.people,
                    author=said.author,
                    names_others=bool(named - {workspace.bot.user_id}),
                )
            case _:
                return None

    async def _deliver(
        self, attempt: "_Attempt", pieces: AsyncGenerator[Piece, None]
    ) -> Delivered | Stopped:
        turn, posted = attempt.turn, list[str]()
        stopped = AnswerControls(turn.id, note=_STOPPED, regenerate=True)
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
        self, turn: Turn, opened: Opened, thought: Thought
    ) -> AsyncGenerator[Piece, None]:
        """Think, and say how the answer is to be shown."""
        async with aclosing(self._thinker.think(opened, thought)) as chunks:
            async for chunk in chunks:
                match chunk:
                    case Progress(names, done, total):
                        yield ProgressPiece(_list(names), done, total)
                    case ReasoningChunk():
                        yield StatusPiece(_THINKING)
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
        controls = AnswerControls(
            turn_id=turn.id,
            reasoning="hidden" if self._reveal and answer.reasoning else "none",
            note=answer.note,
            regenerate=True,
            left=answer.left,
        )
        return EndPiece(answer.markdown, controls)

    async def _keep_answer(
        self,
        attempt: "_Attempt",
        said: Sequence[Said],
        answer: Answer | None,
        receipt: Delivered | Stopped,
        *,
        alone: bool,
    ) -> None:
        """Write down what stands in Slack now, in the place of what stood there before."""
        turn = attempt.turn
        message, trace, markdown = None, None, ""
        outcome: Outcome = "stopped"
        if isinstance(receipt, Stopped):
            markdown = receipt.markdown
        elif answer is not None:
            outcome, markdown = "answered", answer.markdown
            if answer.reasoning and self._reveal:
                trace = Trace(turn.id, turn.thread, receipt.message_ts[-1], answer.reasoning)
        if markdown:
            message = AssistantMessage(receipt.message_ts[0], markdown, said[-1].ts)
            if turn.resumed:
                await self._hide_earlier(attempt)
        # Where nothing new was written, the answer that the turn had before still stands.
        posted = receipt.message_ts if message else None
        await self._keep(turn, posted, message, trace, outcome, alone=alone)

    async def _hide_earlier(self, attempt: "_Attempt") -> None:
        """Take away what shows the reasoning behind the answer that the turn had before."""
        turn = attempt.turn
        earlier = await self._traces.find(turn.thread.team, turn.id)
        if earlier is None:
            return
        try:
            await remove_trace(
                attempt.workspace.calls,
                turn.thread.channel,
                [parse_ref(ref) for ref in earlier.shown],
            )
        except DeliveryRefused as error:
            log.warning("earlier_reasoning_not_removed", code=error.code)

    async def _keep(
        self,
        turn: Turn,
        posted: Sequence[str] | None,
        message: AssistantMessage | None,
        trace: Trace | None,
        outcome: Outcome,
        reason: str = "",
        *,
        alone: bool = False,
    ) -> None:
        """Write down what was said, and that it was; keep at it while the database is away.

        The answer stands in Slack: whatever happens now, nothing more must be said about it. It
        takes the place of the one that the turn had before, and so does its trace.
        """
        while True:
            try:
                async with self._together():
                    if message is not None:
                        await self._replace(turn, message, trace)
                    await self._close(turn, outcome, reason, posted, alone=alone)
            except SQLAlchemyError:
                log.exception("answer_not_written_down")
                await asyncio.sleep(_DATABASE_RETRY_SECONDS)
            else:
                return

    async def _replace(self, turn: Turn, message: AssistantMessage, trace: Trace | None) -> None:
        for ts in turn.posted:
            if ts != message.ts:
                await self._history.forget(turn.thread, ts)
        await self._history.record(turn.thread, [message])
        if trace is not None:
            await self._traces.save(trace)
        elif turn.resumed:
            await self._traces.forget(turn.thread.team, turn.id)

    async def _apologize(
        self, turn: Turn, reply: Reply, error: AloudError, outcome: Outcome = "failed"
    ) -> None:
        try:
            await reply.post_error(
                error.plain, reference=turn.id, retry=turn.id if error.retryable else None
            )
        except DeliveryError as failure:
            await self._give_up_delivery(turn, failure)
        else:
            await reply.clear_status()
            await self._close(turn, outcome, type(error).__name__)

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
        await self._close(turn, "refused", error.code)

    async def _close(
        self,
        turn: Turn,
        outcome: Outcome,
        reason: str = "",
        posted: Sequence[str] | None = None,
        *,
        alone: bool = False,
    ) -> None:
        closed = await self._ledger.close(turn, outcome, reason, posted=posted, alone=alone)
        self._metrics.closed.labels(outcome).inc(closed)
        log.info(
            "turn_closed",
            outcome=outcome,
            reason=reason or None,
            seconds=round(self._now() - turn.accepted_at, 3),
        )


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


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} files"


def _is_no_document(file: SharedFile) -> bool:
    return file.media_type.partition("/")[0] in {"image", "audio", "video"}


def _explain(opened: Opened) -> str:
    return "\n\n".join(one.reason for one in opened.unread) or _GREETING
