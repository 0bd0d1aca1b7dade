"""A reply on stage: one question in a channel, and a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable

from bot.demo.methods.streams import expire
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, GENERAL, TEAM_ID, Message
from bot.slack import limits
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.render import AnswerControls
from bot.slack.reply import Piece, Receipt, Reply
from bot.slack.standing import NOTHING, Standing, find_standing
from tests.slack.clock import ManualClock

NO_CONTROLS = AnswerControls("turn-1")
BUTTON = AnswerControls("turn-1", reasoning="hidden")
STOPPED = AnswerControls("turn-1", note="Stopped.", regenerate=True)
STREAM_METHODS = ("chat.startStream", "chat.appendStream", "chat.stopStream")


class Stage:
    """One question in a channel, and a reply to it on a clock that the test moves."""

    def __init__(self, slack: StandIn, clock: ManualClock, calls: SlackCalls, root: str) -> None:
        self.slack = slack
        self.clock = clock
        self.root = root
        self.capabilities = Capabilities(clock)
        self.capabilities.claim_probe("native_stop", TEAM_ID)
        self.stop = asyncio.Event()
        self.place = ReplyPlace(TEAM_ID, GENERAL, root, ALICE, TEAM_ID, root)
        self.receipts: list[Receipt] = []
        self._news = asyncio.Event()
        self.calls = calls
        self.reply = self.new_reply()

    def new_reply(
        self,
        standing: Standing = NOTHING,
        *,
        resumed: bool = False,
        check: Callable[[], None] | None = None,
    ) -> Reply:
        return Reply(
            self.calls if check is None else self.calls.fenced(check),
            self.place,
            "turn-1",
            capabilities=self.capabilities,
            standing=standing,
            resumed=resumed,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    async def deliver(self, pieces: AsyncIterator[Piece]) -> list[Receipt]:
        async with asyncio.timeout(3):
            async for receipt in self.reply.deliver(pieces, stop=self.stop, stopped=STOPPED):
                self.receipts.append(receipt)
                self._news.set()
        return self.receipts

    async def try_again(self, *posted: str) -> Standing:
        """Let another attempt at the turn find what stands, and take over."""
        standing = await find_standing(self.calls, self.place, "turn-1", posted)
        self.stop = asyncio.Event()
        self.receipts = []
        self.reply = self.new_reply(standing, resumed=True)
        return standing

    async def answered(self, method: str, times: int = 1) -> None:
        """Wait until Slack has answered that many calls of a method."""

        def done() -> bool:
            return sum(c.error is not None for c in self.slack.calls_of(method)) >= times

        await self.slack.wait_for(done)

    async def shown(self, characters: int) -> None:
        """Let just enough time pass for that much to be shown."""
        while sum(map(len, self.texts)) < characters:
            if self.clock.wakes_someone(limits.APPEND_SECONDS):
                await self.clock.pass_time(limits.APPEND_SECONDS)
            await asyncio.sleep(0)

    async def begun(self, messages: int = 1) -> None:
        """Wait until that many messages are known to have been begun."""
        while len(self.receipts) < messages:
            self._news.clear()
            await self._news.wait()

    def drop_stream(self) -> None:
        """Let Slack drop the open stream."""
        for message in self.messages:
            if message.streaming == "in_progress":
                expire(self.slack.workspace, message)

    @property
    def messages(self) -> list[Message]:
        return self.slack.messages(GENERAL, self.root)[1:]

    @property
    def texts(self) -> list[str]:
        """What each message shows as Markdown."""
        return [
            "".join(block["text"] for block in message.blocks if block["type"] == "markdown")
            for message in self.messages
        ]

    @property
    def buttons(self) -> list[list[str]]:
        """The actions of each message's buttons."""
        return [
            [
                element["action_id"]
                for block in message.blocks
                if block["type"] == "actions"
                for element in block["elements"]
            ]
            for message in self.messages
        ]

    @property
    def events(self) -> list[tuple[str, int]]:
        """What each message says it is: its event type and part."""
        about = [message.metadata or {"event_payload": {}} for message in self.messages]
        return [(one["event_type"], one["event_payload"]["part"]) for one in about]

    def methods(self) -> list[str]:
        return [call.method for call in self.slack.calls]

    def assert_left_nothing_open(self) -> None:
        assert self.slack.workspace.streams == {}
        assert self.slack.workspace.status_of((GENERAL, self.root)) == ""
        assert self.capabilities.append_seconds(TEAM_ID) == limits.APPEND_SECONDS
