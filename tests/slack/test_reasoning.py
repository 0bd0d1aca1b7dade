"""A trace comes and goes on request, whole, and its answer's button follows."""

from dataclasses import replace

import pytest

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, GENERAL, TEAM_ID, Message
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.slack.calls import SlackCalls
from bot.slack.capabilities import Capabilities, ReplyPlace
from bot.slack.controls import AnswerControls
from bot.slack.reasoning import (
    TraceRef,
    find_trace,
    parse_ref,
    post_trace,
    remove_trace,
    toggle_button,
    whisper_trace,
    write_ref,
)
from bot.slack.render import render_answer
from bot.slack.trace_view import Reasoning
from tests.slack.clock import ManualClock

LINK = "https://acme.slack.com/archives/C1/p1"
SHORT = Reasoning("turn-1", "First.\nThen.", LINK)
LONG = Reasoning("turn-1", "A thought of some length.\n" * 3000, LINK)


@pytest.fixture
def capabilities(clock: ManualClock) -> Capabilities:
    return Capabilities(clock)


@pytest.fixture
async def place(slack: StandIn) -> ReplyPlace:
    root = await slack.post(ALICE, GENERAL, "a question")
    return ReplyPlace(TEAM_ID, GENERAL, root, ALICE, TEAM_ID, root)


async def post_answer(calls: SlackCalls, place: ReplyPlace, markdown: str = "**Yes** & no") -> str:
    controls = AnswerControls("turn-1", "hidden", regenerate=True, complete=True)
    (message,) = render_answer(markdown, controls)
    return await calls.post(
        message, channel=GENERAL, thread_ts=place.thread_ts, turn_id="turn-1", part=1
    )


def replies(slack: StandIn, place: ReplyPlace) -> list[Message]:
    return slack.messages(GENERAL, place.thread_ts)[1:]


