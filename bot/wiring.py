"""Wires the parts that do the work to one another; `app.py` opens and closes what they stand on."""

import secrets
import time

from bot.admission import Admission
from bot.asks import Asks
from bot.closing import Closer
from bot.conversation.ports import Model
from bot.conversation.preferences import Defaults
from bot.documents.library import Library
from bot.errors import NotInstalled
from bot.home import Home
from bot.lease import Lease
from bot.ledger import Ledger, Turn
from bot.listeners import Desks
from bot.listeners.desk import Desk
from bot.listeners.feedback import FeedbackDesk
from bot.listeners.home import HomeDesk
from bot.listeners.intake import Intake
from bot.listeners.visits import VisitDesk
from bot.notes import NoteTaker
from bot.opening import Opener
from bot.presses import Presses
from bot.reading import Reader
from bot.settings import Settings
from bot.slack.workspaces import Workspaces
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.feedback import FeedbackStore
from bot.store.forgetting import forget_team
from bot.store.greetings import Greetings
from bot.store.history import SqlHistory
from bot.store.memory import Memory
from bot.store.preferences import PreferenceStore
from bot.store.recent import RecentStore
from bot.store.traces import Traces
from bot.store.usage import UsageStore
from bot.store.viewing import Viewing
from bot.telemetry import Metrics
from bot.thinking import Thinker
from bot.turns import Turns
from bot.visits import LOOK_SECONDS, Visits


