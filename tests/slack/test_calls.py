"""Every call keeps to Slack's limits, survives its bad days, and posts nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, GENERAL
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.slack.calls import DeliveryUnconfirmed, SlackCalls
from bot.slack.render import NOTICE_EVENT, AnswerControls, OutgoingMessage, render_answer
from tests.slack.clock import HurriedClock

HELLO = OutgoingMessage("Hello", [{"type": "markdown", "text": "Hello"}])


@pytest.fixture
async def root(slack: StandIn) -> str:
    return await slack.post(ALICE, GENERAL, "a question")


async def post(
    calls: SlackCalls, root: str, message: OutgoingMessage = HELLO, part: int = 1
) -> str:
    return await calls.post(
        message, channel=GENERAL, thread_ts=root, turn_id="turn-1", part=part, after_ts=root
    )


def replies(slack: StandIn, root: str) -> list[str]:
    return [message.text for message in slack.messages(GENERAL, root)[1:]]


async def test_a_post_carries_its_turn_and_unfurls_nothing(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    ts = await post(calls, root)

    (call,) = slack.calls_of("chat.postMessage")
    assert call.arguments == {
        "channel": GENERAL,
        "thread_ts": root,
        "text": "Hello",
        "blocks": HELLO.blocks,
        "metadata": {"event_type": "aloud_turn", "event_payload": {"turn": "turn-1", "part": 1}},
        "unfurl_links": False,
        "unfurl_media": False,
    }
    assert slack.messages(GENERAL, root)[1].ts == ts


def test_a_client_that_repeats_by_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="retry_handlers"):
        SlackCalls(AsyncWebClient("xoxb-1"))


async def test_a_rate_limit_is_waited_out(
    slack: StandIn, calls: SlackCalls, hurried: HurriedClock, root: str
) -> None:
    slack.faults.rate_limit("chat.postMessage", retry_after=7)

    await post(calls, root)

    assert hurried.naps == [7.5]
    assert replies(slack, root) == ["Hello"]


async def test_a_rate_limit_holds_for_every_turn(
    slack: StandIn, calls: SlackCalls, hurried: HurriedClock
) -> None:
    slack.faults.rate_limit("users.info", retry_after=9)
    with pytest.raises(DeliveryDelayed) as first:
        await calls.call("users.info", patience=1, user=ALICE)
    with pytest.raises(DeliveryDelayed):
        await calls.call("users.info", patience=1, user=ALICE)
    assert first.value.retry_after == 9
    assert len(slack.calls_of("users.info")) == 1

    await calls.call("users.info", user=ALICE)

    assert hurried.naps == [9.5]
    assert len(slack.calls_of("users.info")) == 2


async def test_a_rate_limit_in_a_good_answer_counts_too(
    slack: StandIn, calls: SlackCalls, hurried: HurriedClock
) -> None:
    slack.faults.refuse("users.info", "rate_limited", retry_after=2)

    await calls.call("users.info", user=ALICE)

    assert hurried.naps == [2.5]


async def test_a_rate_limit_beyond_our_patience_is_a_delay(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    slack.faults.rate_limit("chat.postMessage", retry_after=600)

    with pytest.raises(DeliveryDelayed) as delayed:
        await post(calls, root)

    assert (delayed.value.code, delayed.value.retry_after) == ("ratelimited", 600)


async def test_trouble_at_slack_is_retried_where_it_does_no_harm(
    slack: StandIn, calls: SlackCalls, hurried: HurriedClock
) -> None:
    slack.faults.break_down("users.info", status=503)
    slack.faults.answer_html("users.info")

    assert (await calls.call("users.info", user=ALICE))["user"]["id"] == ALICE
    assert hurried.naps == [1.0, 2.0]


async def test_retries_are_bounded(slack: StandIn, calls: SlackCalls) -> None:
    slack.faults.refuse("users.info", "internal_error", times=None)

    with pytest.raises(DeliveryUnconfirmed):
        await calls.call("users.info", user=ALICE)

    assert len(slack.calls_of("users.info")) == 3


async def test_an_append_is_never_repeated(slack: StandIn, calls: SlackCalls) -> None:
    slack.faults.break_down("chat.appendStream")

    with pytest.raises(DeliveryUnconfirmed):
        await calls.call("chat.appendStream", channel=GENERAL, ts="1.2", chunks=[])

    assert len(slack.calls_of("chat.appendStream")) == 1


async def test_a_refusal_tells_its_code_and_reasons(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    slack.faults.withheld_scopes.add("chat:write")

    with pytest.raises(DeliveryRefused, match="missing_scope: needs chat:write") as refused:
        await post(calls, root)

    assert refused.value.code == "missing_scope"
    assert refused.value.__cause__ is not None


async def test_a_post_whose_answer_got_lost_is_found_again(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    await post(calls, root, part=1)
    slack.faults.cut("chat.postMessage")

    ts = await post(calls, root, part=2)

    assert [message.ts for message in slack.messages(GENERAL, root)][-1] == ts
    assert replies(slack, root) == ["Hello", "Hello"]


async def test_a_notice_is_not_taken_for_an_answer(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    notice = await calls.post(
        HELLO,
        channel=GENERAL,
        thread_ts=root,
        turn_id="turn-1",
        part=1,
        event_type=NOTICE_EVENT,
    )
    slack.faults.break_down("chat.postMessage")

    assert await post(calls, root) != notice


async def test_a_post_that_never_arrived_is_sent_again_after_looking(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    slack.faults.break_down("chat.postMessage", times=2)

    await post(calls, root)

    assert replies(slack, root) == ["Hello"]
    assert [call.method for call in slack.calls] == [
        "chat.postMessage",
        "conversations.replies",
        "chat.postMessage",
        "conversations.replies",
        "chat.postMessage",
    ]


async def test_a_post_is_not_sent_again_when_nobody_can_look(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    slack.faults.withheld_scopes.add("channels:history")
    slack.faults.cut("chat.postMessage")

    with pytest.raises(DeliveryUnconfirmed):
        await post(calls, root)

    assert replies(slack, root) == ["Hello"]


async def test_the_search_reads_every_page_but_nothing_before_the_question(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    await slack.seed(GENERAL, [(ALICE, f"old {number}") for number in range(5)], root)
    asked = await slack.post(ALICE, GENERAL, "again", root)
    stamps = [await post(calls, root, part=number) for number in (1, 2, 3)]
    slack.faults.page_limit = 2

    found = await calls.find_posts(
        channel=GENERAL, thread_ts=root, turn_id="turn-1", after_ts=asked
    )

    assert found == dict(zip((1, 2, 3), stamps, strict=True))
    assert await calls.find_posts(channel=GENERAL, thread_ts=root, turn_id="turn-2") == {}
    assert slack.calls_of("conversations.replies")[0].arguments["oldest"] == asked


async def test_refused_blocks_are_posted_plainly_with_their_button(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    (message,) = render_answer("**Yes**", AnswerControls("turn-1", "hidden"))
    slack.faults.refuse("chat.postMessage", "invalid_blocks")

    await post(calls, root, message)

    posted = slack.messages(GENERAL, root)[1]
    assert [block["type"] for block in posted.blocks] == ["section", "actions"]
    assert posted.blocks[0]["text"]["text"] == "*Yes*"


async def test_blocks_refused_again_leave_the_text_alone(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    (message,) = render_answer("**Yes** " * 1000, AnswerControls("turn-1", "hidden"))
    slack.faults.refuse("chat.postMessage", "invalid_blocks", times=2)

    await post(calls, root, message)

    posted = slack.messages(GENERAL, root)[1]
    assert posted.blocks == ()
    assert posted.text == " ".join(["Yes"] * 1000)


async def test_an_update_falls_back_as_far_as_the_text_is_whole(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    ts = await post(calls, root)
    slack.faults.refuse("chat.update", "block_mismatch", times=2)
    await calls.update(
        OutgoingMessage("Bye", [{"type": "markdown", "text": "Bye"}]), channel=GENERAL, ts=ts
    )
    assert slack.messages(GENERAL, root)[1].text == "Bye"
    assert slack.messages(GENERAL, root)[1].blocks == ()

    slack.faults.refuse("chat.update", "block_mismatch", times=2)
    (long,) = render_answer("word " * 1000, AnswerControls("turn-1"))
    with pytest.raises(DeliveryRefused):
        await calls.update(long, channel=GENERAL, ts=ts)


async def test_posts_in_one_channel_are_paced_after_a_burst(
    slack: StandIn, calls: SlackCalls, hurried: HurriedClock, root: str
) -> None:
    for part in range(1, 6):
        await post(calls, root, part=part)

    assert hurried.naps == [1.0, 1.0]


async def test_a_whisper_is_for_one_person(slack: StandIn, calls: SlackCalls, root: str) -> None:
    await calls.whisper(HELLO, channel=GENERAL, user=ALICE, thread_ts=root)

    assert [message.text for message in slack.ephemerals(GENERAL, ALICE)] == ["Hello"]


async def test_an_upload_is_attached_to_the_thread(
    slack: StandIn, calls: SlackCalls, root: str
) -> None:
    file_id = await calls.upload("a.txt", "text", channel=GENERAL, thread_ts=root, title="A")

    assert slack.workspace.contents[file_id] == b"text"
    assert slack.messages(GENERAL, root)[1].files == (file_id,)


async def test_a_cancelled_call_is_cancelled(slack: StandIn, calls: SlackCalls) -> None:
    gate = slack.faults.hold("users.info")
    task = asyncio.create_task(calls.call("users.info", user=ALICE))
    await gate.reached.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    gate.release()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OddSlack:
    """A server whose answers are scripted to the byte."""

    def __init__(self) -> None:
        self.answers: list[Handler] = []
        self.requests = 0
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if self.answers:
            return await self.answers.pop(0)(request)
        return web.json_response({"ok": True})

    def answer(self, text: str, **response: object) -> None:
        async def handler(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, **response)  # type: ignore[arg-type]  # passed through

        self.answers.append(handler)


@pytest.fixture
async def odd() -> AsyncIterator[OddSlack]:
    odd = OddSlack()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", odd.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    odd.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    yield odd
    await runner.cleanup()


@pytest.fixture
async def odd_calls(odd: OddSlack, hurried: HurriedClock) -> AsyncIterator[SlackCalls]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient("xoxb-1", base_url=odd.url, retry_handlers=[], session=session)
        yield SlackCalls(client, sleep=hurried.sleep, clock=hurried, jitter=lambda: 0.5)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "1.5"}, 2.0),
        ({}, 3.5),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "nan"}, 3.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 3.5),
    ],
)
async def test_any_retry_after_is_understood(
    odd: OddSlack,
    odd_calls: SlackCalls,
    hurried: HurriedClock,
    headers: dict[str, str],
    pause: float,
) -> None:
    odd.answer('{"ok":false}', status=429, headers=headers, content_type="application/json")

    await odd_calls.call("auth.test")

    assert hurried.naps == [pause]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("<html>", "application/json", 200),
        ("<html>", "application/json", 502),
        ("upstream error", "text/plain", 200),
        ("upstream error", "text/plain", 502),
        ("[1]", "application/json", 200),
        ("[]", "application/json", 200),
        ("null", "application/json", 200),
        ('"text"', "application/json", 503),
        ("{}", "application/json", 200),
        ("", "text/html", 200),
    ],
)
async def test_a_body_that_is_no_answer_confirms_nothing(
    odd: OddSlack, odd_calls: SlackCalls, body: str, content_type: str, status: int
) -> None:
    odd.answer(body, content_type=content_type, status=status)

    with pytest.raises(DeliveryUnconfirmed):
        await odd_calls.call("chat.appendStream", channel="C1", ts="1.2")

    assert odd.requests == 1


async def test_a_body_in_no_known_encoding_confirms_nothing(
    odd: OddSlack, odd_calls: SlackCalls
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\xff\xfe{", content_type="application/json", charset="utf-8")

    odd.answers.append(answer)

    with pytest.raises(DeliveryUnconfirmed):
        await odd_calls.call("chat.appendStream", channel="C1", ts="1.2")


async def test_no_connection_at_all_is_tried_again_even_for_a_post(
    hurried: HurriedClock, unused_tcp_port: int
) -> None:
    client = AsyncWebClient(
        "xoxb-1", base_url=f"http://127.0.0.1:{unused_tcp_port}/api/", retry_handlers=[]
    )
    calls = SlackCalls(client, sleep=hurried.sleep, clock=hurried, jitter=lambda: 0.5)

    with pytest.raises(DeliveryDelayed) as delayed:
        await post(calls, "1.2")

    assert delayed.value.code == "not_sent"
    assert not isinstance(delayed.value, DeliveryUnconfirmed)
    assert hurried.naps == [1.0, 2.0]


async def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(
    odd: OddSlack, client: AsyncWebClient
) -> None:
    never = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    odd.answers.append(answer)
    client.base_url = odd.url
    calls = SlackCalls(client, timeout=0.05)

    with pytest.raises(DeliveryUnconfirmed):
        await calls.call("chat.appendStream", channel="C1", ts="1.2")
    never.set()
