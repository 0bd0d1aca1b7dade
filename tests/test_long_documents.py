"""Documents longer than a prompt, over the real wire: read in parts, page by page, and summed up.

The model reads its prompt and answers from it, so what it was shown is what comes out.
"""

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from bot.demo.server import StandIn
from bot.demo.workspace import Message
from bot.documents.plan import Part, estimate
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, buttons, note, shown
from tests.reading_model import (
    NOWHERE,
    ReadingModel,
    make_manual,
    name_machine,
    reading,
    write_page,
)

File = tuple[str, bytes, str]


def pdf(pages: int, *, name: str = "manual.pdf", sentences: int = 12) -> File:
    return (name, make_manual(pages, sentences=sentences), "application/pdf")


MANUAL = pdf(12)
"""In six parts."""


def pages(first: int, last: int) -> list[str]:
    return [f"[p. {page}]" for page in range(first, last + 1)]


async def share(chat: Chat, *files: File, words: str = "", thread: str | None = None) -> str:
    """Share files in Alice's direct conversation; return the message's `ts`."""
    return await chat.slack.post(ALICE, DIRECT, words, thread, files=list(files))


async def last_reply(chat: Chat, ts: str) -> Message:
    """Wait until all is done, and return the bot's last message in the thread."""
    await chat.settled()
    return chat.replies(DIRECT, ts)[-1]


def cited(text: str) -> list[str]:
    return re.findall(r"\[[^\[\]]*\]", text)


class TestCoverage:
    async def test_every_page_is_read_in_exactly_one_part_and_all_are_summed_up(
        self, tmp_path: Path, database_url: str
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, DATABASE_URL=database_url) as chat:
            summary = await last_reply(chat, await share(chat, MANUAL))

        notes = sorted(model.asked_for("notes"), key=lambda one: one.part)
        assert [mark for one in notes for mark in one.marks] == pages(1, 12)
        assert [one.part for one in notes] == [1, 2, 3, 4, 5, 6]
        assert not any(one.reasons for one in notes)
        [asked] = model.asked_for("summary")
        assert "Let me see." not in shown(summary)
        assert cited(" ".join(asked.notes["manual.pdf"])) == pages(1, 12)
        assert cited(shown(summary)) == pages(1, 12)
        assert note(summary).startswith("manual.pdf: Read pages 1–12 of 12, in 6 parts. S")  # noqa: RUF001  # a range

    async def test_a_part_is_read_with_the_end_of_the_one_before_but_no_notes_are_made_on_that(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            await last_reply(chat, await share(chat, MANUAL))

        first, second, *_ = sorted(model.asked_for("notes"), key=lambda one: one.part)
        assert "[before this part]\n|" not in first.text
        assert "[before this part]\n| Before step" in second.text
        assert second.marks == pages(3, 4)

    async def test_what_fits_is_summarized_in_one_call(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, pdf(4)))

        [asked] = model.heard
        assert (asked.kind, asked.marks) == ("summary", pages(1, 4))
        assert cited(shown(summary)) == pages(1, 4)

    async def test_notes_stand_in_the_order_of_the_pages_whichever_were_made_first(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        model.holds = lambda asked: asked.part == 1
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL)
            await model.asked_times(6, "notes")
            async with asyncio.timeout(15), model.changed:
                await model.changed.wait_for(lambda: model.running_of("notes") == 1)
            model.let_go.set()
            summary = await last_reply(chat, ts)

        assert cited(shown(summary)) == pages(1, 12)

    async def test_a_page_longer_than_a_part_is_read_in_pieces_under_one_mark(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        long = "\n".join(
            ["# Upkeep", *(write_page(page) for page in range(1, 13)), "# End", "Done."]
        )
        async with reading(tmp_path, model) as chat:
            await last_reply(chat, await share(chat, ("long.md", long.encode(), "text/markdown")))

        notes = sorted(model.asked_for("notes"), key=lambda one: one.part)
        assert len(notes) > 3
        assert {mark for one in notes for mark in one.marks} == {
            '[section "Upkeep"]',
            '[section "End"]',
        }
        assert '\n[section "Upkeep", continued]\n' in notes[1].text
        text = "\n".join(page.text for one in notes for page in one.pages)
        named = [text.count(f"The {name_machine(page)} takes") for page in range(1, 13)]
        assert named == [1] * 12


class TestCitations:
    async def test_right_ones_stay_as_the_model_wrote_them(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, pdf(4)))

        assert shown(summary).split("\n") == [
            f"- The {name_machine(page)} takes {1000 + 37 * page} litres of coolant every "
            f"{page + 11} days. [p. {page}]"
            for page in range(1, 5)
        ]
        assert "could not find" not in note(summary)

    @pytest.mark.parametrize("habit", ["wrong page", "missing page", "chatter"])
    async def test_a_slip_in_the_notes_is_put_right_before_they_are_used(
        self, tmp_path: Path, habit: str
    ) -> None:
        model = ReadingModel()
        model.habits["notes"] = {habit}  # type: ignore[arg-type]  # one of its literals
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, MANUAL))

        assert cited(shown(summary)) == pages(1, 12)
        assert "could not find" not in note(summary)
        assert "Here is what I found" not in model.heard[-1].text

    async def test_notes_that_stand_nowhere_are_dropped(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.habits["notes"] = {"invented note"}
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, MANUAL))

        [asked] = model.asked_for("summary")
        assert "90,210" not in asked.text
        assert cited(shown(summary)) == [f"[p. {page}]" for page in range(2, 13, 2)]

    async def test_notes_without_pages_are_used_as_such(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.habits["notes"] = {"prose"}
        async with reading(tmp_path, model) as chat:
            await last_reply(chat, await share(chat, MANUAL))

        [asked] = model.asked_for("summary")
        notes = "\n".join(asked.notes["manual.pdf"])
        assert cited(notes) == []
        assert notes.count("could not be confirmed: give none") == 6
        assert all(f"The {name_machine(page)} takes" in notes for page in range(1, 13))

    async def test_a_page_that_was_never_given_is_marked_in_the_answer(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        model.habits["summary"] = {"missing page", "chatter"}
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, pdf(4)))

        assert cited(shown(summary)) == ["[page not found]"] * 4
        assert "could not find 4 of the page references in the text" in note(summary)
        for page in range(1, 5):
            assert f"The {name_machine(page)} takes {1000 + 37 * page} litres" in shown(summary)
        assert shown(summary).endswith("Let me know if you need more.")

    async def test_a_page_that_does_not_hold_the_claim_is_doubted(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.habits["summary"] = {"wrong page"}
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, MANUAL))

        doubted = [*range(5, 9), *range(1, 9)]
        assert cited(shown(summary)) == [f"[p. {page}?]" for page in doubted]
        assert "marked with a question mark" in note(summary)


