"""Somebody comes: a welcome once ever, suggestions that fit, a title for what was talked about."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Float, bindparam

from bot.conversation.messages import (
    AssistantMessage,
    Document,
    Passage,
    SharedFile,
    ThreadKey,
    UserMessage,
)
from bot.conversation.preferences import ChannelPreferences, Defaults, WorkspacePreferences
from bot.demo.server import StandIn
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    BOB,
    BOT_ID,
    BOT_USER_ID,
    GENERAL,
    RANDOM,
    TEAM_ID,
    Message,
)
from bot.lease import Lease
from bot.ledger import Entry, Ledger, Turn
from bot.listeners.visits import VisitDesk
from bot.model.client import ModelClient, build_http
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity
from bot.slack.visit_events import Visit, visit_to_json
from bot.slack.workspaces import OneWorkspace, Workspace
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.greetings import Greetings
from bot.store.history import SqlHistory
from bot.store.preferences import PreferenceStore
from bot.store.usage import UsageStore, Used, month_of
from bot.store.viewing import Viewing
from bot.telemetry import Metrics
from bot.visits import LOOK_SECONDS, Visits
from tests.model.server import ModelServer, answer, chunk, failure, stream
from tests.slack.clock import HurriedClock, ManualClock

NOW = 1_790_000_000.0
GENERAL_TITLES = [
    "What can you do?",
    "Summarize a file",
    "Think a decision through",
    "Draft a message",
]


@dataclass
class Hall:
    """Where everybody comes in: the desk that writes it down, and those who do what is wanted."""

    slack: StandIn
    model: ModelServer
    clock: ManualClock
    database: Database
    desk: VisitDesk
    visits: Visits
    ledger: Ledger

    async def work(self) -> list[Turn]:
        """Do all that is wanted now; return what was at work, as it is by then."""
        turns = await self.ledger.claim(9, team_limit=9)
        for turn in turns:
            await self.visits.answer(turn, Lease(15.0, 0.0, clock=lambda: 0.0))
        found = [await self.ledger.find(TEAM_ID, turn.id) for turn in turns]
        return [turn for turn in found if turn is not None]

    async def open(self, user: str = ALICE, ts: str = "1790000001.000100") -> list[Turn]:
        channel = self.slack.workspace.direct_channel(user).id
        event = {"type": "app_home_opened", "user": user, "channel": channel, "tab": "messages"}
        await self.desk.receive_opened(body({**event, "event_ts": ts}))
        return await self.work()

    async def invite(self, channel: str = GENERAL, ts: str = "1790000001.000200") -> list[Turn]:
        event = {"type": "member_joined_channel", "user": BOT_USER_ID, "channel": channel}
        await self.desk.receive_joined(body({**event, "inviter": ALICE, "event_ts": ts}))
        return await self.work()

    async def look_at(self, channel: str, ts: str = "1790000000.000100") -> None:
        entities = [{"type": "slack#/types/channel_id", "value": channel}]
        event = {"type": "app_context_changed", "user": ALICE, "context": {"entities": entities}}
        await self.desk.receive_context(body({**event, "event_ts": ts}))

    async def note_answer(self, thread_ts: str, *, is_first: bool = True) -> list[Turn]:
        visit = Visit("answered", TEAM_ID, ALICE_DM, ALICE, thread_ts, thread_ts, is_first)
        entry = Entry(
            key=visit.key,
            kind="visit",
            thread=visit.thread,
            ts=visit.ts,
            lane=visit.lane,
            payload=visit_to_json(visit),
        )
        await self.ledger.accept(entry)
        return await self.work()

    async def talk(self, question: str, *files: SharedFile) -> str:
        """Let a thread of Alice's begin, and be answered."""
        ts = await self.slack.post(ALICE, ALICE_DM, question or "a file")
        history = SqlHistory(self.database)
        thread = ThreadKey(TEAM_ID, ALICE_DM, ts)
        said = UserMessage(ts, ALICE, "Alice", question, files)
        answered = AssistantMessage(f"{ts[:-1]}9", "It is blue for a reason.", ts)
        await history.record(thread, [said, answered])
        store = DocumentStore(self.database)
        for file in files:
            document = Document(file.id, file.name, "PDF", "page", 1, 1, 9, f"digest of {file.id}")
            await store.save(TEAM_ID, document, [(Passage(1, "text"), "text")])
            await store.attach(thread, [file.id])
        return ts

    def said(self, channel: str) -> list[Message]:
        """What we said in a channel, threads included."""
        messages = self.slack.workspace.messages.values()
        return [one for one in messages if one.channel == channel and one.user == BOT_USER_ID]

    def titles(self, thread_ts: str = "") -> list[str]:
        """What Alice is offered."""
        offered = self.slack.workspace.prompts.get((ALICE_DM, thread_ts), ())
        return [one["title"] for one in offered]


