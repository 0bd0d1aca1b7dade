"""The way of a turn: open → think → render → deliver → close. The only module that knows it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Final, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversation.addressing import find_silence
from bot.conversation.messages import (
    AnswerChunk,
    AssistantMessage,
    Chunk,
    Completion,
    Participation,
    ReasoningChunk,
    SharedFile,
)
from bot.conversation.ports import History
from bot.errors import AloudError, DeliveryDelayed, DeliveryError
from bot.ledger import OFFERED, Ledger, Outcome, Turn
from bot.opening import Opened, Opener
from bot.slack.events import Edited, Said, from_json
from bot.slack.leftovers import remove_leftovers
from bot.slack.render import (
    AnswerControls,
    render_answer,
    render_offer,
)
from bot.slack.reply import (
    Delivered,
    EndPiece,
    Piece,
    Reply,
    Started,
    StatusPiece,
    Stopped,
    TextPiece,
)
from bot.slack.text import find_ids
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.traces import Trace, Traces
from bot.telemetry import Metrics
from bot.thinking import Thinker, Thought

log = structlog.get_logger(__name__)

_THINKING: Final = "is thinking…"
_CUT_OFF: Final = "The answer was cut off at its length limit; ask me to go on."
_GREETING: Final = (
    "Here I am. Ask me anything, or share a file and I'll summarize it. "
    "Add `/no_think` for a quick answer without reasoning."
)
_DELAYED_SECONDS: Final = 5.0
_GIVE_UP_SECONDS: Final = 15 * 60.0
_DATABASE_RETRY_SECONDS: Final = 1.0


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
        metrics: Counts outcomes.
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
        metrics: Metrics,
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
        self._metrics = metrics
        self._now = now

    async def answer(self, turn: Turn) -> None:
        """Bring a message to its one outcome: an answer, an error message, or silence."""
        said = from_json(Said, turn.payload)
        workspace = await self._workspaces.find(turn.thread.team)
        participation = await self._history.survey(turn.thread)
        silence = await self._find_silence(said, participation, workspace)
        offers = said.call == "share" and self._channel_files == "offer"
        if participation.read and (silence is not None or offers):
            await self._opener.record(said, workspace, said.files)
        if silence is not None:
            await self._close(turn, "silent", silence)
            return
        place = workspace.place_reply(said)
        reply = Reply(workspace.calls, place, turn.id, capabilities=workspace.capabilities)
        try:
            if turn.resumed:
                await remove_leftovers(workspace.calls, place, turn.id, turn.posted)
            if offers:
                offer = render_offer([file.name for file in said.files], turn.id)
                await reply.post_notice(offer)
                await self._close(turn, "answered", OFFERED)
                return
            reply.show_status(f"is reading {_name(said.files)}…" if said.files else _THINKING)
            opened = await self._opener.open(said, participation, workspace)
            if opened.has_nothing_to_answer:
                told = _explain(opened)
                [note] = render_answer(told, AnswerControls(turn.id))
                ts = await reply.post_notice(note)
                answer = AssistantMessage(ts, told, turn.ts)
                await self._keep(turn, answer, None, "answered", "nothing_to_answer")
                return
            thought = Thought()
            receipt = await self._deliver(turn, opened, thought, reply)
            await self._keep_answer(turn, thought, receipt)
        except DeliveryError as error:
            await self._give_up_delivery(turn, error)
        except AloudError as error:
            log.warning("turn_failed", error=type(error).__name__, detail=str(error))
            await self._apologize(turn, reply, error)
        except SQLAlchemyError:
            # What stands in Slack by now is not known to be whole: the next attempt clears it away.
            raise
        except Exception:
            log.exception("turn_failed")
            await self._apologize(turn, reply, AloudError())
        finally:
            await reply.clear_status()

    async def revise(self, turn: Turn) -> None:
        """Bring an edited message up to date in the history."""
        workspace = await self._workspaces.find(turn.thread.team)
        await self._opener.revise(from_json(Edited, turn.payload), workspace)
        await self._close(turn, "silent", "edit_recorded")

    async def abandon(self, turn: Turn) -> None:
        """End a turn that keeps breaking: say so, without doing again what breaks."""
        if turn.kind != "message":
            await self._close(turn, "failed", "keeps_breaking")
            return
        said = from_json(Said, turn.payload)
        workspace = await self._workspaces.find(turn.thread.team)
        place = workspace.place_reply(said)
        reply = Reply(workspace.calls, place, turn.id, capabilities=workspace.capabilities)
        await self._apologize(turn, reply, AloudError())

    async def _find_silence(
        self, said: Said, participation: Participation, workspace: Workspace
    ) -> str | None:
        match said.call:
            case "overheard":
                return "another_bot"
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
        self, turn: Turn, opened: Opened, thought: Thought, reply: Reply
    ) -> Delivered | Stopped:
        posted: list[str] = []
        async with (
            aclosing(self._thinker.think(opened, thought)) as chunks,
            aclosing(self._render(turn, chunks, thought)) as pieces,
            aclosing(reply.deliver(pieces)) as receipts,
        ):
            async for receipt in receipts:
                if not isinstance(receipt, Started):
                    return receipt
                if not posted:
                    self._metrics.first_content.observe(self._now() - turn.accepted_at)
                posted.append(receipt.ts)
                await self._ledger.note_posted(turn, posted)
        raise AssertionError("a delivery ends with a receipt or an error")

    async def _render(
        self, turn: Turn, chunks: AsyncIterator[Chunk], thought: Thought
    ) -> AsyncGenerator[Piece, None]:
        async for chunk in chunks:
            match chunk:
                case ReasoningChunk():
                    yield StatusPiece(_THINKING)
                case AnswerChunk(text):
                    yield TextPiece(text)
                case Completion():
                    notes = [*thought.coverage, *([_CUT_OFF] if chunk.truncated else [])]
                    controls = AnswerControls(
                        turn_id=turn.id,
                        reasoning="hidden" if self._reveal and chunk.reasoning else "none",
                        note=" ".join(notes) or None,
                    )
                    yield EndPiece(chunk.answer, controls)

    async def _keep_answer(
        self, turn: Turn, thought: Thought, receipt: Delivered | Stopped
    ) -> None:
        outcome: Outcome = "answered" if isinstance(receipt, Delivered) else "stopped"
        completion = thought.completion
        answer, trace = None, None
        if completion is not None and receipt.message_ts:
            answer = AssistantMessage(receipt.message_ts[0], completion.answer, turn.ts)
            if self._reveal and completion.reasoning:
                button_ts = receipt.message_ts[-1]
                trace = Trace(turn.id, turn.thread, button_ts, completion.reasoning)
            self._metrics.tokens.labels("prompt").inc(completion.usage.prompt)
            self._metrics.tokens.labels("completion").inc(completion.usage.completion)
        await self._keep(turn, answer, trace, outcome)

    async def _keep(
        self,
        turn: Turn,
        answer: AssistantMessage | None,
        trace: Trace | None,
        outcome: Outcome,
        reason: str = "",
    ) -> None:
        """Write down what was said, and then that it was; keep at it while the database is away.

        The answer stands in Slack: whatever happens now, nothing more must be said about it.
        """
        while True:
            try:
                if trace is not None:
                    await self._traces.save(trace)
                if answer is not None:
                    await self._history.record(turn.thread, [answer])
                await self._close(turn, outcome, reason)
            except SQLAlchemyError:
                log.exception("answer_not_written_down")
                await asyncio.sleep(_DATABASE_RETRY_SECONDS)
            else:
                return

    async def _apologize(self, turn: Turn, reply: Reply, error: AloudError) -> None:
        try:
            await reply.post_error(
                error.plain, reference=turn.id, retry=turn.id if error.retryable else None
            )
        except DeliveryError as failure:
            await self._give_up_delivery(turn, failure)
        else:
            await self._close(turn, "failed", type(error).__name__)

    async def _give_up_delivery(self, turn: Turn, error: DeliveryError) -> None:
        """Slack did not take the reply: try again later if that can help, for a while."""
        waited = self._now() - (turn.delayed_since or self._now())
        if isinstance(error, DeliveryDelayed) and waited < _GIVE_UP_SECONDS:
            delay = max(_DELAYED_SECONDS, error.retry_after or 0)
            log.warning("delivery_delayed", code=error.code, seconds=delay)
            await self._ledger.put_back(turn, delay=delay, delivery=True)
            return
        log.error("delivery_refused", code=error.code, detail=str(error))
        await self._close(turn, "refused", error.code)

    async def _close(self, turn: Turn, outcome: Outcome, reason: str = "") -> None:
        await self._ledger.close(turn, outcome, reason)
        self._metrics.closed.labels(outcome).inc()
        log.info(
            "turn_closed",
            outcome=outcome,
            reason=reason or None,
            seconds=round(self._now() - turn.accepted_at, 3),
        )


def _name(files: Sequence[SharedFile]) -> str:
    return files[0].name if len(files) == 1 else f"{len(files)} files"


def _is_no_document(file: SharedFile) -> bool:
    return file.media_type.partition("/")[0] in {"image", "audio", "video"}


def _explain(opened: Opened) -> str:
    return "\n\n".join(one.reason for one in opened.unread) or _GREETING
