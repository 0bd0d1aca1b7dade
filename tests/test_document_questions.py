"""Questions about what was shared, tables, archives and mail: over the real wire, from end to end.

The model reads its prompt and answers from it, so what it was shown is what comes out.
"""

import csv
import io
import re
from email.message import EmailMessage
from pathlib import Path

from bot.conversation.budget import estimate_tokens
from bot.demo.server import StandIn
from bot.demo.workspace import Message
from tests.chatting import ALICE, BOB, BOT, DIRECT, GENERAL, Chat, note, shown
from tests.documents.samples import make_xlsx, make_zip
from tests.reading_model import (
    NOWHERE,
    Asked,
    ReadingModel,
    make_manual,
    name_machine,
    reading,
    write_page,
)

File = tuple[str, bytes, str]
SHORT = ("short.pdf", make_manual(3), "application/pdf")
LONG = ("manual.pdf", make_manual(40), "application/pdf")


def text_file(name: str, text: str) -> File:
    return (name, text.encode(), "text/markdown" if name.endswith(".md") else "text/plain")


async def share(chat: Chat, *files: File, words: str = "", thread: str | None = None) -> str:
    """Share files in Alice's direct conversation, wait for the answer; return the post's `ts`."""
    ts = await chat.slack.post(ALICE, DIRECT, words, thread, files=list(files))
    await chat.settled()
    return ts


async def ask(chat: Chat, thread: str, question: str) -> Message:
    """Ask in a thread and return the answer."""
    await chat.slack.post(ALICE, DIRECT, question, thread)
    await chat.settled()
    return chat.replies(DIRECT, thread)[-1]


def last_question(model: ReadingModel) -> Asked:
    return model.asked_for("question")[-1]


