"""Bring events and interactions to the app, again if it does not ack, as Slack does.

Two ways lead there: Socket Mode (`sockets`) and signed HTTP (`webhooks`). Both are a `Carrier`.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import structlog

from bot.demo.faults import Faults
from bot.demo.workspace import Json

log = structlog.get_logger(__name__)

EnvelopeType = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is delivered once: a payload and which attempt this is."""

    type: EnvelopeType
    payload: Json
    envelope_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    retry_attempt: int = 0
    retry_reason: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The app has taken the envelope; `payload` is what it answered with it."""

    payload: Any = None


class Undelivered(Exception):
    """The app did not ack; `again` tells whether Slack would try once more."""

    def __init__(self, reason: str, *, again: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class Carrier(Protocol):
    """A way to the app."""

    async def carry(self, envelope: Envelope) -> Ack:
        """Bring one envelope and return its ack; raise `Undelivered` without one."""
        ...


@dataclass(slots=True)
class Delivery:
    """The record of one event or interaction.

    Attributes:
        key: The event id, or the envelope id of an interaction.
        attempts: How often it was sent.
        acked_at: When the first ack came, by the workspace's clock; None until then.
        failed: Slack has given up.
    """

    key: str
    type: str
    payload: Json
    attempts: int = 0
    sent_at: float = 0.0
    acked_at: float | None = None
    failed: bool = False


class Deliveries:
    """Delivers, redelivers and remembers.

    Attributes:
        carrier: The way to the app.
        records: Every delivery so far, oldest first.
        pending: How many events are neither acked nor given up.

    Args:
        carrier: The way to the app.
        faults: How many duplicates to send.
        clock: Seconds since 1970, for the record.
        retry_delays: Seconds before the second, third and fourth attempt; Slack waits about
            0, 60 and 300 (Slack docs, Events API).
        changed: Called when a record has changed.
    """

    def __init__(
        self,
        carrier: Carrier,
        faults: Faults,
        clock: Callable[[], float],
        retry_delays: Sequence[float],
        changed: Callable[[], None],
    ) -> None:
        self.carrier = carrier
        self.records: list[Delivery] = []
        self.pending = 0
        self._faults = faults
        self._clock = clock
        self._retry_delays = retry_delays
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()

    def send_event(self, callback: Json, *, attempt: int = 0) -> Delivery:
        """Deliver an Events API payload in the background."""
        record = Delivery(callback["event_id"], "events_api", callback)
        self.records.append(record)
        self.pending += 1
        task = asyncio.create_task(self._deliver_event(record, attempt))
        self._tasks.add(task)
        task.add_done_callback(self._close_delivery)
        return record

    async def send_interaction(self, type_: EnvelopeType, payload: Json) -> Ack:
        """Deliver a press, command or submission once.

        Raises:
            Undelivered: The app did not ack in time; Slack shows the person a warning sign.
        """
        envelope = Envelope(type_, payload)
        record = Delivery(envelope.envelope_id, type_, payload)
        self.records.append(record)
        return await self._attempt(record, envelope)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _close_delivery(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.pending -= 1
        self._changed()

    async def _deliver_event(self, record: Delivery, attempt: int) -> None:
        envelope_id = str(uuid.uuid4())
        reason = "timeout" if attempt else ""
        for delay in [*self._retry_delays, None]:
            envelope = Envelope("events_api", record.payload, envelope_id, attempt, reason)
            try:
                await self._attempt(record, envelope)
            except Undelivered as failure:
                log.debug("event_not_acked", key=record.key, reason=failure.reason)
                if delay is None or not failure.again:
                    break
                await asyncio.sleep(delay)
                attempt, reason = attempt + 1, failure.reason
            else:
                with suppress(Undelivered):
                    for _ in range(self._faults.duplicates):
                        await self._attempt(record, envelope)
                return
        record.failed = True

    async def _attempt(self, record: Delivery, envelope: Envelope) -> Ack:
        record.attempts += 1
        record.sent_at = record.sent_at or self._clock()
        ack = await self.carrier.carry(envelope)
        if record.acked_at is None:
            record.acked_at = self._clock()
        self._changed()
        return ack