def body(event: dict[str, Any]) -> dict[str, Any]:
    return {"team_id": TEAM_ID, "authorizations": [{"team_id": TEAM_ID}], "event": event}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with build_http() as client:
        yield client


@pytest.fixture
async def hall(
    database: Database, clock: ManualClock, http: httpx.AsyncClient
) -> AsyncIterator[Hall]:
    def now() -> float:
        return NOW + clock.now

    ids = (f"turn{n}" for n in itertools.count(1))
    ledger = Ledger(
        database,
        new_id=lambda: next(ids),
        now=bindparam("test_now", callable_=now, type_=Float()),
    )
    async with StandIn(clock=now) as slack, ModelServer().serve() as model:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        hurried = HurriedClock()
        calls = SlackCalls(client, sleep=hurried.sleep, clock=hurried)
        workspaces = OneWorkspace(
            Workspace(
                BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID),
                client,
                calls,
                Directory(calls, BOT_USER_ID),
                Capabilities(clock),
            )
        )
        model.scripts_titles = True
        model.replies = [answer('"Blue skies."')]
        viewing = Viewing(database)
        visits = Visits(
            ledger=ledger,
            history=SqlHistory(database),
            documents=DocumentStore(database),
            greetings=Greetings(database),
            viewing=viewing,
            preferences=PreferenceStore(database),
            defaults=Defaults(),
            usage=UsageStore(database),
            model=ModelClient(http, base_url=model.url, name="m", api_key=SecretStr("key")),
            workspaces=workspaces,
            reveal=True,
            now=now,
        )
        desk = VisitDesk(workspaces, ledger, viewing, Metrics())
        yield Hall(slack, model, clock, database, desk, visits, ledger)


async def test_a_person_is_welcomed_the_first_time_and_never_again(hall: Hall) -> None:
    [turn] = await hall.open()
    await hall.open(ts="1790000002.000100")
    await hall.open(BOB)

    [welcome] = hall.said(ALICE_DM)
    assert welcome.text.count("\n") == 2
    assert "/no_think" in welcome.text
    assert "Show reasoning" in welcome.text
    assert welcome.thread_ts == ""
    assert len(hall.said(hall.slack.workspace.direct_channel(BOB).id)) == 1
    assert (turn.outcome, turn.payload) == ("answered", {})


async def test_one_event_is_one_visit_however_often_it_comes(hall: Hall) -> None:
    assert len(await hall.open()) == 1
    assert await hall.open() == []


async def test_a_welcome_whose_confirmation_got_lost_is_not_posted_twice(hall: Hall) -> None:
    hall.slack.faults.cut("chat.postMessage")

    [turn] = await hall.open()
    assert not turn.closed
    assert await hall.work() == []
    hall.clock.skip(4)
    [turn] = await hall.work()

    assert turn.closed
    assert len(hall.said(ALICE_DM)) == 1
    assert len(hall.slack.calls_of("chat.postMessage")) == 1


async def test_a_welcome_that_never_arrived_is_posted_again(hall: Hall) -> None:
    hall.slack.faults.reset("chat.postMessage")
    await hall.open()
    hall.clock.skip(4)
    await hall.work()

    assert len(hall.said(ALICE_DM)) == 1


async def test_where_it_can_not_be_looked_for_there_is_rather_none_than_two(hall: Hall) -> None:
    hall.slack.faults.cut("chat.postMessage")
    hall.slack.faults.refuse("conversations.history", "missing_scope")
    await hall.open()
    hall.clock.skip(4)
    [turn] = await hall.work()

    assert turn.closed
    assert len(hall.said(ALICE_DM)) == 1


async def test_a_welcome_is_given_up_when_slack_stays_away(hall: Hall) -> None:
    hall.slack.faults.break_down("chat.postMessage", times=None)
    await hall.open()
    hall.clock.skip(601)
    [turn] = await hall.work()

    assert turn.outcome == "refused"