class TestQuestions:
    async def test_a_small_document_is_quoted_whole(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, SHORT)
            answer = await ask(chat, ts, f"How much coolant does the {name_machine(2)} take?")

        assert last_question(model).marks == ["[p. 1]", "[p. 2]", "[p. 3]"]
        assert shown(answer) == (
            f"The {name_machine(2)} takes 1074 litres of coolant every 13 days. [p. 2]"
        )
        # Nothing is told of the reading but what the answer rests on.
        assert note(answer).startswith("Sources: <http")
        assert note(answer).endswith("|short.pdf>")

    async def test_a_long_one_is_searched_and_the_pages_around_are_read_too(
        self, tmp_path: Path, database_url: str
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, DATABASE_URL=database_url) as chat:
            ts = await share(chat, LONG)
            calls = len(model.heard)
            answer = await ask(chat, ts, f"How often does the {name_machine(23)} need coolant?")

        assert len(model.heard) == calls + 1
        assert shown(answer) == (
            f"The {name_machine(23)} takes 1851 litres of coolant every 34 days. [p. 23]"
        )
        assert {"[p. 22]", "[p. 23]", "[p. 24]"} <= set(last_question(model).marks)
        assert len(last_question(model).marks) < 9
        assert "manual.pdf: Searched all 40 pages and read pages" in note(answer)
        assert "Searched all 40 pages" in last_question(model).task

    async def test_a_page_that_the_question_names_is_quoted(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, LONG)
            answer = await ask(chat, ts, "which machine is on page 31?")

        assert "[p. 31]" in last_question(model).marks
        assert f"The {name_machine(31)} takes" in last_question(model).text
        assert re.search(r"read pages .*\b31\b", note(answer))

    async def test_what_is_nowhere_in_the_document_is_told(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, LONG)
            answer = await ask(chat, ts, "Who composed Parsifal?")

        assert shown(answer) == NOWHERE
        assert "manual.pdf: Searched all 40 pages and " in note(answer)
        assert "say that it is not in the document" in str(chat.prompts()[-1][0]["content"])

    async def test_it_is_searched_after_a_restart_without_being_read_again(
        self, tmp_path: Path, database_url: str
    ) -> None:
        model = ReadingModel()
        settings = {"DATABASE_URL": database_url}
        async with StandIn() as slack:
            async with reading(tmp_path, model, slack=slack, **settings) as chat:
                ts = await share(chat, LONG)
            slack.workspace.files.clear()
            async with reading(tmp_path, model, slack=slack, **settings) as chat:
                answer = await ask(chat, ts, f"How often does the {name_machine(23)} need coolant?")

        assert shown(answer).endswith("every 34 days. [p. 23]")

    async def test_of_two_documents_the_one_that_answers_is_named(self, tmp_path: Path) -> None:
        model = ReadingModel()
        other = "\n\n".join(
            f"# Room {room}\n\nRoom {room} is cleaned by the {name_machine(room + 100)} team. "
            + "The floor is swept before noon. " * 20
            for room in range(1, 31)
        )
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, LONG)
            await share(chat, text_file("rooms.md", other), thread=ts)
            machine = await ask(chat, ts, f"How often does the {name_machine(23)} need coolant?")
            room = await ask(chat, ts, f"Which room does the {name_machine(117)} team clean?")

        assert shown(machine).endswith("every 34 days. [manual.pdf, p. 23]")
        assert shown(room) == (
            f'Room 17 is cleaned by the {name_machine(117)} team. [rooms.md, section "Room 17"]'
        )
        assert "manual.pdf: Searched all 40 pages" in note(room)
        assert "rooms.md: Searched all 30 sections and read" in note(room)

    async def test_a_japanese_question_finds_its_page(self, tmp_path: Path) -> None:
        model = ReadingModel()
        topics = [
            "休暇",
            "残業",
            "出張",
            "給与",
            "退職",
            "健康診断",
            "育児",
            "通勤",
            "副業",
            "研修",
        ]
        handbook = "\n\n".join(
            f"# {topic}\n\n{topic}の申請は総務部の第{number}窓口で受け付けます。"
            + "社員は規程を確認し、書類を期限までに提出してください。" * 12
            for number, topic in enumerate(topics, start=1)
        )
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, text_file("規程.md", handbook))
            answer = await ask(chat, ts, "育児の申請はどの窓口ですか?")

        assert "育児の申請は総務部の第7窓口で受け付けます。" in shown(answer)
        assert '[section "育児"]' in shown(answer)
        assert len(last_question(model).marks) < 10

    async def test_a_page_that_the_answer_makes_up_is_marked(self, tmp_path: Path) -> None:
        model = ReadingModel()
        model.habits["question"] = {"missing page"}
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, LONG)
            answer = await ask(chat, ts, f"How often does the {name_machine(23)} need coolant?")

        assert shown(answer).endswith("every 34 days. [page not found]")
        assert "could not find one of the page references" in note(answer)

    async def test_after_its_message_is_deleted_nothing_is_quoted_any_more(
        self, tmp_path: Path, database_url: str
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, DATABASE_URL=database_url) as chat:
            root = await chat.slack.post(ALICE, DIRECT, "hello")
            await chat.settled()
            ts = await share(chat, LONG, thread=root)
            await chat.slack.delete(ALICE, DIRECT, ts)
            await chat.settled()
            await ask(chat, root, f"How often does the {name_machine(23)} need coolant?")
            assert await chat.count("passages") == 0
            assert await chat.count("part_notes") == 0

        assert last_question(model).frames == []

    async def test_the_same_content_shared_twice_is_one_document(self, tmp_path: Path) -> None:
        model = ReadingModel()
        question = f"How often does the {name_machine(23)} need coolant?"
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, LONG)
            await share(chat, LONG, words=question, thread=ts)
            answer = chat.replies(DIRECT, ts)[-1]

        assert list(last_question(model).documents) == ["manual.pdf"]
        assert shown(answer).endswith("every 34 days. [p. 23]")
        assert note(answer).count("Searched") == 1

    async def test_what_others_left_no_room_for_is_not_called_missing(self, tmp_path: Path) -> None:
        model = ReadingModel()
        plans = [
            text_file(
                f"plan{plan}.md",
                "\n\n".join(
                    f"# Room {room}\n\nIts zebra budget is {900 + plan * room}. "
                    + f"Plan {plan} says more on room {room}. " * 30
                    for room in range(1, 40)
                ),
            )
            for plan in range(1, 5)
        ]
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, *plans)
            answer = await ask(chat, ts, "What is the zebra budget?")

        assert "there was no room to read what may be on this" in note(answer)
        assert "found nothing" not in note(answer)

    async def test_words_that_ask_nothing_are_answered_without_saying_what_was_read(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, ALOUD_FILE_PAGES="2") as chat:
            ts = await share(chat, SHORT)
            answer = await ask(chat, ts, "oh, I see")

        assert note(answer) == ""

    async def test_a_file_is_asked_about_in_the_message_that_brings_it(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model) as chat:
            words = f"<@{BOT}> how often does the {name_machine(23)} need coolant?"
            ts = await chat.slack.post(BOB, GENERAL, words, files=[LONG])
            await chat.settled()
            [answer] = chat.replies(GENERAL, ts)

        assert len(model.heard) == 1
        assert shown(answer).endswith("every 34 days. [p. 23]")