async def test_a_trace_is_posted_in_the_thread_and_removed_again(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    refs = await post_trace(calls, capabilities, place, SHORT)

    (message,) = replies(slack, place)
    assert refs == [TraceRef("message", message.ts)]
    assert message.metadata is not None
    assert message.metadata["event_type"] == "aloud_trace"
    await remove_trace(calls, GENERAL, refs)
    await remove_trace(calls, GENERAL, refs)
    assert replies(slack, place) == []


async def test_a_long_trace_is_a_file_and_removed_again(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    refs = await post_trace(calls, capabilities, place, LONG)

    assert [ref.kind for ref in refs] == ["message", "file"]
    assert slack.workspace.contents[refs[1].id].decode() == LONG.text
    await remove_trace(calls, GENERAL, refs)
    await remove_trace(calls, GENERAL, refs)
    assert slack.workspace.files[refs[1].id].mode == "tombstone"


async def test_what_shows_a_trace_is_found_again(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    await post_answer(calls, place)
    await post_trace(calls, capabilities, place, replace(SHORT, turn_id="turn-2"))
    short = await post_trace(calls, capabilities, place, SHORT)

    assert await find_trace(calls, place, "turn-1") == short


async def test_a_trace_in_a_file_is_found_by_its_name(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    refs = await post_trace(calls, capabilities, place, LONG)
    theirs = ("reasoning-turn-1.txt", b"mine", "text/plain")
    await slack.post(ALICE, GENERAL, "mine", place.thread_ts, [theirs])
    await post_trace(calls, capabilities, place, replace(LONG, turn_id="turn-2"))

    assert await find_trace(calls, place, "turn-1") == refs
    assert [parse_ref(write_ref(ref)) for ref in refs] == refs


async def test_where_no_files_are_taken_a_long_trace_comes_in_messages(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    slack.faults.withheld_scopes.add("files:write")

    refs = await post_trace(calls, capabilities, place, LONG)

    assert [ref.id for ref in refs] == [message.ts for message in replies(slack, place)]
    shown = str([message.blocks for message in replies(slack, place)])
    assert shown.count("A thought") == 3000


async def test_a_trace_that_breaks_off_leaves_nothing(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    slack.faults.break_down("files.getUploadURLExternal", times=None)

    with pytest.raises(DeliveryDelayed):
        await post_trace(calls, capabilities, place, LONG)

    assert replies(slack, place) == []


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


async def test_where_slack_knows_no_containers_a_trace_stands_openly_and_that_is_remembered(
    slack: StandIn,
    calls: SlackCalls,
    capabilities: Capabilities,
    place: ReplyPlace,
    clock: ManualClock,
) -> None:
    slack.faults.refuse("chat.postMessage", "invalid_blocks")
    refs = await post_trace(calls, capabilities, place, SHORT)
    refs += await post_trace(calls, capabilities, place, SHORT)
    clock.skip(3_601)
    refs += await post_trace(calls, capabilities, place, SHORT)

    openly = ["context", "section", "context", "actions"]
    assert [kinds(message) for message in replies(slack, place)] == [openly, openly, ["container"]]
    assert [ref.id for ref in refs] == [message.ts for message in replies(slack, place)]
    assert len(slack.calls_of("chat.postMessage")) == 4


async def test_a_trace_that_slack_refuses_in_any_form_says_nothing_of_containers(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    slack.faults.refuse("chat.postMessage", "invalid_blocks", times=2)
    with pytest.raises(DeliveryRefused):
        await post_trace(calls, capabilities, place, SHORT)

    await post_trace(calls, capabilities, place, SHORT)

    assert [kinds(message) for message in replies(slack, place)] == [["container"]]


async def test_a_whispered_trace_is_for_one_person_and_offers_no_file(
    slack: StandIn, calls: SlackCalls, capabilities: Capabilities, place: ReplyPlace
) -> None:
    await whisper_trace(calls, capabilities, place, SHORT)
    slack.faults.refuse("chat.postEphemeral", "invalid_blocks")
    await whisper_trace(calls, capabilities, place, SHORT)

    folded, openly = slack.ephemerals(GENERAL, ALICE)
    assert (kinds(folded), kinds(openly)) == (["container"], ["context", "section", "context"])
    assert "trace_file" not in str(folded.blocks)
    assert replies(slack, place) == []
    assert not capabilities.allow("container", place)


async def test_removing_what_is_not_ours_is_refused(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace
) -> None:
    with pytest.raises(DeliveryRefused):
        await remove_trace(calls, GENERAL, [TraceRef("message", place.thread_ts)])


async def toggle(slack: StandIn, calls: SlackCalls, place: ReplyPlace, *, shown: bool) -> bool:
    message = replies(slack, place)[0]
    return await toggle_button(
        calls,
        channel=GENERAL,
        ts=message.ts,
        text=message.text,
        blocks=message.blocks,
        shown=shown,
    )


async def test_the_button_is_swapped_and_swapped_back(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace
) -> None:
    await post_answer(calls, place)
    before = replies(slack, place)[0]

    assert await toggle(slack, calls, place, shown=True)
    hidden = replies(slack, place)[0]
    assert [element["type"] for element in hidden.blocks[1]["elements"]][2] == "overflow"
    assert await toggle(slack, calls, place, shown=False)
    after = replies(slack, place)[0]

    assert hidden.blocks[1]["elements"][0]["action_id"] == "hide_reasoning"
    assert (after.text, after.blocks, after.metadata) == (
        before.text,
        before.blocks,
        before.metadata,
    )


async def test_blocks_that_cannot_be_sent_again_are_replaced_by_the_text(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace
) -> None:
    await post_answer(calls, place)
    slack.faults.refuse("chat.update", "invalid_blocks")

    assert await toggle(slack, calls, place, shown=True)

    section, actions, thumbs = replies(slack, place)[0].blocks
    assert section["text"] == {"type": "mrkdwn", "text": "Yes &amp; no"}
    assert actions["elements"][0]["action_id"] == "hide_reasoning"
    assert thumbs["type"] == "context_actions"


async def test_thumbs_that_cannot_be_sent_again_are_given_up_for_the_button(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace
) -> None:
    await post_answer(calls, place)
    slack.faults.refuse("chat.update", "invalid_blocks", times=2)

    assert await toggle(slack, calls, place, shown=True)

    assert kinds(replies(slack, place)[0]) == ["section", "actions"]


async def test_an_answer_of_which_the_text_has_a_part_only_is_not_replaced_by_it(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace
) -> None:
    await post_answer(calls, place, "A sentence. " * 500)
    before = replies(slack, place)[0]
    slack.faults.refuse("chat.update", "invalid_blocks", times=None)

    assert not await toggle(slack, calls, place, shown=True)

    assert len(before.text) < len("A sentence. " * 500)
    assert [call.arguments["blocks"][0] for call in slack.calls_of("chat.update")] == [
        before.blocks[0]
    ]


async def test_a_text_that_stands_in_no_block_is_not_lost(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace
) -> None:
    await post_answer(calls, place)
    message = replies(slack, place)[0]

    await toggle_button(
        calls,
        channel=GENERAL,
        ts=message.ts,
        text=message.text,
        blocks=message.blocks[1:],
        shown=True,
    )

    assert replies(slack, place)[0].blocks[0]["text"]["text"] == "Yes &amp; no"


@pytest.mark.parametrize(
    ("code", "tries"), [("block_mismatch", 3), ("edit_window_closed", 1), ("message_not_found", 1)]
)
async def test_a_message_that_cannot_change_stays_as_it_is(
    slack: StandIn, calls: SlackCalls, place: ReplyPlace, code: str, tries: int
) -> None:
    await post_answer(calls, place)
    before = replies(slack, place)[0]
    slack.faults.refuse("chat.update", code, times=None)

    assert not await toggle(slack, calls, place, shown=True)

    assert replies(slack, place)[0] == before
    assert len(slack.calls_of("chat.update")) == tries
