"""The Home tab comes to each person, in their language, and never breaks."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.conversation.messages import Document, Passage, SharedFile, ThreadKey, UserMessage
from bot.conversation.preferences import WorkspacePreferences
from bot.demo.residents import CLARA
from bot.demo.workspace import ALICE, BOB, GENERAL, TEAM_ID
from bot.errors import LeaseLost
from bot.language import find_language
from bot.lease import Lease, boot_seconds
from bot.ledger import Turn
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from bot.store.tables import documents
from bot.store.usage import Used, month_of
from tests.home_bench import Bench, bench


@pytest.fixture
async def home(database: Database) -> AsyncIterator[Bench]:
    async with bench(database) as found:
        yield found


async def share(home: Bench, person: str, *, permalink: str = "") -> str:
    """Let a person have shared a file in #general; returns the message's `ts`."""
    [ts] = await home.slack.seed(GENERAL, [(person, "Please *read* this")])
    said = UserMessage(ts, person, "Somebody", "Please *read* this", (SharedFile("F1", "q.pdf"),))
    await SqlHistory(home.database).record(ThreadKey(TEAM_ID, GENERAL, ts), [said])
    document = Document("F1", "q.pdf", "PDF", "page", 1, 1, 1, "d")
    await DocumentStore(home.database).save(TEAM_ID, document, [(Passage(1, "t"), "t")])
    async with home.database.write() as tx:
        await tx.execute(update(documents).values(permalink=permalink))
    return ts


def links(home: Bench, user: str) -> list[str]:
    """Where the tab's buttons lead."""
    view = home.slack.home(user)
    assert view is not None
    return [
        element["url"]
        for block in view["blocks"]
        for element in block.get("elements", ())
        if "url" in element
    ]


async def opened(home: Bench, user: str) -> Turn:
    """Let a person open the tab, and return what is to be done."""
    await home.slack.open_home(user)
    await home.slack.delivered()
    [turn] = await home.claim()
    return turn


async def test_it_shows_what_was_used_against_the_budget(home: Bench) -> None:
    month = month_of(time.time())
    await home.usage.add(TEAM_ID, BOB, month, Used(3, 400, 100))
    await home.usage.add(TEAM_ID, ALICE, month, Used(4, 1_000, 1_000))
    await home.usage.add("T9", BOB, month, Used(9, 9_000, 9_000))
    chosen = WorkspacePreferences(monthly_tokens=10_000, person_tokens=2_000)
    await home.preferences.choose(TEAM_ID, TEAM_ID, chosen)

    await home.visit(BOB)

    assert "3 answers · 500 tokens" in home.seen(BOB)
    assert "50% of the budget of 1,000" in home.seen(BOB)
    assert "7 answers · 2,500 tokens" in home.seen(BOB)
    assert "25% of the budget of 10,000" in home.seen(BOB)


async def test_threads_and_documents_open_where_they_are(home: Bench) -> None:
    ts = await share(home, BOB, permalink="https://acme.slack.com/files/F1")
    await home.visit(BOB)

    thread, document = links(home, BOB)
    assert f"/archives/{GENERAL}/p{ts.replace('.', '')}" in thread
    assert document == "https://acme.slack.com/files/F1"
    assert "Please read this" in home.seen(BOB)


async def test_a_document_without_an_address_opens_where_it_was_shared(home: Bench) -> None:
    await share(home, BOB)
    await home.visit(BOB)

    thread, document = links(home, BOB)
    assert document == thread


async def test_what_slack_cannot_find_any_more_has_no_link(home: Bench) -> None:
    await share(home, BOB)
    home.slack.faults.refuse("chat.getPermalink", "message_not_found", times=None)
    await home.visit(BOB)

    assert links(home, BOB) == []
    assert "q.pdf" in home.seen(BOB)


async def test_others_find_nothing_of_it(home: Bench) -> None:
    await share(home, BOB)
    await home.visit(CLARA)

    assert "q.pdf" not in home.seen(CLARA)


async def test_it_speaks_the_persons_language_and_tells_their_time(home: Bench) -> None:
    ts = await share(home, CLARA)
    await home.visit(CLARA)

    moment = datetime.fromtimestamp(float(ts), ZoneInfo("Europe/Berlin"))
    assert "Japanisch" in home.seen(CLARA)
    assert find_language("de").time(moment) in home.seen(CLARA)


async def test_only_admins_find_the_workspaces_settings(home: Bench) -> None:
    await home.visit(ALICE)
    await home.visit(BOB)

    assert "home_workspace_files" in home.seen(ALICE)
    assert "home_workspace_files" not in home.seen(BOB)


async def test_somebody_who_cannot_be_looked_up_has_a_tab_all_the_same(home: Bench) -> None:
    home.slack.faults.refuse("users.info", "missing_scope", times=None)
    await home.visit(ALICE)

    assert "home_person_think" in home.seen(ALICE)
    assert "home_workspace_files" not in home.seen(ALICE)


async def test_what_slack_does_not_take_is_replaced_by_what_it_surely_takes(home: Bench) -> None:
    home.slack.faults.refuse("views.publish", "invalid_arguments")
    await home.visit(ALICE)

    assert "What I can do" in home.seen(ALICE)
    assert "/aloud settings" in home.seen(ALICE)
    assert "home_person_think" not in home.seen(ALICE)


@pytest.mark.parametrize(("code", "calls"), [("not_enabled", 1), ("invalid_arguments", 2)])
async def test_a_tab_that_is_refused_is_given_up(home: Bench, code: str, calls: int) -> None:
    home.slack.faults.refuse("views.publish", code, times=None)
    turn = await opened(home, BOB)
    await home.answer(turn)

    closed = await home.ledger.find(TEAM_ID, turn.id)
    assert closed is not None
    assert closed.outcome == "refused"
    assert len(home.slack.calls_of("views.publish")) == calls


async def test_a_tab_that_slacks_weather_delays_is_shown_later(home: Bench) -> None:
    home.slack.faults.break_down("views.publish", times=None)
    turn = await opened(home, BOB)
    await home.answer(turn)

    delayed = await home.ledger.find(TEAM_ID, turn.id)
    assert delayed is not None
    assert delayed.delayed is not None
    assert not delayed.closed
    assert home.slack.home(BOB) is None


async def test_a_tab_nobody_waits_for_any_more_is_given_up(home: Bench) -> None:
    home.slack.faults.break_down("views.publish", times=None)
    turn = await opened(home, BOB)
    await home.answer(replace(turn, age=61.0))

    closed = await home.ledger.find(TEAM_ID, turn.id)
    assert closed is not None
    assert closed.outcome == "refused"


async def test_a_process_that_lost_the_turn_shows_nothing(home: Bench) -> None:
    turn = await opened(home, BOB)

    with pytest.raises(LeaseLost):
        await home.home.answer(turn, Lease(15.0, boot_seconds() - 20))

    assert home.slack.calls_of("views.publish") == []
