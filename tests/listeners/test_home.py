"""What people do on the Home tab and in the dialogs: written down, checked, and answered."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.conversation.messages import Document, Passage, SharedFile, ThreadKey, UserMessage
from bot.conversation.preferences import (
    ChannelPreferences,
    PersonPreferences,
    Preferences,
    WorkspacePreferences,
)
from bot.demo.residents import CLARA, GUEST
from bot.demo.workspace import ALICE, ALICE_DM, BOB, GENERAL, RANDOM, TEAM_ID
from bot.store.database import Database
from bot.store.documents import DocumentStore
from bot.store.history import SqlHistory
from tests.home_bench import Bench, bench

TRIGGER = "13345224609.738474920.8088930838d88f008e0"
"""As long as Slack's own (Slack docs, "Modals")."""


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Bench]:
    async with bench(database) as found:
        yield found


async def chosen(desk: Bench, person: str = BOB, channel: str = GENERAL) -> Preferences:
    return await desk.preferences.find(TEAM_ID, person=person, channel=channel)


async def share(desk: Bench, person: str, ts: str, file_id: str = "F1") -> ThreadKey:
    """Let a person have said something with a file that was read."""
    thread = ThreadKey(TEAM_ID, GENERAL, ts)
    said = UserMessage(ts, person, "Somebody", "Read this", (SharedFile(file_id, "q.pdf"),))
    await SqlHistory(desk.database).record(thread, [said])
    document = Document(file_id, "q.pdf", "PDF", "page", 1, 1, 1, "d")
    store = DocumentStore(desk.database)
    await store.save(TEAM_ID, document, [(Passage(1, "t"), "t")])
    await store.attach(thread, [file_id])
    return thread


async def test_a_visit_shows_the_tab(desk: Bench) -> None:
    await desk.visit(BOB)

    assert "What I can do" in desk.seen(BOB)


async def test_a_look_at_another_tab_shows_nothing(desk: Bench) -> None:
    await desk.slack.open_app(BOB)

    assert await desk.show() == 0


async def test_visits_while_one_waits_are_shown_at_once(desk: Bench) -> None:
    for _ in range(3):
        await desk.slack.open_home(BOB)
    await desk.slack.open_home(ALICE)

    assert await desk.show() == 2
    assert len(desk.slack.calls_of("views.publish")) == 2


async def test_a_visit_while_one_is_at_work_is_not_lost(desk: Bench) -> None:
    await desk.slack.open_home(BOB)
    await desk.slack.delivered()
    [at_work] = await desk.claim()
    await desk.slack.open_home(BOB)
    await desk.slack.delivered()
    await desk.answer(at_work)

    assert await desk.show() == 1
    assert await desk.show() == 0


async def test_each_later_visit_shows_the_tab_anew(desk: Bench) -> None:
    for _ in range(3):
        await desk.visit(BOB)

    assert len(desk.slack.calls_of("views.publish")) == 3


async def test_a_tab_that_was_given_up_is_shown_at_the_next_visit(desk: Bench) -> None:
    await desk.slack.open_home(BOB)
    await desk.slack.delivered()
    [turn] = await desk.claim()
    await desk.ledger.close(turn, "dead")

    await desk.visit(BOB)

    assert "What I can do" in desk.seen(BOB)


@pytest.mark.parametrize(
    ("action", "value", "expected"),
    [
        ("home_person_think", "off", PersonPreferences(think=False)),
        ("home_person_language", "ja", PersonPreferences(language="ja")),
        ("home_person_length", "long", PersonPreferences(length="long")),
        ("home_person_privacy", "me", PersonPreferences(privacy="me")),
    ],
)
async def test_what_a_person_chooses_holds_at_once_and_the_tab_says_so(
    desk: Bench, action: str, value: str, expected: PersonPreferences
) -> None:
    await desk.visit(BOB)
    await desk.press(BOB, action, value)

    assert (await chosen(desk)).person == expected
    assert (await chosen(desk, CLARA)).person == PersonPreferences()
    assert desk.element(BOB, action)["initial_option"]["value"] == value
    assert "Saved." in desk.seen(BOB)


async def test_what_was_said_of_a_choice_is_gone_at_the_next_visit(desk: Bench) -> None:
    await desk.visit(BOB)
    await desk.press(BOB, "home_person_think", "off")
    await desk.visit(BOB)

    assert "Saved." not in desk.seen(BOB)