async def test_who_has_talked_with_us_is_not_told_who_we_are(hall: Hall) -> None:
    await hall.talk("why is the sky blue?")
    await hall.open()
    thread = ThreadKey(TEAM_ID, GENERAL, "1790000000.000100")
    said = UserMessage(thread.thread_ts, BOB, "Bob", "why?")
    await SqlHistory(hall.database).record(thread, [said])
    await hall.invite()

    assert hall.said(ALICE_DM) == hall.said(GENERAL) == []


async def test_opening_the_home_tab_is_no_visit_here(hall: Hall) -> None:
    event = {"type": "app_home_opened", "user": ALICE, "channel": ALICE_DM, "tab": "home"}
    await hall.desk.receive_opened(body({**event, "event_ts": "1.0"}))

    assert await hall.work() == []


async def test_a_channel_is_welcomed_when_we_are_brought_in_once_ever(hall: Hall) -> None:
    [turn] = await hall.invite()
    await hall.invite(ts="1790000009.000100")

    [welcome] = hall.said(GENERAL)
    assert turn.outcome == "answered"
    assert "Mention *" in welcome.text
    assert "get a summary" in welcome.text
    assert "/aloud settings" in welcome.text
    assert "<@" not in welcome.text
    assert welcome.unfurls == ()


@pytest.mark.parametrize(("files", "told"), [("offer", "I offer"), ("off", "only when")])
async def test_a_channels_welcome_tells_its_own_rule_for_files(
    hall: Hall, files: Any, told: str
) -> None:
    chosen = ChannelPreferences(files=files)
    await PreferenceStore(hall.database).choose(TEAM_ID, GENERAL, chosen)
    await hall.invite()

    [welcome] = hall.said(GENERAL)
    assert told in welcome.text


async def test_a_channel_where_we_do_not_answer_gets_no_welcome(hall: Hall) -> None:
    chosen = WorkspacePreferences(channels=(RANDOM,))
    await PreferenceStore(hall.database).choose(TEAM_ID, TEAM_ID, chosen)

    [turn] = await hall.invite()

    assert turn.closed
    assert hall.said(GENERAL) == []


async def test_a_channel_that_takes_no_welcome_gets_none(hall: Hall) -> None:
    hall.slack.faults.refuse("chat.postMessage", "restricted_action_read_only_channel")
    [turn] = await hall.invite()
    assert turn.outcome == "refused"


async def test_nothing_is_said_when_a_person_joins(hall: Hall) -> None:
    event = {"type": "member_joined_channel", "user": BOB, "channel": GENERAL, "event_ts": "1.0"}
    await hall.desk.receive_joined(body(event))
    assert await hall.work() == []


async def test_general_questions_are_suggested_to_start_with(hall: Hall) -> None:
    await hall.open()
    assert hall.titles() == GENERAL_TITLES


async def test_a_catch_up_is_suggested_on_the_channel_that_is_looked_at(hall: Hall) -> None:
    await hall.look_at(GENERAL)
    await hall.open()
    assert hall.titles() == ["Catch me up on this channel", *GENERAL_TITLES[:3]]


async def test_no_catch_up_is_suggested_on_what_was_looked_at_long_ago(hall: Hall) -> None:
    await hall.look_at(GENERAL)
    hall.clock.skip(LOOK_SECONDS + 1)
    await hall.open()
    assert hall.titles() == GENERAL_TITLES


async def test_no_catch_up_is_suggested_on_a_channel_that_we_are_not_in(hall: Hall) -> None:
    hall.slack.workspace.change_channel(RANDOM, members=frozenset({ALICE, BOB}))
    await hall.look_at(RANDOM)
    await hall.open()
    assert hall.titles() == GENERAL_TITLES


async def test_questions_are_suggested_on_the_document_that_was_shared_last(hall: Hall) -> None:
    await hall.talk("", SharedFile("F1", "old.pdf"))
    ts = await hall.talk("and this?", SharedFile("F2", "q3.pdf"))
    await hall.talk("why is the sky blue?")

    await hall.open()

    assert hall.titles()[:3] == [
        "Key points of q3.pdf",
        "Risks in q3.pdf",
        "Dates and figures in q3.pdf",
    ]
    asked = hall.slack.workspace.prompts[ALICE_DM, ""][0]["message"]
    # The new thread knows the document by the link to where it was shared.
    assert asked.endswith(f"/archives/{ALICE_DM}/p{ts.replace('.', '')}")


async def test_a_document_that_can_not_be_linked_is_not_asked_about(hall: Hall) -> None:
    await hall.talk("", SharedFile("F1", "q3.pdf"))
    hall.slack.faults.refuse("chat.getPermalink", "message_not_found")
    await hall.open()
    assert hall.titles() == GENERAL_TITLES