class TestTables:
    def write(self, rows: int) -> File:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["order", "customer", "city", "amount"])
        writer.writerows(
            (number, f"{name_machine(number % 399)} Ltd", ("Oslo", "Rome", "Lima")[number % 3], 10)
            for number in range(1, rows + 1)
        )
        return ("orders.csv", out.getvalue().encode(), "text/csv")

    async def test_a_long_table_is_summarized_from_its_profile(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, ALOUD_PART_TOKENS="12000") as chat:
            ts = await share(chat, self.write(50_000))
            [summary] = chat.replies(DIRECT, ts)

        [asked] = model.heard
        assert estimate_tokens(asked.text) < 6_000
        assert re.search(r"50[,.]?000", asked.text)
        assert re.search(r"500[,.]?000", asked.text)
        assert "Computed columns and totals over the rows, and read a sample of them." in note(
            summary
        )

    async def test_a_row_of_a_long_table_is_found(self, tmp_path: Path) -> None:
        model = ReadingModel()
        name, data, kind = self.write(5_000)
        data = data.replace(b"4321,", b"4321,Zebra and ", 1)
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, (name, data, kind))
            await ask(chat, ts, "Which order is from Zebra?")

        assert re.search(r"4321.*Zebra", last_question(model).text)
        assert estimate_tokens(last_question(model).text) < 4_000

    async def test_the_sheets_of_a_workbook_are_cited_by_name(self, tmp_path: Path) -> None:
        model = ReadingModel()
        book = make_xlsx({
            "Sales": [["Region", "Revenue"], ["North", 1200], ["South", 800]],
            "Staff": [["Person", "Office"], ["Ann", "Bergen"], ["Bob", "Cadiz"]],
        })  # fmt: skip
        async with reading(tmp_path, model) as chat:
            ts = await share(chat, ("book.xlsx", book, ""))
            answer = await ask(chat, ts, "Who sits in Cadiz?")

        assert last_question(model).marks == ['[sheet "Sales"]', '[sheet "Staff"]']
        assert '[sheet "Staff"]' in shown(answer)