class TestCaps:
    async def test_what_costs_too_much_is_left_and_read_on_request_step_by_step(
        self, tmp_path: Path, database_url: str
    ) -> None:
        model = ReadingModel()
        few = {"ALOUD_SUMMARY_CALLS": "4", "DATABASE_URL": database_url}
        async with reading(tmp_path, model, slack=None, **few) as chat:
            ts = await share(chat, MANUAL)
            first = await last_reply(chat, ts)
            assert "Read pages 1–4 of 12, in 2 parts; the rest can be read, too." in note(first)  # noqa: RUF001  # a range
            assert "Read pages 1–4 of 12" in model.heard[-1].task  # noqa: RUF001  # as above
            assert cited(shown(first)) == pages(1, 4)
            assert buttons(first) == [
                "read_rest",
                "show_reasoning",
                "regenerate",
                "regenerate_as",
            ]

            reached = [4]
            while "read_rest" in buttons(message := await last_reply(chat, ts)):
                await chat.slack.press(BOB, DIRECT, message.ts, "read_rest")
                message = await last_reply(chat, ts)
                assert message.ts == first.ts
                reached.append(len(cited(shown(message))))
            assert reached == [4, 8, 12]
            assert note(message).startswith("manual.pdf: Read pages 1–12 of 12, in 6 parts.")  # noqa: RUF001  # as above

            read = [mark for one in model.asked_for("notes") for mark in one.marks]
            assert sorted(read) == sorted(pages(1, 12))

            await chat.slack.press(ALICE, DIRECT, first.ts, "regenerate")
            again = await last_reply(chat, ts)
            assert cited(shown(again)) == pages(1, 12)
            await chat.slack.post(ALICE, DIRECT, "shorter, please", ts)
            shorter = await last_reply(chat, ts)
            assert cited(shown(shorter)) == pages(1, 12)
            assert len(model.asked_for("notes")) == 6
            assert len(model.asked_for("summary")) == 5

    async def test_many_notes_are_merged_level_by_level_within_the_estimate(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            await last_reply(chat, await share(chat, pdf(90, sentences=4)))

        merges = model.asked_for("merge")
        lengths = [len(one.notes["manual.pdf"]) for one in merges]
        parts = model.asked_for("notes")
        # Notes and merges may be of 900 tokens each, and a merge reads as much as a part has.
        planned = estimate([Part((), "", 0)] * len(parts), 900, 1_000)
        assert len(merges) > 3
        assert sum(lengths[:5]) == 90
        assert len(parts) + len(merges) <= planned.calls
        [asked] = model.asked_for("summary")
        kept = [int(mark[4:-1]) for mark in cited(" ".join(asked.notes["manual.pdf"]))]
        assert kept == sorted(kept)
        assert kept[0] == 1
        assert kept[-1] > 80

    async def test_a_document_over_the_limits_is_read_up_to_them_and_that_is_said(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, ALOUD_FILE_PAGES="5") as chat:
            summary = await last_reply(chat, await share(chat, MANUAL))

        assert cited(shown(summary)) == pages(1, 5)
        assert "Read pages 1–5 of 12; the rest is over my limits." in note(summary)  # noqa: RUF001  # a range
        assert "read_rest" not in buttons(summary)

    async def test_a_page_that_is_left_half_read_is_not_called_read(self, tmp_path: Path) -> None:
        model = ReadingModel()
        text = "\n".join(["# Start", "Hello.", "# Upkeep", *map(write_page, range(1, 33))])
        async with reading(tmp_path, model, ALOUD_SUMMARY_CALLS="6") as chat:
            ts = await share(chat, ("long.md", text.encode(), "text/markdown"))
            summary = await last_reply(chat, ts)

        told = "Read sections 1–2 of 2, in 3 parts, the last not to its end"  # noqa: RUF001  # a range
        assert f"{told}; the rest can be read, too." in note(summary)
        assert "read_rest" in buttons(summary)

    async def test_a_part_too_long_for_the_model_is_read_in_halves(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.most_characters = 2_500
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, MANUAL))

        read = [one.marks for one in model.asked_for("notes") if len(one.text) <= 2_500]
        assert sorted(mark for marks in read for mark in marks) == sorted(pages(1, 12))
        assert cited(shown(summary)) == pages(1, 12)

    async def test_pages_over_the_limits_are_not_called_missing(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, ALOUD_FILE_PAGES="5") as chat:
            summary = await last_reply(chat, await share(chat, MANUAL, words="pages 8-10"))

        assert "That part of manual.pdf is over my limits" in note(summary)
        assert "no such part" not in note(summary)

    async def test_several_documents_share_the_calls_until_all_are_read(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        files = [MANUAL, pdf(16, name="other.pdf")]
        async with reading(tmp_path, model, ALOUD_SUMMARY_CALLS="8") as chat:
            ts = await share(chat, *files)
            first = await last_reply(chat, ts)
            assert {mark.partition(",")[0] for mark in cited(shown(first))} == {
                "[manual.pdf",
                "[other.pdf",
            }
            presses = 0
            while "read_rest" in buttons(message := await last_reply(chat, ts)):
                await chat.slack.press(BOB, DIRECT, message.ts, "read_rest")
                await last_reply(chat, ts)
                presses += 1

        assert presses == 3
        read = [mark for one in model.asked_for("notes") for mark in one.marks]
        assert len(read) == len(set(read)) == 28
        assert "manual.pdf: Read pages 1–12 of 12, in 6 parts." in note(message)  # noqa: RUF001  # a range
        assert "other.pdf: Read pages 1–16 of 16, in 8 parts." in note(message)  # noqa: RUF001  # as above

    async def test_a_model_that_takes_less_than_was_set_gets_less_at_a_time(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        model.most_characters = 4_500
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, pdf(60, sentences=4)))

        assert "manual.pdf: Read pages 1–60 of 60" in note(summary)  # noqa: RUF001  # a range
        assert len(cited(shown(summary))) > 10
        read = [mark for one in model.asked_for("notes") for mark in one.marks]
        assert len(set(read)) == 60