async def test_of_two_choices_made_at_once_none_is_lost(desk: Bench) -> None:
    await desk.visit(BOB)
    await asyncio.gather(
        desk.slack.press_home(BOB, "home_person_think", "off"),
        desk.slack.press_home(BOB, "home_person_length", "short"),
        desk.slack.press_home(BOB, "home_person_privacy", "me"),
    )

    assert (await chosen(desk)).person == PersonPreferences(
        think=False, length="short", privacy="me"
    )


async def test_the_tab_shows_what_was_chosen_elsewhere_since(desk: Bench) -> None:
    """Slack keeps what was chosen in a block as long as its id stays the same."""
    await desk.visit(BOB)
    await desk.press(BOB, "home_person_length", "long")
    await desk.preferences.choose(TEAM_ID, BOB, PersonPreferences(length="short"))
    await desk.visit(BOB)

    view = desk.slack.home(BOB)
    assert view is not None
    [shown] = [
        values["home_person_length"]["selected_option"]["value"]
        for values in view["state"]["values"].values()
        if "home_person_length" in values
    ]
    assert shown == "short"


async def test_admins_choose_for_the_workspace(desk: Bench) -> None:
    await desk.visit(ALICE)
    await desk.press(ALICE, "home_workspace_channels", [GENERAL, RANDOM])
    await desk.press(ALICE, "home_workspace_files", "offer")
    await desk.press(ALICE, "home_workspace_follow_ups", "mentions")
    await desk.press(ALICE, "home_workspace_outsiders", "off")
    await desk.press(ALICE, "home_workspace_model", "second/model")

    assert (await chosen(desk)).workspace == WorkspacePreferences(
        channels=(GENERAL, RANDOM),
        files="offer",
        follow_ups="mentions",
        outsiders=False,
        model="second/model",
    )
    assert "Saved." in desk.seen(ALICE)


async def test_the_channels_can_be_taken_back(desk: Bench) -> None:
    await desk.visit(ALICE)
    await desk.press(ALICE, "home_workspace_channels", [GENERAL])
    await desk.press(ALICE, "home_workspace_channels", [])

    assert (await chosen(desk)).workspace == WorkspacePreferences()


def forge(user: str, action: dict[str, Any]) -> dict[str, Any]:
    """What Slack would send of a press on somebody's tab, whether or not there is such a thing."""
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": TEAM_ID},
        "team": {"id": TEAM_ID},
        "container": {"type": "view", "view_id": "V1"},
        "trigger_id": TRIGGER,
        "view": {"id": "V1", "type": "home"},
        "actions": [{"block_id": "b", "action_ts": "1794269600.1", **action}],
    }


async def press_as(desk: Bench, user: str, action: dict[str, Any]) -> None:
    """Deliver a forged press and show the tab anew."""
    await desk.slack.interact(forge(user, action))
    await desk.show()


@pytest.mark.parametrize("user", [BOB, GUEST])
@pytest.mark.parametrize(
    "action",
    [
        {"action_id": "home_workspace_channels", "selected_conversations": [GENERAL]},
        {"action_id": "home_workspace_files", "selected_option": {"value": "off"}},
        {"action_id": "home_workspace_settings", "value": ""},
    ],
    ids=["channels", "files", "dialog"],
)
async def test_nobody_else_chooses_for_the_workspace(
    desk: Bench, user: str, action: dict[str, Any]
) -> None:
    await desk.visit(user)
    assert "Settings of this workspace" not in desk.seen(user)

    await press_as(desk, user, action)

    assert (await chosen(desk)).workspace == WorkspacePreferences()
    assert desk.slack.modal(user) is None
    assert "Only admins" in desk.seen(user)


async def test_while_people_cannot_be_looked_up_nobody_is_an_admin(desk: Bench) -> None:
    desk.slack.faults.refuse("users.info", "user_not_found", times=None)
    await press_as(
        desk, ALICE, {"action_id": "home_workspace_files", "selected_option": {"value": "off"}}
    )

    assert (await chosen(desk)).workspace == WorkspacePreferences()


@pytest.mark.parametrize(
    "action",
    [
        {"action_id": "home_person_length", "selected_option": {"value": "endless"}},
        {"action_id": "home_workspace_model", "selected_option": {"value": "no/such"}},
        {"action_id": "home_unheard_of", "value": "x"},
    ],
)
async def test_what_there_is_not_to_choose_changes_nothing(
    desk: Bench, action: dict[str, Any]
) -> None:
    await press_as(desk, ALICE, action)

    assert await chosen(desk, ALICE) == Preferences()