class TestContainers:
    PARTS = {  # noqa: RUF012  # read only
        "one.txt": b"The first report is about whales.",
        "two.md": b"# Owls\n\nThe second report is about owls.\n",
        "three.csv": b"animal,legs\nspider,8\nbee,6\n",
    }

    async def test_an_archive_is_summarized_document_by_document(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, ALOUD_PART_TOKENS="12000") as chat:
            package = ("reports.zip", make_zip(self.PARTS), "application/zip")
            ts = await share(chat, package)
            [summary] = chat.replies(DIRECT, ts)
            answer = await ask(chat, ts, "What is said about owls?")

        names = [f"{name} (in reports.zip)" for name in self.PARTS]
        [asked] = model.asked_for("summary")
        assert list(asked.documents) == names
        assert [name in shown(summary) for name in names] == [True] * 3
        assert "about owls. [two.md (in reports.zip), " in shown(answer)

    async def test_what_can_not_be_read_in_it_is_told_in_one_sentence(self, tmp_path: Path) -> None:
        model = ReadingModel()
        parts = {
            **self.PARTS,
            "broken.pdf": b"%PDF-1.4 nothing",
            "song.mp3": b"ID3\x03" + bytes(99),
        }
        async with reading(tmp_path, model, ALOUD_PART_TOKENS="12000") as chat:
            ts = await share(chat, ("reports.zip", make_zip(parts), "application/zip"))
            [summary] = chat.replies(DIRECT, ts)

        assert note(summary).count("broken.pdf") == 1
        assert note(summary).count("song.mp3") == 1
        assert len(model.asked_for("summary")[0].documents) == 3

    async def test_a_second_summary_is_of_all_that_was_in_it(self, tmp_path: Path) -> None:
        model = ReadingModel()
        async with reading(tmp_path, model, ALOUD_PART_TOKENS="12000") as chat:
            package = ("reports.zip", make_zip(self.PARTS), "application/zip")
            ts = await share(chat, package)
            await ask(chat, ts, "shorter, please")
            await ask(chat, ts, "summarize one.txt")

        names = [f"{name} (in reports.zip)" for name in self.PARTS]
        asked = [list(one.documents) for one in model.asked_for("summary")]
        assert asked == [names, names, names[:1]]

    async def test_a_mail_is_read_with_its_attachment(self, tmp_path: Path) -> None:
        model = ReadingModel()
        mail = EmailMessage()
        mail["From"], mail["To"] = "Ann <ann@example.com>", "team@example.com"
        mail["Subject"] = "The manual"
        mail.set_content("Here is the manual. Please answer by Friday.")
        mail.add_attachment(SHORT[1], maintype="application", subtype="pdf", filename="short.pdf")
        async with reading(tmp_path, model, ALOUD_PART_TOKENS="12000") as chat:
            ts = await share(chat, ("note.eml", bytes(mail), "message/rfc822"))
            [summary] = chat.replies(DIRECT, ts)

        [asked] = model.asked_for("summary")
        assert list(asked.documents) == ["note.eml", "short.pdf (in note.eml)"]
        assert "answer by Friday" in asked.text
        assert "[short.pdf (in note.eml), p. 3]" in shown(summary)

    async def test_a_document_over_the_characters_that_are_read_says_so(
        self, tmp_path: Path
    ) -> None:
        model = ReadingModel()
        text = "\n\n".join(f"# Step {page}\n\n{write_page(page)}" for page in range(1, 21))
        async with reading(
            tmp_path, model, ALOUD_PART_TOKENS="12000", ALOUD_FILE_CHARACTERS="5000"
        ) as chat:
            ts = await share(chat, text_file("steps.md", text))
            [summary] = chat.replies(DIRECT, ts)

        assert "the rest is over my limits" in note(summary)
        assert len(model.heard[0].text) < 9_000


async def test_of_files_with_the_same_content_one_is_read_and_that_is_said(
    tmp_path: Path,
) -> None:
    model = ReadingModel()
    async with reading(tmp_path, model) as chat:
        text = b"The launch moves from May to July.\n"
        files = [("a.txt", text, "text/plain"), ("b.txt", text, "text/plain")]
        ts = await chat.slack.post(ALICE, DIRECT, "", files=files)
        [summary] = await chat.answers(DIRECT, ts)

    assert "b.txt has the same content as a.txt." in note(summary)


async def test_shorter_is_said_of_the_answer_before_it(tmp_path: Path) -> None:
    model = ReadingModel()
    async with reading(tmp_path, model) as chat:
        manual = ("manual.pdf", make_manual(40), "application/pdf")
        ts = await chat.slack.post(ALICE, DIRECT, "", files=[manual])
        await chat.answers(DIRECT, ts)
        await chat.slack.post(ALICE, DIRECT, "shorter, please", ts)
        await chat.answers(DIRECT, ts, 2)
        kinds = [model.heard[-1].kind]

        await chat.slack.post(ALICE, DIRECT, "what does the crew drain?", ts)
        await chat.answers(DIRECT, ts, 3)
        await chat.slack.post(ALICE, DIRECT, "shorter, please", ts)
        [*_, answer] = await chat.answers(DIRECT, ts, 4)

    assert [*kinds, model.heard[-1].kind] == ["summary", "question"]
    assert "Searched" not in note(answer)


async def test_what_changed_in_the_only_version_is_not_known(tmp_path: Path) -> None:
    model = ReadingModel()
    async with reading(tmp_path, model) as chat:
        manual = ("manual.pdf", make_manual(40), "application/pdf")
        ts = await chat.slack.post(ALICE, DIRECT, "", files=[manual])
        await chat.answers(DIRECT, ts)
        await chat.slack.post(ALICE, DIRECT, "what changed?", ts)
        [_, answer] = await chat.answers(DIRECT, ts, 2)

    assert note(answer) == "There is only one version of manual.pdf in this thread."