class TestInterruptions:
    async def test_a_restart_goes_on_with_the_parts_that_are_missing(
        self, tmp_path: Path, database_url: str
    ) -> None:
        settings = {"DATABASE_URL": database_url, "ALOUD_GRACE_SECONDS": "0"}
        model = ReadingModel()
        async with StandIn() as slack:
            model.holds = lambda asked: asked.part > 2
            async with reading(tmp_path, model, slack=slack, **settings) as chat:
                ts = await share(chat, MANUAL)
                await model.holding(3, "notes")
                async with asyncio.timeout(15):
                    while await chat.count("part_notes") < 2:  # noqa: ASYNC110  # as Chat.settled
                        await asyncio.sleep(0.02)
            model.holds = lambda _: False
            async with reading(tmp_path, model, slack=slack, **settings) as chat:
                summary = await last_reply(chat, ts)
                assert len(chat.replies(DIRECT, ts)) == 1

        asked = Counter(one.part for one in model.asked_for("notes"))
        assert asked == {1: 1, 2: 1, 3: 2, 4: 2, 5: 2, 6: 1}
        assert cited(shown(summary)) == pages(1, 12)
        assert len(model.asked_for("summary")) == 1

    async def test_a_retry_goes_on_with_the_parts_that_are_missing(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.failing_parts = {6}
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL)
            apology = await last_reply(chat, ts)
            assert buttons(apology) == ["retry"]

            model.failing_parts.clear()
            before = len(model.heard)
            await chat.slack.press(ALICE, DIRECT, apology.ts, "retry")
            summary = await last_reply(chat, ts)
            assert len(chat.replies(DIRECT, ts)) == 1

        assert [(one.kind, one.part) for one in model.heard[before:]] == [
            ("notes", 6),
            ("summary", 0),
        ]
        assert cited(shown(summary)) == pages(1, 12)

    async def test_a_question_is_answered_while_a_long_document_is_read(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        model.holds = lambda asked: asked.kind == "notes"
        async with reading(tmp_path, model, ALOUD_MODEL_CALLS="3") as chat:
            ts = await share(chat, MANUAL)
            await model.holding(2, "notes")
            other = await chat.slack.post(BOB, GENERAL, f"<@{BOT}> who is the director?")
            [answer] = await chat.answers(GENERAL, other)
            assert shown(answer) == NOWHERE
            assert model.running_of("notes") == 2
            model.let_go.set()
            summary = await last_reply(chat, ts)

        assert model.most_running["notes"] == 2
        assert cited(shown(summary)) == pages(1, 12)

    async def test_two_long_documents_of_two_people_share_the_calls(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.holds = lambda asked: asked.kind == "notes"
        other = pdf(14, name="other.pdf")
        async with reading(tmp_path, model, ALOUD_MODEL_CALLS="3") as chat:
            ts = await share(chat, MANUAL)
            await model.holding(2, "notes")
            shared = await chat.slack.post(BOB, GENERAL, f"<@{BOT}> summarize", files=[other])
            await chat.slack.wait_for(lambda: chat.replies(GENERAL, shared), timeout=15)
            model.let_go.set()
            summary = await last_reply(chat, ts)
            [second] = chat.replies(GENERAL, shared)

        assert model.most_running["notes"] == 2
        assert cited(shown(summary)) == pages(1, 12)
        assert cited(shown(second)) == pages(1, 14)

    async def test_progress_is_shown_and_kept_up_to_date(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.holds = lambda asked: asked.part > 2
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL)
            await chat.slack.wait_for(lambda: chat.replies(DIRECT, ts), timeout=15)
            [shows] = chat.replies(DIRECT, ts)
            assert re.search(r"Reading manual\.pdf: \d of 6 parts done", shown(shows))
            assert buttons(shows) == ["stop_answer"]
            await chat.slack.wait_for(
                lambda: "2 of 6 parts done" in shown(chat.replies(DIRECT, ts)[0]), timeout=15
            )
            model.let_go.set()
            summary = await last_reply(chat, ts)

        assert summary.ts == shows.ts
        assert cited(shown(summary)) == pages(1, 12)

    async def test_a_stop_ends_all_calls_at_once(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.holds = lambda asked: asked.part > 2
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL)
            await model.holding(3, "notes")
            await chat.slack.wait_for(lambda: chat.replies(DIRECT, ts), timeout=15)
            [shows] = chat.replies(DIRECT, ts)
            await chat.slack.press(ALICE, DIRECT, shows.ts, "stop_answer")
            await model.idle()
            stopped = await last_reply(chat, ts)
            assert "Stopped." in stopped.text
            assert buttons(stopped) == ["regenerate"]
            assert len(model.heard) == 5

            model.let_go.set()
            await chat.slack.press(ALICE, DIRECT, stopped.ts, "regenerate")
            summary = await last_reply(chat, ts)

        assert cited(shown(summary)) == pages(1, 12)
        assert [one.part for one in model.asked_for("notes")][5:] == [3, 4, 5, 6]

    async def test_a_part_that_the_model_declines_costs_only_its_pages(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        model.declined_parts = {3}
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL)
            first = await last_reply(chat, ts)
            await chat.slack.press(ALICE, DIRECT, first.ts, "regenerate")
            again = await last_reply(chat, ts)

        for summary in (first, again):
            assert cited(shown(summary)) == [*pages(1, 4), *pages(7, 12)]
            assert "The model declined to read pages 5–6." in note(summary)  # noqa: RUF001  # a range
        assert len(model.asked_for("summary")) == 2

    async def test_a_document_that_the_model_declines_altogether_is_an_error(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        model.declined_parts = {1, 2, 3, 4, 5, 6}
        async with reading(tmp_path, model) as chat:
            apology = await last_reply(chat, await share(chat, MANUAL))

        assert shown(apology) == "The model declined to answer this. Please put it differently."
        assert model.asked_for("summary") == []


class TestSteering:
    @pytest.mark.parametrize("words", ["in three bullets, please", "Zusammenfassen, bitte kurz"])
    async def test_form_and_language_are_for_the_summary_alone(
        self, tmp_path: Path, words: str
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL, words=words)
            await last_reply(chat, ts)
            await share(chat, MANUAL, words="", thread=ts)
            await last_reply(chat, ts)

        assert len(model.asked_for("notes")) == 6
        assert not any(words in one.text for one in model.asked_for("notes"))
        [steered, plain] = model.asked_for("summary")
        assert words in steered.task
        assert "answer in the language of these words" in " ".join(steered.task.split())
        assert words not in plain.task

    async def test_what_to_look_at_is_for_the_notes_as_well(self, tmp_path: Path) -> None:
        model = ReadingModel()
        words = "summarize for a lawyer: who is liable?"
        async with reading(tmp_path, model) as chat:
            await last_reply(chat, await share(chat, MANUAL, words=words))

        assert all(words in one.task for one in model.asked_for("notes"))
        assert words in model.asked_for("summary")[0].task

    async def test_only_the_pages_that_were_named_are_read(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, pdf(30), words="summarize pages 10–20")  # noqa: RUF001  # as people write it
            summary = await last_reply(chat, ts)

        read = [mark for one in model.asked_for("notes") for mark in one.marks]
        assert sorted(read) == sorted(pages(10, 20))
        assert not any(f"The {name_machine(9)} takes" in one.text for one in model.heard)
        assert cited(shown(summary)) == pages(10, 20)
        assert "Read pages 10–20 of 30" in note(summary)  # noqa: RUF001  # a range

    async def test_only_the_chapter_that_was_named_is_read(self, tmp_path: Path) -> None:
        model = ReadingModel()
        book = "\n\n".join(f"# Chapter {page}\n\n{write_page(page)}" for page in range(1, 13))
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, ("b.md", book.encode(), "text/markdown"), words="only chapter 4")
            summary = await last_reply(chat, ts)

        [asked] = model.heard
        assert asked.marks == ['[section "Chapter 4"]']
        assert cited(shown(summary)) == ['[section "Chapter 4"]']

    async def test_a_chapter_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, pdf(4), words="only pages 40-50"))

        assert "manual.pdf has no such part; it has 4 pages" in note(summary)
        assert "manual.pdf has no such part" in model.heard[-1].task

    async def test_a_part_is_summed_up_later_on_request(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, MANUAL)
            await last_reply(chat, ts)
            await chat.slack.post(ALICE, DIRECT, "summarize only pages 5 and 6", ts)
            second = await last_reply(chat, ts)
            await chat.slack.post(ALICE, DIRECT, "and now a shorter summary of all", ts)
            third = await last_reply(chat, ts)

        assert cited(shown(second)) == pages(5, 6)
        assert cited(shown(third)) == pages(1, 12)
        assert len(model.asked_for("notes")) == 6


