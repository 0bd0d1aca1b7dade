"""From a delivery to an entry in the ledger: the least that must happen before the ack."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog

from bot.errors import AloudError, NotInstalled
from bot.ledger import Entry, Ledger
from bot.slack.events import (
    Deleted,
    Edited,
    Ignored,
    Said,
    find_team,
    parse_event,
    parse_press,
    parse_session_stop,
    to_json,
)
from bot.slack.render import STOP
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.traces import Traces
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)


class IntakeClosed(AloudError):
    """An event came while the process was leaving."""


class Intake:
    """Writes events down. It waits for the database alone, so that the ack is never late.

    Args:
        workspaces: The installations. An event of any other team is dropped.
        ledger: Where turns are written down.
        history: What deletions are taken out of.
        traces: As the history.
        documents: What deleted files are taken out of.
        metrics: Counts what came in.
        forget_team: Deletes all that is kept of a team that uninstalled us at that time, in seconds
            since 1970; returns None if it has installed us again since.
        answered_bots: The ids of the bots whose mentions are answered.
    """

    def __init__(
        self,
        workspaces: Workspaces,
        ledger: Ledger,
        history: SqlHistory,
        traces: Traces,
        documents: DocumentStore,
        metrics: Metrics,
        forget_team: Callable[[str, float], Awaitable[int | None]],
        answered_bots: Collection[str] = (),
    ) -> None:
        self._workspaces = workspaces
        self._ledger = ledger
        self._history = history
        self._traces = traces
        self._documents = documents
        self._metrics = metrics
        self._forget_team = forget_team
        self._answered_bots = answered_bots
        self._at_work = 0
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def receive_event(self, body: Mapping[str, Any]) -> None:
        """Take an `app_mention` or `message` event; raises IntakeClosed when we are leaving."""
        with self.working():
            await self._receive_event(body)

    async def receive_press(self, body: Mapping[str, Any]) -> None:
        """Take a pressed button; raises IntakeClosed when we are leaving."""
        press = parse_press(body)
        with self.working():
            if await self._find_workspace(press.thread.team) is None:
                return
            if press.action == STOP:
                # It waits for nothing: what it stops may be at work in another process.
                stopped = await self._ledger.stop(press.thread, press.turn_id)
                log.info("stop_pressed", turn=press.turn_id, stopped=stopped)
                return
            await self._accept(
                Entry(
                    key=press.key,
                    kind="press",
                    thread=press.thread,
                    ts=press.action_ts,
                    lane=press.lane,
                    payload=to_json(press),
                )
            )

    async def receive_stop(self, body: Mapping[str, Any]) -> None:
        """Take `agent_session_stopped`, Slack's own Stop; raises IntakeClosed as ever."""
        with self.working():
            if await self._find_workspace(find_team(body)) is None:
                return
            session = parse_session_stop(body)
            stopped = await self._ledger.stop_thread(
                session.thread, posted=session.streaming, asked_at=session.asked_at
            )
            log.info("session_stopped", stopped=stopped)

    async def receive_file_deletion(self, body: Mapping[str, Any]) -> None:
        """Take `file_deleted`: forget what was read of the file; raises IntakeClosed as ever."""
        team, file_id = find_team(body), body["event"]["file_id"]
        with self.working():
            await self._documents.forget_file(team, file_id)
        log.info("file_forgotten", team=team, file=file_id)

    async def receive_uninstall(self, body: Mapping[str, Any]) -> None:
        """Take `app_uninstalled` or `tokens_revoked`: forget the team.

        Both can come for one uninstall, in any order (Slack docs, "app_uninstalled"). People's
        tokens are none of ours. Raises IntakeClosed when we are leaving.
        """
        event = body["event"]
        if event["type"] == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return
        team = find_team(body)
        with self.working():
            rows = await self._forget_team(team, body["event_time"])
        if rows is None:
            log.info("uninstall_outdated", team=team)
        else:
            log.info("team_forgotten", team=team, rows=rows)

    async def close(self) -> None:
        """Take no more, and wait until what came before is written down.

        What comes later is not acknowledged, so Slack delivers it again, to our next start.
        """
        self._closed = True
        await self._idle.wait()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold `close` off while something is written down; raises IntakeClosed when leaving."""
        if self._closed:
            raise IntakeClosed("leaving; Slack will deliver it again")
        self._at_work += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def _receive_event(self, body: Mapping[str, Any]) -> None:
        workspace = await self._find_workspace(find_team(body))
        if workspace is None:
            return
        match parse_event(body, workspace.bot, self._answered_bots):
            case Said() as said:
                # Replies in threads that we have no part in are none of our business.
                if said.call in {"reply", "overheard"} and not await self._ledger.knows(
                    said.thread
                ):
                    return
                await self._accept(
                    Entry(
                        key=said.key,
                        kind="message",
                        thread=said.thread,
                        ts=said.ts,
                        lane=said.thread.lane,
                        payload=to_json(said),
                        complete=not said.sparse,
                        # Who edits a mention into a message that we let pass wants an answer now.
                        revives=said.edited,
                    )
                )
            case Edited() as edited:
                if await self._ledger.knows(edited.thread):
                    await self._ledger.revise(edited.message_key, {"text": edited.text})
                    await self._accept(
                        Entry(
                            key=edited.key,
                            kind="edit",
                            thread=edited.thread,
                            ts=edited.edited_ts,
                            lane=edited.thread.lane,
                            payload=to_json(edited),
                        )
                    )
            case Deleted() as deleted:
                await self._ledger.withdraw(deleted.message_key)
                await self._history.forget(deleted.thread, deleted.ts)
                await self._traces.forget_answer(deleted.thread, deleted.ts)
            case Ignored() as ignored:
                log.debug("event_ignored", reason=ignored.reason)

    async def _find_workspace(self, team: str) -> Workspace | None:
        try:
            return await self._workspaces.find(team)
        except NotInstalled:
            # Acknowledged all the same: delivered again, it would find us no more installed.
            log.info("event_dropped", reason="not_installed", team=team)
            return None

    async def _accept(self, entry: Entry) -> None:
        if await self._ledger.accept(entry):
            self._metrics.accepted.labels(entry.kind).inc()
            log.info("accepted", kind=entry.kind, key=entry.key)
        else:
            self._metrics.repeated.inc()
            log.debug("accepted_before", kind=entry.kind, key=entry.key)