async def test_without_the_agents_feature_there_is_still_a_welcome(hall: Hall) -> None:
    hall.slack.faults.agent_features = False

    [turn] = await hall.open()
    await hall.open(BOB)

    assert turn.outcome == "answered"
    assert len(hall.said(ALICE_DM)) == 1
    assert len(hall.slack.calls_of("assistant.threads.setSuggestedPrompts")) == 1


async def test_in_the_legacy_view_prompts_and_welcome_stand_in_the_new_thread(hall: Hall) -> None:
    root = await hall.slack.post(ALICE, ALICE_DM, "new chat")
    thread = {
        "user_id": ALICE,
        "channel_id": ALICE_DM,
        "thread_ts": root,
        "context": {"channel_id": GENERAL},
    }
    event = {"type": "assistant_thread_started", "assistant_thread": thread}
    await hall.desk.receive_thread_started(body({**event, "event_ts": "1790000000.000100"}))
    hall.slack.faults.cut("chat.postMessage")
    await hall.work()
    hall.clock.skip(4)
    await hall.work()
    await hall.open()

    [welcome] = hall.said(ALICE_DM)
    assert welcome.thread_ts == root
    assert hall.titles(root)[0] == "Catch me up on this channel"


async def test_the_first_answer_gives_its_thread_a_title(hall: Hall) -> None:
    ts = await hall.talk("why is the sky blue?")

    [turn] = await hall.note_answer(ts)

    assert turn.outcome == "answered"
    assert hall.slack.workspace.titles[ALICE_DM, ts] == "Blue skies"
    [request] = hall.model.requests
    asked = str(request.body["messages"])
    assert "| Person: why is the sky blue?" in asked
    assert "| Aloud: It is blue for a reason." in asked


async def test_what_a_title_costs_is_counted(hall: Hall) -> None:
    usage = {"prompt_tokens": 120, "completion_tokens": 5}
    told = {**chunk(), "choices": [], "usage": usage}
    hall.model.replies = [stream(chunk("Blue skies"), chunk(finish="stop"), told)]
    await hall.note_answer(await hall.talk("why?"))

    used = await UsageStore(hall.database).of_person(TEAM_ID, ALICE, month_of(NOW))
    assert used == Used(0, 120, 5)


async def test_without_the_model_a_thread_is_titled_by_its_question(hall: Hall) -> None:
    hall.model.replies = [failure(503, {"error": {"message": "down"}})]
    asked = await hall.talk("Why is the sky blue? Please tell.")
    shared = await hall.talk("", SharedFile("F1", "q3.pdf"))

    [turn] = await hall.note_answer(asked)
    await hall.note_answer(shared)

    assert turn.outcome == "answered"
    titles = hall.slack.workspace.titles
    assert titles[ALICE_DM, asked] == "Why is the sky blue? Please tell"
    assert titles[ALICE_DM, shared] == "q3.pdf"


async def test_a_later_answer_leaves_the_title_and_suggests_questions_on_the_document(
    hall: Hall,
) -> None:
    ts = await hall.talk("what is this?", SharedFile("F1", "q3.pdf"))

    await hall.note_answer(ts, is_first=False)

    assert hall.titles(ts) == [
        "Key points of q3.pdf",
        "Risks in q3.pdf",
        "Dates and figures in q3.pdf",
    ]
    # It is asked in the document's own thread, so that it needs no link.
    asked = [one["message"] for one in hall.slack.workspace.prompts[ALICE_DM, ts]]
    assert asked[0] == "What are the key points of q3.pdf?"
    assert (ALICE_DM, ts) not in hall.slack.workspace.titles
    assert hall.model.requests == []


async def test_a_thread_that_was_forgotten_meanwhile_gets_no_title(hall: Hall) -> None:
    ts = await hall.slack.post(ALICE, ALICE_DM, "why?")
    [turn] = await hall.note_answer(ts)
    assert turn.closed
    assert hall.slack.workspace.titles == {}


async def test_context_in_a_message_counts_too(hall: Hall) -> None:
    entities = [{"type": "slack#/types/channel_id", "value": RANDOM}]
    event = {"type": "message", "user": ALICE, "app_context": {"entities": entities}}
    await hall.desk.receive_context(body({**event, "event_ts": "1790000000.000100"}))
    assert await Viewing(hall.database).find(TEAM_ID, ALICE, since=NOW - 1) == RANDOM
