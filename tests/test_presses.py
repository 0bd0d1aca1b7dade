"""What the buttons do: for whom, where, in which language; over the wire, without a model."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.messages import ThreadKey
from bot.conversation.preferences import Defaults, PersonPreferences, Style
from bot.demo.workspace import ALICE, BOB, GENERAL, RANDOM, TEAM_ID, Message
from bot.language import find_language
from bot.lease import Lease, boot_seconds
from bot.ledger import Entry
from bot.presses import Presses
from bot.slack.capabilities import ReplyPlace
from bot.slack.events import parse_press, to_json
from bot.slack.reasoning import attach_trace
from bot.slack.trace_view import Reasoning
from bot.store.preferences import PreferenceStore
from bot.store.traces import Trace, Traces
from tests.pressing import CLARA, Answered, answered, listening
from tests.traces import read_trace

DIRECT = "D0DIRECT01"
WHOLE_ROW = ["hide_reasoning", "regenerate", "regenerate_as"]


@dataclass
class Stage:
    """An answer with a trace, and presses that are done one by one."""

    answered: Answered
    traces: Traces
    preferences: PreferenceStore
    presses: Presses
    age: float | None = None
    dies: bool = False

    async def receive(self, body: Mapping[str, Any]) -> None:
        press = parse_press(body)
        entry = Entry(press.key, "press", press.thread, press.action_ts, press.lane, to_json(press))
        await self.answered.ledger.accept(entry)
        await self.work()

    async def work(self) -> None:
        turns = await self.answered.ledger.claim(9, team_limit=9)
        [turn] = [turn for turn in turns if turn.kind == "press"]
        if self.dies:
            await self.answered.ledger.put_back(turn)
            return
        aged = turn if self.age is None else replace(turn, age=self.age)
        await self.presses.answer(aged, Lease(15.0, boot_seconds()))

    async def show(self, user: str = ALICE) -> Message:
        """Press Show reasoning, and return what was posted last."""
        await self.answered.press(user, "show_reasoning")
        return self.answered.replies[-1]

    async def press_file(self, message: Message, **forged: str) -> None:
        await self.answered.press(BOB, "trace_file", ts=message.ts, **forged)

    async def choose_privacy(self) -> None:
        await self.preferences.choose(TEAM_ID, ALICE, PersonPreferences(privacy="me"))

    async def wish(self) -> Style:
        """How the answer is wanted that is to be written anew."""
        turn = await self.answered.ledger.find(TEAM_ID, self.answered.turn.id)
        assert turn is not None
        assert not turn.closed
        style: Style = turn.payload["style"]
        return style

    @property
    def row(self) -> list[str]:
        """The actions of the answer's buttons."""
        [actions] = [one for one in self.answered.answer.blocks if one["type"] == "actions"]
        return [element["action_id"] for element in actions["elements"]]

    @property
    def files(self) -> list[str]:
        """What the files hold that are shared in the thread."""
        shared = [file for message in self.answered.replies for file in message.files]
        return [self.answered.slack.workspace.contents[file].decode() for file in shared]

    def told(self, user: str) -> list[str]:
        return [message.text for message in self.answered.told(user)]


@asynccontextmanager
async def staging(
    folder: Path, *, channel: str = GENERAL, asker: str = ALICE, privately: bool = False
) -> AsyncIterator[Stage]:
    async with answered(folder, channel=channel, asker=asker) as given:
        traces, preferences = Traces(given.database), PreferenceStore(given.database)
        trace = Trace(
            given.turn.id,
            given.thread,
            given.answer_ts,
            "First I look.",
            seconds=12.3,
            prompt_tokens=900,
            completion_tokens=1_840,
            model="nvidia/nemotron-nano-9b-v2",
            parts=(("Pages 1-40", "Sales rose."),),
        )
        await traces.save(trace)
        presses = Presses(
            ledger=given.ledger,
            traces=traces,
            preferences=preferences,
            defaults=Defaults(),
            workspaces=given.workspaces,
            reveal=True,
            privately=privately,
            together=given.database.write,
        )
        stage = Stage(given, traces, preferences, presses)
        async with listening(given, {"": stage.receive}):
            yield stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staging(tmp_path) as stage:
        yield stage


