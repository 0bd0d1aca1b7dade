import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import pytest
from sqlalchemy import Engine, event, func, select, text, update
from sqlalchemy.exc import NoResultFound
from typing_extensions import override

from bot.conversation.messages import Caveat, Document, Passage, ThreadKey
from bot.store.database import Database, open_database
from bot.store.documents import DocumentStore, Posting, _make_postings
from bot.store.tables import contents, documents, passages, thread_documents
from tests.store.full_text import check_index

THREAD = ThreadKey("T1", "C1", "100.000100")
ELSEWHERE = ThreadKey("T1", "C2", "300.000100")
BOOK = Document(
    file_id="F1",
    name="book.epub",
    kind="e-book",
    unit="section",
    total_pages=3,
    read_pages=2,
    tokens=30,
    digest="d1",
    notes=(Caveat("cut", (2,)), Caveat("rows_cut", text="Q3", count=9)),
)
ONCE = Passage(1, "Once upon", "Chapter one", 0, 10)
A_TIME = Passage(1, "a time", "Chapter one", 1, 10)
BLANK = Passage(2, "", "", 0, 1)
TEXT = [(ONCE, "chapter once upon"), (A_TIME, "chapter time"), (BLANK, "")]


class Breaking(Sequence[tuple[Passage, str]]):
    """A hundred passages of which those from the sixtieth on can't be had."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @override
    def __len__(self) -> int:
        return 100

    @overload
    def __getitem__(self, at: int) -> tuple[Passage, str]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[tuple[Passage, str]]: ...
    @override
    def __getitem__(self, at: int | slice) -> tuple[Passage, str] | Sequence[tuple[Passage, str]]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if at >= 60:
            raise self.error
        return make_passages(100)[at]


def make_passages(count: int) -> list[tuple[Passage, str]]:
    return [
        (Passage(number, f"text {number}", "", 0, 2), f"text {number}")
        for number in range(1, count + 1)
    ]


async def count(database: Database) -> dict[str, int]:
    async with database.read() as tx:
        return {
            table.name: (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (contents, passages, documents)
        }


async def test_a_document_comes_back_as_it_was(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.attach(THREAD, ["F1"])

    assert await store.find("T1", "F1") == [BOOK]
    assert await store.of_thread(THREAD) == [BOOK]
    assert await store.load("T1", "d1") == [ONCE, A_TIME, BLANK]


async def test_what_is_inside_of_a_file_follows_it_in_order(database: Database) -> None:
    store = DocumentStore(database)
    for file_id in ("F1/10", "F1/2", "F1", "F12", "F1/1", "F1/2/1"):
        await store.save("T1", replace(BOOK, file_id=file_id), TEXT)

    found = await store.find("T1", "F1")

    assert [one.file_id for one in found] == ["F1", "F1/1", "F1/2", "F1/2/1", "F1/10"]
    assert await store.find("T1", "F3") == []


async def test_some_pages_can_be_loaded_however_many_they_are(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, make_passages(1_200))

    loaded = await store.load("T1", "d1", range(1_200, 100, -1))

    assert [one.page for one in loaded] == list(range(101, 1_201))
    assert [one.page for one in await store.load("T1", "d1", {3, 1, 9_999})] == [1, 3]
    assert await store.load("T1", "d1", ()) == []


async def test_passages_can_be_loaded_by_place_from_several_contents(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.save("T1", replace(BOOK, file_id="F2", digest="d2"), make_passages(400))
    many = [("d2", page, 0) for page in range(1, 500)]

    found = await store.load_passages("T1", [("d1", 1, 1), ("d1", 9, 0), ("gone", 1, 0), *many])

    assert found.pop(("d1", 1, 1)) == A_TIME
    assert found == {("d2", one.page, 0): one for one, _ in make_passages(400)}


async def test_the_same_content_is_kept_once_under_each_name(database: Database) -> None:
    store = DocumentStore(database)
    copy = replace(BOOK, file_id="F2", name="copy.epub")
    await store.save("T1", BOOK, TEXT)
    before = await count(database)
    assert await store.find_content("T1", "d1")
    assert not await store.find_content("T1", "d2")

    await store.save("T1", replace(copy, kind="", tokens=0, total_pages=0), ())
    await store.save("T1", replace(copy, file_id="F3"), make_passages(9))

    assert await store.find("T1", "F2") == [copy]
    assert await count(database) == {**before, "documents": 3}


async def test_a_file_read_again_by_other_rules_has_its_new_content(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    again = replace(BOOK, digest="d2", tokens=1)

    await store.save("T1", again, TEXT)

    assert await store.find("T1", "F1") == [again]


async def test_a_content_that_went_meanwhile_is_told(database: Database) -> None:
    store = DocumentStore(database)

    with pytest.raises(NoResultFound):
        await store.save("T1", BOOK, ())

    assert await store.find("T1", "F1") == []


async def test_documents_keep_the_order_of_sharing(database: Database) -> None:
    store = DocumentStore(database)
    for file_id in ("F3", "F5", "F9", "F9/1"):
        await store.save("T1", replace(BOOK, file_id=file_id), TEXT)

    await store.attach(THREAD, ["F9", "F9/1", "unread", "F3"])
    await store.attach(THREAD, ["F5", "F9"])
    await store.attach(THREAD, [])

    order = [one.file_id for one in await store.of_thread(THREAD)]
    assert order == ["F9", "F9/1", "F3", "F5"]


async def test_a_stored_file_can_be_attached_to_another_thread(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.attach(THREAD, ["F1"])
    await store.attach(ELSEWHERE, ["F1"])

    assert await store.of_thread(ELSEWHERE) == [BOOK]


async def test_a_file_is_forgotten_in_all_threads(database: Database) -> None:
    store = DocumentStore(database)
    for file_id, digest in (("F1", "d1"), ("F1/1", "d2"), ("F2", "d1")):
        await store.save("T1", replace(BOOK, file_id=file_id, digest=digest), TEXT)
    await store.attach(THREAD, ["F1", "F1/1", "F2"])
    await store.attach(ELSEWHERE, ["F1"])

    await store.forget_file("T1", "F1")

    assert await store.find("T1", "F1") == []
    assert await store.of_thread(ELSEWHERE) == []
    assert [one.file_id for one in await store.of_thread(THREAD)] == ["F2"]
    assert await count(database) == {"contents": 1, "passages": 3, "documents": 1}
    async with database.read() as tx:
        links = await tx.execute(select(func.count()).select_from(thread_documents))
        assert links.scalar() == 1
    await check_index(database)


async def test_passages_are_found_by_their_terms(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.save("T1", replace(BOOK, file_id="F2", digest="d2"), [(ONCE, "once 2024 契約 süß")])

    found = await store.find_postings("T1", ["d1", "d2", "d3"], ["once", "chapter", "x", "once"])

    assert sorted(found, key=repr) == [
        Posting("chapter", "d1", 1, 0),
        Posting("chapter", "d1", 1, 1),
        Posting("once", "d1", 1, 0),
        Posting("once", "d2", 1, 0),
    ]
    for term in ("2024", "契約", "süß"):
        assert await store.find_postings("T1", ["d2"], [term]) == [Posting(term, "d2", 1, 0)]
        assert await store.find_postings("T1", ["d1"], [term]) == []


async def test_nothing_is_found_where_nothing_is_asked_for(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)

    assert await store.find_postings("T1", [], ["once"]) == []
    assert await store.find_postings("T1", ["d1"], []) == []


async def test_a_term_is_no_part_of_another(database: Database) -> None:
    """Nor does anything fold or stem it once more."""
    store = DocumentStore(database)
    await store.save("T1", BOOK, [(ONCE, "under_score straße ﬁn o\u0308l running")])

    for term in ("under", "score", "strasse", "fin", "öl", "ol", "run", "runs", "straß"):
        assert await store.find_postings("T1", ["d1"], [term]) == [], term
    for term in ("under_score", "straße", "ﬁn", "o\u0308l", "running"):
        assert len(await store.find_postings("T1", ["d1"], [term])) == 1, term


HOSTILE = [
    '"',
    "'",
    '"once"',
    "'once'",
    "once*",
    "*",
    "once:*",
    "-once",
    "^once",
    "terms:once",
    "{terms}:once",
    "NEAR(once,upon)",
    "NEAR",
    "AND",
    "NOT",
    "once OR upon",
    "once|upon",
    "once&upon",
    "!once",
    "<->",
    "(",
    ")",
    "on\0ce",
    "\0",
    "\\",
    "once\\'",
    "\ud800",
    "\udfffonce",
    "\u3000",
    "\u00a0once",
    "once\u2028upon",
    "",
    " ",
    "1_once",
    "%",
    "once; DROP TABLE passages",
    "\U0010ffff",
]


async def test_a_hostile_term_means_nothing_but_itself(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)

    for number, term in enumerate(HOSTILE):
        digest = f"h{number}"
        other = replace(BOOK, file_id=f"H{number}", digest=digest)
        await store.save("T1", other, [(ONCE, f"other {term}")])

        found = await store.find_postings("T1", ["d1", digest], [term, "other"])
        assert Posting("other", digest, 1, 0) in found, term
        if term and " " not in term:
            assert Posting(term, digest, 1, 0) in found, term
            assert len(found) == 2, term
            assert await store.find_postings("T1", [digest], ["once"]) == [], term
        else:
            # A space parts terms, so that there is no such term.
            assert len(found) == 1, term
    await check_index(database)


async def test_a_word_of_any_length_is_found(database: Database) -> None:
    store = DocumentStore(database)
    word = "\U0001f600" * 10_000
    await store.save("T1", BOOK, [(ONCE, f"x {word}")])

    assert await store.find_postings("T1", ["d1"], [word]) == [Posting(word, "d1", 1, 0)]


async def test_notes_are_kept_by_their_keys(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.keep_notes("T1", "d1", "part 1", "old")
    await store.keep_notes("T1", "d1", "part 1", "new")
    await store.keep_notes("T1", "d1", "part 2", "more")

    assert await store.find_notes("T1", "d1", ["part 1", "part 3"]) == {"part 1": "new"}
    assert await store.find_notes("T1", "d2", ["part 1"]) == {}


async def test_no_notes_are_kept_of_a_content_that_is_gone(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.keep_notes("T1", "d1", "k", "notes")
    await store.forget_file("T1", "F1")
    await store.keep_notes("T1", "d1", "k", "notes")
    await store.save("T1", BOOK, TEXT)

    assert await store.find_notes("T1", "d1", ["k"]) == {}


async def test_no_team_reaches_another_teams_documents(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.attach(THREAD, ["F1"])
    await store.keep_notes("T1", "d1", "k", "notes")

    async def see() -> list[object]:
        return [
            await store.find("T2", "F1"),
            await store.find_content("T2", "d1"),
            await store.of_thread(ThreadKey("T2", "C1", "100.000100")),
            await store.load("T2", "d1"),
            await store.load_passages("T2", [("d1", 1, 0)]),
            await store.find_postings("T2", ["d1"], ["once"]),
            await store.find_notes("T2", "d1", ["k"]),
        ]

    assert await see() == [[], False, [], [], {}, [], {}]

    # Not even with the same file and the same content.
    mine = [(Passage(1, "mine", "", 0, 1), "mine")]
    await store.save("T2", BOOK, mine)

    assert await store.find_postings("T2", ["d1"], ["once", "mine"]) == [
        Posting("mine", "d1", 1, 0)
    ]
    assert await store.load("T2", "d1") == [one for one, _ in mine]
    await store.forget_file("T2", "F1")
    assert await store.load("T1", "d1") == [one for one, _ in TEXT]


@pytest.mark.parametrize("error", [RuntimeError("killed"), asyncio.CancelledError()])
async def test_half_a_content_is_never_found(database: Database, error: BaseException) -> None:
    store = DocumentStore(database)
    with pytest.raises(type(error)):
        await store.save("T1", BOOK, Breaking(error))
    assert (await count(database))["passages"] > 0

    assert not await store.find_content("T1", "d1")
    assert await store.find("T1", "F1") == []
    assert await store.load("T1", "d1") == []
    assert await store.find_postings("T1", ["d1"], ["text"]) == []

    # Nor is it in the way of the whole.
    await store.save("T1", BOOK, make_passages(70))
    assert len(await store.load("T1", "d1")) == 70
    assert len(await store.find_postings("T1", ["d1"], ["text"])) == 70


async def test_of_a_content_saved_at_once_by_two_one_stays(database_url: str) -> None:
    """Two that read to different limits don't mix."""
    async with open_database(database_url) as first:
        # Only PostgreSQL can be open twice.
        second = open_database(database_url) if first.is_shared else first
        if second is not first:
            await second.open()
        copy = replace(BOOK, file_id="F2", read_pages=150)
        await asyncio.gather(
            DocumentStore(first).save("T1", BOOK, make_passages(200)),
            DocumentStore(second).save("T1", copy, make_passages(150)),
        )

        store = DocumentStore(first)
        found = [*await store.find("T1", "F1"), *await store.find("T1", "F2")]
        pages = len(await store.load("T1", "d1"))
        assert [one.file_id for one in found] == ["F1", "F2"]
        assert {(one.read_pages, pages) for one in found} in [{(2, 200)}, {(150, 150)}]
        assert len(await store.find_postings("T1", ["d1"], ["text"])) == pages
        assert await count(first) == {"contents": 1, "passages": pages, "documents": 2}
        await check_index(first)
        if second is not first:
            await second.close()