async def test_the_numbers_of_the_workspace_are_entered_in_a_dialog(desk: Bench) -> None:
    await desk.visit(ALICE)
    await desk.press(ALICE, "home_workspace_files", "off")
    await desk.press(ALICE, "home_workspace_settings")
    assert desk.slack.modal(ALICE) is not None

    ack = await desk.slack.submit(
        ALICE,
        {
            "retention_days": {"retention_days": "30"},
            "monthly_tokens": {"monthly_tokens": "1000000"},
        },
    )
    await desk.show()

    assert not ack.payload
    assert desk.slack.modal(ALICE) is None
    assert (await chosen(desk)).workspace == WorkspacePreferences(
        files="off", retention_days=30, monthly_tokens=1_000_000
    )
    assert "Kept for 30 days" in desk.seen(ALICE)
    assert "Saved." in desk.seen(ALICE)


async def submit_as(
    desk: Bench, user: str, callback: str, channel: str = "", **entered: str
) -> dict[str, Any] | None:
    """Submit a dialog with whatever in it, as a forger could; returns what was answered."""
    values = {
        name: {
            name: {"type": "number_input", "value": value}
            if name.endswith(("days", "tokens"))
            else {"type": "static_select", "selected_option": {"value": value}}
        }
        for name, value in entered.items()
    }
    ack = await desk.slack.interact(
        {
            "type": "view_submission",
            "user": {"id": user, "team_id": TEAM_ID},
            "team": {"id": TEAM_ID},
            "trigger_id": TRIGGER,
            "view": {
                "id": "V1",
                "type": "modal",
                "callback_id": callback,
                "private_metadata": channel,
                "state": {"values": values},
            },
        }
    )
    answered: dict[str, Any] | None = ack.payload
    return answered


async def test_what_is_wrong_is_said_beside_its_input(desk: Bench) -> None:
    answered = await submit_as(
        desk, ALICE, "workspace_settings", retention_days="91", person_tokens="x"
    )

    assert answered == {
        "response_action": "errors",
        "errors": {
            "retention_days": "Enter a whole number from 1 to 90.",
            "person_tokens": "Enter a whole number from 1 to 1,000,000,000,000.",
        },
    }
    assert (await chosen(desk)).workspace == WorkspacePreferences()


async def test_who_is_no_admin_any_more_cannot_save_the_dialog(desk: Bench) -> None:
    answered = await submit_as(desk, BOB, "workspace_settings", retention_days="1")

    assert answered is not None
    assert answered["errors"] == {
        "retention_days": "Only admins of this workspace can change that."
    }
    assert (await chosen(desk)).workspace == WorkspacePreferences()


async def test_a_dialog_that_slack_does_not_open_is_told(desk: Bench) -> None:
    await desk.visit(ALICE)
    desk.slack.faults.refuse("views.open", "expired_trigger_id")
    await desk.press(ALICE, "home_workspace_settings")

    assert "press the button again" in desk.seen(ALICE)


async def test_a_dialog_that_opens_too_late_is_told_before_slack_gives_up(
    database: Database,
) -> None:
    async with bench(database, patience=0.5) as desk:
        await desk.visit(ALICE)
        gate = desk.slack.faults.hold("views.open")
        await desk.press(ALICE, "home_workspace_settings")
        gate.release()

        assert "press the button again" in desk.seen(ALICE)


async def test_whoever_is_looked_up_too_slowly_is_no_admin(database: Database) -> None:
    async with bench(database, patience=0.1) as desk:
        gate = desk.slack.faults.hold("users.info")
        action = {"action_id": "home_workspace_files", "selected_option": {"value": "off"}}
        await desk.slack.interact(forge(ALICE, action))
        gate.release()

        assert (await chosen(desk)).workspace == WorkspacePreferences()


async def test_a_dialog_that_opens_needs_no_other_tab(desk: Bench) -> None:
    await desk.visit(ALICE)
    await desk.slack.press_home(ALICE, "home_workspace_settings")

    assert await desk.show() == 0


async def remembered(desk: Bench, thread: ThreadKey) -> tuple[int, int]:
    """How many messages and documents of a thread there are."""
    said = await SqlHistory(desk.database).load(thread, before="9", limit=9)
    return len(said), len(await DocumentStore(desk.database).of_thread(thread))