async def test_what_is_shown_tells_the_facts_and_the_parts_of_a_long_document(stage: Stage) -> None:
    shown = await stage.show()

    assert read_trace(shown) == "First I look.\n*Pages 1-40*\nSales rose."
    subtitle = shown.blocks[0]["subtitle"]["text"]
    assert subtitle == "12 s · 1,840 tokens · nemotron-nano-9b-v2"
    assert stage.row == WHOLE_ROW
    assert stage.answered.answer.blocks[-1]["type"] == "context_actions"


async def test_a_trace_that_is_shown_comes_as_a_file_too_once_and_goes_with_it(
    stage: Stage,
) -> None:
    shown = await stage.show()
    await stage.press_file(shown)
    await stage.press_file(shown)

    assert stage.files == ["First I look.\n\n———\n\nPages 1-40\n\nSales rose."]
    assert stage.told(BOB) == ["This reasoning is attached to the thread already."]

    await stage.answered.press(ALICE, "hide_reasoning")
    assert stage.answered.replies == []
    [file] = stage.answered.slack.workspace.files.values()
    assert file.mode == "tombstone"


async def test_a_file_that_an_earlier_attempt_attached_is_not_attached_again(stage: Stage) -> None:
    shown = await stage.show()
    stage.dies = True
    await stage.press_file(shown)
    thread = stage.answered.thread
    place = ReplyPlace(
        TEAM_ID, thread.channel, thread.thread_ts, BOB, TEAM_ID, stage.answered.answer_ts
    )
    written = Reasoning(stage.answered.turn.id, "First I look.", "")
    await attach_trace(stage.answered.workspace.calls, place, written)

    stage.dies = False
    await stage.work()

    assert stage.files == ["First I look."]
    trace = await stage.traces.find(TEAM_ID, stage.answered.turn.id)
    assert trace is not None
    assert [ref.partition(":")[0] for ref in trace.shown] == ["message", "file"]


async def test_a_file_that_came_when_the_trace_was_hidden_goes_again(stage: Stage) -> None:
    shown = await stage.show()
    gate = stage.answered.slack.faults.hold("files.completeUploadExternal")
    pressing = asyncio.create_task(stage.press_file(shown))
    await gate.reached.wait()
    await stage.traces.mark_shown(TEAM_ID, stage.answered.turn.id, [])
    gate.release()
    await pressing

    assert stage.files == []
    [file] = stage.answered.slack.workspace.files.values()
    assert file.mode == "tombstone"


async def test_where_slack_takes_no_file_the_person_is_told(stage: Stage) -> None:
    shown = await stage.show()
    stage.answered.slack.faults.withheld_scopes.add("files:write")

    await stage.press_file(shown)

    assert stage.told(BOB) == [
        "Slack didn't let me attach a file here. Please ask whoever runs me."
    ]
    assert [message.ts for message in stage.answered.replies] == [shown.ts]


@pytest.mark.parametrize(
    "forged", [{"value": "turn9"}, {"as_channel": RANDOM}, {"as_team": "T0OTHER001"}]
)
async def test_a_file_of_another_threads_trace_is_refused(
    stage: Stage, forged: dict[str, str]
) -> None:
    shown = await stage.show()

    await stage.press_file(shown, **forged)

    assert stage.files == []
    assert len(stage.answered.slack.calls_of("chat.postEphemeral")) == 1


@pytest.mark.parametrize(("age", "told"), [(0.5, 0), (6.0, 1)])
async def test_a_message_that_is_not_known_to_show_the_trace_may_be_so_in_a_moment(
    stage: Stage, age: float, told: int
) -> None:
    shown = await stage.show()
    await stage.traces.mark_shown(TEAM_ID, stage.answered.turn.id, ["message:1.2"])
    stage.age = age

    await stage.press_file(shown)

    assert stage.files == []
    assert [("can't show that here" in one) for one in stage.told(BOB)] == [True] * told