class Wiring:
    """Everything between the listeners and the ledger's runner, built once.

    Args:
        settings: What the operator set.
        database: Where everything is kept.
        workspaces: The installations.
        model: What answers.
        library: What reads files.
        metrics: What is counted.

    Attributes:
        ledger: Where events wait.
        turns: What answers messages.
        desks: What listeners hand events to.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        workspaces: Workspaces,
        model: Model,
        library: Library,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._database = database
        self._workspaces = workspaces
        self._model = model
        self._metrics = metrics
        self._defaults = find_defaults(settings)
        self._models = tuple(dict.fromkeys(one.model for one in settings.endpoints))
        self._reveal = settings.aloud_reasoning != "off"
        self._history = SqlHistory(database)
        self._traces = Traces(database)
        self._documents = DocumentStore(database)
        self._preferences = PreferenceStore(database)
        self._usage = UsageStore(database)
        self._viewing = Viewing(database)
        self._recent = RecentStore(database)
        self._memory = Memory(database)
        self.ledger = Ledger(
            database,
            new_id=lambda: secrets.token_hex(8),
            lease_seconds=settings.aloud_lease_seconds,
        )
        self.turns = self._wire_turns(library)
        self._presses = Presses(
            ledger=self.ledger,
            traces=self._traces,
            preferences=self._preferences,
            defaults=self._defaults,
            workspaces=workspaces,
            reveal=self._reveal,
            privately=settings.aloud_reasoning == "ephemeral",
            together=database.write,
        )
        self._asks = Asks(
            ledger=self.ledger,
            memory=self._memory,
            workspaces=workspaces,
            together=database.write,
        )
        self._home = Home(
            ledger=self.ledger,
            workspaces=workspaces,
            preferences=self._preferences,
            usage=self._usage,
            recent=self._recent,
            defaults=self._defaults,
            most_days=settings.aloud_retention_days,
            models=self._models,
        )
        self._visits = Visits(
            ledger=self.ledger,
            history=self._history,
            documents=self._documents,
            greetings=Greetings(database),
            viewing=self._viewing,
            preferences=self._preferences,
            defaults=self._defaults,
            usage=self._usage,
            model=model,
            workspaces=workspaces,
            reveal=self._reveal,
        )
        self.desks = self._wire_desks()

    async def work(self, turn: Turn, lease: Lease) -> None:
        """Bring a turn to its end, whatever kind it is of."""
        team = turn.thread.team
        if not await self._is_installed(team):
            await self.ledger.close(turn, "silent", "not_installed")
            return
        try:
            match turn.kind:
                case "message":
                    await self.turns.answer(turn, lease)
                case "edit":
                    await self.turns.revise(turn, lease)
                case "press":
                    await self._presses.answer(turn, lease)
                case "ask":
                    await self._asks.answer(turn, lease)
                case "home":
                    await self._home.answer(turn, lease)
                case "visit":
                    await self._visits.answer(turn, lease)
        finally:
            if not await self._is_installed(team):
                # What the turn wrote down after the uninstall goes as well.
                await forget_team(self._database, team, asked_at=time.time())

    async def abandon(self, turn: Turn, lease: Lease) -> None:
        """End a turn that keeps breaking, whatever kind it is of."""
        if turn.kind == "ask":
            await self._asks.abandon(turn, lease)
        else:
            await self.turns.abandon(turn, lease)

    async def _is_installed(self, team: str) -> bool:
        try:
            await self._workspaces.find(team)
        except NotInstalled:
            return False
        return True

    def _wire_turns(self, library: Library) -> Turns:
        settings, part_tokens = self._settings, _fit_parts(self._settings)

        async def find_viewed(team: str, person: str) -> str:
            return await self._viewing.find(team, person, since=time.time() - LOOK_SECONDS)

        note_taker = NoteTaker(
            library,
            self._model,
            part_tokens=part_tokens,
            most_calls=settings.aloud_summary_calls,
            # One place for a call stays free for those who only ask something.
            parallel=max(1, settings.aloud_model_calls - 1),
        )
        return Turns(
            ledger=self.ledger,
            history=self._history,
            opener=Opener(
                self._history,
                library,
                history_messages=settings.aloud_history_messages,
                find_viewed=find_viewed,
            ),
            thinker=Thinker(
                self._model,
                Reader(library, note_taker, room=2 * part_tokens),
                context_tokens=settings.aloud_context_tokens,
                answer_tokens=settings.aloud_answer_tokens,
            ),
            closer=Closer(
                ledger=self.ledger,
                history=self._history,
                traces=self._traces,
                usage=self._usage,
                reveal=self._reveal,
                metrics=self._metrics,
                together=self._database.write,
            ),
            workspaces=self._workspaces,
            admission=Admission(
                ledger=self.ledger,
                history=self._history,
                preferences=self._preferences,
                usage=self._usage,
                defaults=self._defaults,
            ),
            reveal=self._reveal,
            gists=settings.aloud_reasoning == "thread",
            patience=settings.aloud_delivery_seconds,
            metrics=self._metrics,
        )

    def _wire_desks(self) -> Desks:
        async def forget(team: str, asked_at: float) -> int | None:
            return await forget_team(self._database, team, asked_at=asked_at)

        home = HomeDesk(
            workspaces=self._workspaces,
            ledger=self.ledger,
            preferences=self._preferences,
            recent=self._recent,
            forget_thread=self._memory.forget_thread,
            forget_document=self._memory.forget_document,
            defaults=self._defaults,
            most_days=self._settings.aloud_retention_days,
            models=self._models,
        )
        return Desks(
            intake=Intake(
                self._workspaces,
                self.ledger,
                self._history,
                self._traces,
                self._documents,
                self._metrics,
                forget,
                self._settings.answered_bots,
            ),
            commands=Desk(
                workspaces=self._workspaces,
                ledger=self.ledger,
                memory=self._memory,
                usage=self._usage,
                preferences=self._preferences,
                defaults=self._defaults,
                open_settings=home.open_settings,
                leave_channel=self._history.leave_channel,
                metrics=self._metrics,
            ),
            feedback=FeedbackDesk(self._workspaces, self.ledger, FeedbackStore(self._database)),
            home=home,
            visits=VisitDesk(self._workspaces, self.ledger, self._viewing, self._metrics),
        )


def find_defaults(settings: Settings) -> Defaults:
    """Return what the operator set for whatever nobody chose."""
    return Defaults(
        think=settings.aloud_think,
        follow_ups=settings.aloud_follow_ups,
        files=settings.aloud_channel_files,
        outsiders=settings.aloud_outsiders,
        monthly_tokens=settings.aloud_monthly_tokens,
        person_tokens=settings.aloud_person_tokens,
    )


def _fit_parts(settings: Settings) -> int:
    """Return how much of a document is read at a time, so that twice as much fits a prompt."""
    room = settings.aloud_context_tokens - settings.aloud_answer_tokens
    return min(settings.aloud_part_tokens, room // 3)