async def test_files_are_attached_and_forgotten_at_once_without_a_deadlock(
    database: Database,
) -> None:
    store = DocumentStore(database)
    for number in range(4):
        await store.save("T1", replace(BOOK, file_id=f"F{number}"), TEXT)

    async def share(number: int) -> None:
        await store.attach(THREAD, [f"F{number}", f"F{(number + 1) % 4}"])
        await store.forget_file("T1", f"F{number}")

    await asyncio.gather(*(share(number) for number in range(4)))

    assert await store.of_thread(THREAD) == []
    assert await count(database) == {"contents": 0, "passages": 0, "documents": 0}


async def test_who_writes_a_content_notices_that_its_team_was_forgotten(
    database: Database,
) -> None:
    store = DocumentStore(database)
    content = await store._begin("T1", BOOK)
    await store._add("T1", content, TEXT)
    async with database.write() as tx:
        await tx.execute(contents.delete())

    with pytest.raises(NoResultFound):
        await store._add("T1", content, make_passages(9))
    with pytest.raises(NoResultFound):
        await store._finish("T1", BOOK, content)
    assert await store.find("T1", "F1") == []


async def test_each_content_has_lexemes_of_its_own(database: Database) -> None:
    """So that a search costs what its contents hold, however many others say the same."""
    store = DocumentStore(database)
    for number in range(3):
        document = replace(BOOK, file_id=f"F{number}", digest=f"d{number}")
        await store.save("T1", document, [(ONCE, "once"), (A_TIME, "once once")])
    query = "SELECT tsvector_to_array(terms)" if database.is_shared else "SELECT terms"

    async with database.read() as tx:
        found = (await tx.execute(text(f"{query} FROM passages"))).scalars()
        lexemes = [one if isinstance(one, str) else " ".join(one) for one in found]

    assert len(lexemes) == 6
    assert len(set(lexemes)) == 3
    assert all(one.endswith("_once") for one in lexemes)