async def test_who_keeps_reasoning_to_themselves_sees_it_alone(stage: Stage) -> None:
    await stage.choose_privacy()

    await stage.answered.press(BOB, "show_reasoning")
    await stage.answered.press(ALICE, "show_reasoning")

    assert stage.told(BOB) == ["Only the person who asked may see this reasoning."]
    [whispered] = stage.answered.told(ALICE)
    assert "First I look." in read_trace(whispered)
    assert "trace_file" not in str(whispered.blocks)
    assert stage.answered.replies == []
    assert stage.row[0] == "show_reasoning"


async def test_what_was_shown_before_can_still_be_hidden(stage: Stage) -> None:
    await stage.show()
    await stage.choose_privacy()

    await stage.answered.press(BOB, "hide_reasoning")

    assert stage.answered.replies == []


async def test_in_a_direct_message_there_is_nobody_to_keep_it_from(tmp_path: Path) -> None:
    async with staging(tmp_path, channel=DIRECT) as stage:
        await stage.choose_privacy()

        assert "First I look." in read_trace(await stage.show())


async def test_whispered_by_the_operators_wish_each_sees_it_and_privacy_still_counts(
    tmp_path: Path,
) -> None:
    async with staging(tmp_path, privately=True) as stage:
        await stage.answered.press(BOB, "show_reasoning")
        await stage.choose_privacy()
        await stage.answered.press(CLARA, "show_reasoning")

        assert "First I look." in read_trace(stage.answered.told(BOB)[0])
        german = find_language("de")
        [refusal] = stage.told(CLARA)
        assert refusal == german.say("Only the person who asked may see this reasoning.")


async def test_a_trace_speaks_to_who_pressed_and_the_row_to_who_asked(tmp_path: Path) -> None:
    async with staging(tmp_path, asker=CLARA) as stage:
        shown = await stage.show(ALICE)

        german = find_language("de")
        assert shown.blocks[0]["title"]["text"] == "Reasoning"
        [_, actions, _] = stage.answered.answer.blocks
        assert actions["elements"][0]["text"]["text"] == german.say("Hide reasoning")

        await stage.answered.press(ALICE, "hide_reasoning")
        shown = await stage.show(CLARA)
        assert shown.blocks[0]["title"]["text"] == german.say("Reasoning")


@pytest.mark.parametrize("style", ["shorter", "longer", "harder", "plainly"])
async def test_the_menu_asks_for_the_answer_another_way(stage: Stage, style: Style) -> None:
    await stage.answered.press(BOB, "regenerate_as", value=f"{style}:{stage.answered.turn.id}")

    assert await stage.wish() == style


async def test_a_plain_regenerate_wants_it_as_it_was_asked_for_again(stage: Stage) -> None:
    ledger, turn = stage.answered.ledger, stage.answered.turn
    await stage.answered.press(BOB, "regenerate_as", value=f"shorter:{turn.id}")
    [again] = await ledger.claim(9, team_limit=9)
    await ledger.close(again, "answered")
    await stage.answered.press(BOB, "regenerate")

    assert await stage.wish() == ""


async def test_a_press_under_another_threads_answer_changes_nothing(stage: Stage) -> None:
    await stage.answered.press(BOB, "regenerate", value="turn9")
    await stage.answered.press(BOB, "regenerate", as_channel=RANDOM)

    turn = await stage.answered.ledger.find(TEAM_ID, stage.answered.turn.id)
    assert turn is not None
    assert turn.closed
    assert len(stage.answered.slack.calls_of("chat.postEphemeral")) == 2


async def test_a_trace_of_another_thread_is_not_shown(stage: Stage) -> None:
    elsewhere = ThreadKey(TEAM_ID, GENERAL, "1.000100")
    trace = await stage.traces.find(TEAM_ID, stage.answered.turn.id)
    assert trace is not None
    await stage.traces.save(replace(trace, thread=elsewhere, answer_ts="2.000100"))

    await stage.answered.press(BOB, "show_reasoning")

    assert stage.answered.replies == []
    assert "can't show that here" in stage.told(BOB)[0]