class TestSeveralFiles:
    async def test_each_is_summarized_under_its_name(self, tmp_path: Path) -> None:
        model = ReadingModel()
        files = [MANUAL, pdf(2, name="short.pdf")]
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, *files))

        [asked] = model.asked_for("summary")
        assert "Summarize each of the 2 documents" in asked.task
        assert [one["name"] for one in asked.frames] == ["manual.pdf", "short.pdf"]
        assert list(asked.notes) == ["manual.pdf"]
        assert [page.mark for page in asked.documents["short.pdf"]] == [
            f"[short.pdf, p. {page}]" for page in range(1, 3)
        ]
        assert cited(shown(summary)) == [
            *(f"[short.pdf, p. {page}]" for page in range(1, 3)),
            *(f"[manual.pdf, p. {page}]" for page in range(1, 13)),
        ]
        assert "manual.pdf: Read pages 1–12 of 12, in 6 parts." in note(summary)  # noqa: RUF001  # a range
        assert "short.pdf: Read pages 1–2 of 2." in note(summary)  # noqa: RUF001  # as above

    async def test_two_of_the_same_name_are_told_apart(self, tmp_path: Path) -> None:
        model = ReadingModel()
        other = ("manual.pdf", make_manual(3, sentences=3), "application/pdf")
        async with reading(tmp_path, model) as chat:
            summary = await last_reply(chat, await share(chat, pdf(2), other))

        [asked] = model.heard
        assert list(asked.documents) == ["manual.pdf", "manual.pdf (2)"]
        assert "[manual.pdf (2), p. 3]" in cited(shown(summary))
        assert "?]" not in shown(summary)

    async def test_the_same_file_in_another_thread_is_not_fetched_again(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            file = chat.slack.add_file(ALICE, *pdf(3))
            first = await chat.slack.post(ALICE, DIRECT, "", files=[file.id])
            await last_reply(chat, first)
            chat.slack.faults.downloads[file.id] = "html"
            second = await chat.slack.post(ALICE, DIRECT, "", files=[file.id])
            summary = await last_reply(chat, second)

        assert cited(shown(summary)) == pages(1, 3)

    async def test_the_same_content_in_another_thread_is_read_from_memory(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            await last_reply(chat, await share(chat, MANUAL))
            again = await share(chat, ("copy.pdf", *MANUAL[1:]))
            summary = await last_reply(chat, again)

        assert len(model.asked_for("notes")) == 6
        assert cited(shown(summary)) == pages(1, 12)
        assert "copy.pdf: Read pages 1–12 of 12" in note(summary)  # noqa: RUF001  # a range

    async def test_a_new_version_is_compared_with_the_old_one(self, tmp_path: Path) -> None:
        model = ReadingModel()
        old = "\n\n".join(f"# Part {page}\n\n{write_page(page)}" for page in range(1, 13))
        new = old.replace("1148 litres", "2222 litres")
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, ("plan.md", old.encode(), "text/markdown"))
            await last_reply(chat, ts)
            changed = ("plan.md", new.encode(), "text/markdown")
            await share(chat, changed, words="what changed?", thread=ts)
            answer = await last_reply(chat, ts)

        [asked] = model.asked_for("comparison")
        assert any(line.startswith("| - ") and "1148 litres" in line for line in asked.changes)
        assert any(line.startswith("| + ") and "2222 litres" in line for line in asked.changes)
        assert "plan.md was compared with plan.md (earlier)." in asked.task
        assert "plan.md was compared with plan.md (earlier)." in note(answer)
        assert "2222 litres" in shown(answer)
        assert "?]" not in shown(answer)

    async def test_two_versions_that_come_together_are_compared(self, tmp_path: Path) -> None:
        model = ReadingModel()
        old = "\n\n".join(f"Clause {number} costs {number * 10} euros." for number in range(1, 9))
        new = old.replace("30 euros", "35 euros")
        files = [(f"plan_v{at}.txt", text.encode(), "") for at, text in enumerate((old, new), 1)]
        async with reading(tmp_path, model, ALOUD_PART_TOKENS="12000") as chat:
            ts = await share(chat, *files, words="what changed?")
            answer = await last_reply(chat, ts)

        [asked] = model.asked_for("comparison")
        assert any("35 euros" in line for line in asked.changes)
        assert "plan_v2.txt was compared with plan_v1.txt." in note(answer)

    async def test_that_nothing_changed_is_said(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, pdf(3))
            await last_reply(chat, ts)
            await share(chat, pdf(3), words="what changed?", thread=ts)
            answer = await last_reply(chat, ts)

        assert "manual.pdf and manual.pdf (earlier) say the same, word for word." in note(answer)
