import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.suggestions import Suggestion, suggest_anything
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, BOT_ID, BOT_USER_ID, GENERAL, TEAM_ID
from bot.language import ENGLISH
from bot.slack.agent_view import set_suggestions, set_title
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.directory import Directory
from bot.slack.events import BotIdentity
from bot.slack.workspaces import Workspace
from tests.slack.clock import ManualClock

RENAME = "agents.sessions.rename"
SET_TITLE = "assistant.threads.setTitle"
SET_PROMPTS = "assistant.threads.setSuggestedPrompts"


@pytest.fixture
def workspace(client: AsyncWebClient, calls: SlackCalls, clock: ManualClock) -> Workspace:
    bot = BotIdentity(TEAM_ID, BOT_USER_ID, BOT_ID)
    return Workspace(bot, client, calls, Directory(calls, BOT_USER_ID), Capabilities(clock))


@pytest.fixture
async def place(slack: StandIn) -> ReplyPlace:
    root = await slack.post(ALICE, ALICE_DM, "hello")
    return ReplyPlace(TEAM_ID, ALICE_DM, root, ALICE, TEAM_ID)


async def test_a_thread_gets_its_title(
    slack: StandIn, workspace: Workspace, place: ReplyPlace
) -> None:
    assert await set_title(workspace, place, "Q3 budget")

    assert slack.workspace.titles[ALICE_DM, place.thread_ts] == "Q3 budget"


async def test_where_threads_are_no_sessions_the_title_is_set_in_the_old_way(
    slack: StandIn, workspace: Workspace, place: ReplyPlace
) -> None:
    slack.faults.refuse(RENAME, "feature_disabled", times=None)

    assert await set_title(workspace, place, "Q3 budget")
    assert await set_title(workspace, place, "Q4 budget")

    assert slack.workspace.titles[ALICE_DM, place.thread_ts] == "Q4 budget"
    assert len(slack.calls_of(RENAME)) == 1


async def test_one_unknown_session_says_nothing_of_the_others(
    slack: StandIn, workspace: Workspace, place: ReplyPlace
) -> None:
    slack.faults.refuse(RENAME, "session_not_found", times=2)

    await set_title(workspace, place, "one")
    await set_title(workspace, place, "two")

    assert len(slack.calls_of(RENAME)) == 2
    assert slack.workspace.titles[ALICE_DM, place.thread_ts] == "two"


@pytest.mark.parametrize("code", ["not_agent_app", "missing_scope", "feature_disabled"])
async def test_what_slack_refuses_for_good_is_tried_again_after_an_hour(
    slack: StandIn, workspace: Workspace, place: ReplyPlace, clock: ManualClock, code: str
) -> None:
    for method in (RENAME, SET_TITLE, SET_PROMPTS):
        slack.faults.refuse(method, code, times=None)
    suggestions = suggest_anything(ENGLISH)

    for _ in range(2):
        assert not await set_title(workspace, place, "Q3 budget")
        assert not await set_suggestions(workspace, place, suggestions)
    assert [len(slack.calls_of(one)) for one in (RENAME, SET_TITLE, SET_PROMPTS)] == [1, 1, 1]

    clock.skip(3_601)
    await set_suggestions(workspace, place, suggestions)
    assert len(slack.calls_of(SET_PROMPTS)) == 2


async def test_trouble_on_the_way_is_nobodys_error(
    slack: StandIn, workspace: Workspace, place: ReplyPlace
) -> None:
    slack.faults.rate_limit(RENAME, retry_after=60)
    slack.faults.break_down(SET_TITLE, times=3)

    assert not await set_title(workspace, place, "Q3 budget")
    assert await set_title(workspace, place, "Q3 budget")


async def test_at_most_four_prompts_are_shown_in_a_thread_or_for_the_next_one(
    slack: StandIn, workspace: Workspace, place: ReplyPlace
) -> None:
    everywhere = ReplyPlace(TEAM_ID, ALICE_DM, "", ALICE, TEAM_ID)
    suggestions = [Suggestion(f"title {n}", f"message {n}") for n in range(6)]

    assert await set_suggestions(workspace, place, suggestions)
    assert await set_suggestions(workspace, everywhere, suggestions[2:])

    in_thread = slack.workspace.prompts[ALICE_DM, place.thread_ts]
    assert [one["message"] for one in in_thread] == [f"message {n}" for n in range(4)]
    assert slack.workspace.prompts[ALICE_DM, ""][0]["title"] == "title 2"


async def test_there_are_no_prompts_in_a_channel(slack: StandIn, workspace: Workspace) -> None:
    place = ReplyPlace(TEAM_ID, GENERAL, "", ALICE, TEAM_ID)
    assert not await set_suggestions(workspace, place, suggest_anything(ENGLISH))