async def test_whatever_is_looked_up_is_looked_up_in_an_index(tmp_path: Path) -> None:
    """Nothing goes through all contents, all documents, or all passages of a team."""
    async with open_database(f"sqlite:///{tmp_path / 'aloud.db'}") as database:
        store = DocumentStore(database)
        await store.save("T1", BOOK, TEXT)
        looks: list[tuple[str, Any]] = []

        def keep(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            if "SELECT" in statement:
                looks.append((statement, parameters))

        event.listen(Engine, "before_cursor_execute", keep)
        try:
            await store.find("T1", "F1")
            await store.find_content("T1", "d1")
            await store.attach(THREAD, ["F1"])
            await store.of_thread(THREAD)
            await store.load("T1", "d1")
            await store.load("T1", "d1", [1, 2])
            await store.load_passages("T1", [("d1", 1, 0), ("d1", 2, 0)])
            await store.find_postings("T1", ["d1"], ["once"])
            await store.forget_file("T1", "F1")
        finally:
            event.remove(Engine, "before_cursor_execute", keep)

        assert len(looks) > 15
        for statement, parameters in looks:
            async with database.read() as tx:
                plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [row.detail for row in plan]
            for step in steps:
                assert not re.match("SCAN (contents|documents|passages|thread_documents)", step), (
                    statement
                )
                if step.startswith("SEARCH passages"):
                    assert "team=? AND content=?" in step or "rowid=?" in step, statement


async def test_a_content_of_two_documents_goes_with_the_second(database: Database) -> None:
    store = DocumentStore(database)
    await store.save("T1", BOOK, TEXT)
    await store.save("T1", replace(BOOK, file_id="F2"), ())

    await store.forget_file("T1", "F1")
    assert await store.load("T1", "d1") == [ONCE, A_TIME, BLANK]

    await store.forget_file("T1", "F2")
    assert await count(database) == {"contents": 0, "passages": 0, "documents": 0}


async def test_a_document_shared_again_is_young_again(database: Database) -> None:
    clock = [1.0]
    store = DocumentStore(database, lambda: clock[0])
    await store.save("T1", BOOK, TEXT)
    clock[0] = 2.0
    await store.attach(THREAD, ["F1"])

    async with database.read() as tx:
        assert (await tx.execute(select(documents.c.recorded_at))).scalar() == 2.0
    async with database.write() as tx:
        await tx.execute(update(documents).values(recorded_at=0.0))
    await store.attach(THREAD, ["F1"])
    async with database.read() as tx:
        assert (await tx.execute(select(documents.c.recorded_at))).scalar() == 2.0


def test_a_passage_that_goes_while_it_is_found_is_left_out() -> None:
    """PostgreSQL and SQLite show each statement what is durable as it begins."""
    places = [(1, 7, 3, 0)]

    found = _make_postings({"d1": 7}, {"once": [1, 2]}, places)

    assert found == [Posting("once", "d1", 3, 0)]