async def test_one_who_took_part_can_have_a_thread_forgotten(desk: Bench) -> None:
    thread = await share(desk, BOB, "1794268800.000100")
    await desk.visit(BOB)
    await desk.press(BOB, "home_forget_thread")

    assert await remembered(desk, thread) == (0, 0)
    assert "Forgotten." in desk.seen(BOB)
    assert "Read this" not in desk.seen(BOB)


async def test_one_who_shared_it_can_have_a_document_forgotten(desk: Bench) -> None:
    thread = await share(desk, BOB, "1794268800.000100")
    await desk.visit(BOB)
    await desk.press(BOB, "home_forget_document")

    assert await remembered(desk, thread) == (1, 0)
    assert "Forgotten." in desk.seen(BOB)
    assert "q.pdf" not in desk.seen(BOB)


@pytest.mark.parametrize(
    ("user", "action"),
    [
        (ALICE, {"action_id": "home_forget_thread", "value": f"{GENERAL}:1794268800.000100"}),
        (ALICE, {"action_id": "home_forget_document", "value": "F1"}),
        (BOB, {"action_id": "home_forget_thread", "value": f"{RANDOM}:1794268800.000100"}),
        (BOB, {"action_id": "home_forget_thread"}),
        (BOB, {"action_id": "home_forget_document"}),
    ],
    ids=["others thread", "others document", "elsewhere", "no thread", "no document"],
)
async def test_what_is_not_ones_own_is_not_forgotten(
    desk: Bench, user: str, action: dict[str, Any]
) -> None:
    thread = await share(desk, BOB, "1794268800.000100")
    await press_as(desk, user, action)

    assert await remembered(desk, thread) == (1, 1)
    assert "can't forget that" in desk.seen(user)


@pytest.mark.parametrize("name", ["home_open", "of_another_dialog"])
async def test_links_and_other_dialogs_change_nothing(desk: Bench, name: str) -> None:
    await press_as(desk, BOB, {"action_id": name})

    assert desk.slack.calls_of("views.publish") == []


async def test_a_channels_members_choose_for_it_and_for_themselves(desk: Bench) -> None:
    await desk.slack.command(BOB, GENERAL, "/aloud", "settings")
    await desk.slack.submit(
        BOB,
        {
            "channel_files": {"home_channel_files": "off"},
            "channel_think": {"home_channel_think": "off"},
            "person_length": {"home_person_length": "short"},
        },
    )

    assert desk.slack.modal(BOB) is None
    assert await chosen(desk) == Preferences(
        person=PersonPreferences(length="short"),
        channel=ChannelPreferences(files="off", think=False),
    )
    assert (await chosen(desk, channel=RANDOM)).channel == ChannelPreferences()


async def test_the_dialog_begins_with_what_holds(desk: Bench) -> None:
    await desk.preferences.choose(TEAM_ID, GENERAL, ChannelPreferences(files="offer"))
    await desk.preferences.choose(TEAM_ID, BOB, PersonPreferences(language="fr"))
    await desk.slack.command(BOB, GENERAL, "/aloud", "settings")
    await desk.slack.submit(BOB, {})

    assert await chosen(desk) == Preferences(
        person=PersonPreferences(language="fr"), channel=ChannelPreferences(files="offer")
    )


async def test_guests_choose_for_themselves_alone(desk: Bench) -> None:
    await desk.slack.command(GUEST, GENERAL, "/aloud", "settings")
    view = desk.slack.modal(GUEST)
    assert "home_channel_files" not in str(view)

    await submit_as(
        desk,
        GUEST,
        "channel_settings",
        GENERAL,
        channel_files="off",
        person_length="long",
    )

    assert await chosen(desk, GUEST) == Preferences(person=PersonPreferences(length="long"))


async def test_in_a_direct_message_there_are_only_ones_own_settings(desk: Bench) -> None:
    await desk.slack.command(ALICE, ALICE_DM, "/aloud", "settings")
    await desk.slack.submit(ALICE, {"person_think": {"home_person_think": "off"}})

    assert await chosen(desk, ALICE, ALICE_DM) == Preferences(person=PersonPreferences(think=False))


async def test_a_dialog_that_is_saved_shows_the_tab_anew(desk: Bench) -> None:
    await submit_as(desk, ALICE, "workspace_settings", retention_days="7")
    await desk.show()

    assert "Kept for 7 days" in desk.seen(ALICE)


async def test_what_is_a_channels_is_kept_for_no_other_place(desk: Bench) -> None:
    await submit_as(desk, BOB, "channel_settings", "", channel_files="off")

    assert await chosen(desk, channel="") == Preferences()
