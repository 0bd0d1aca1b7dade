import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import Passage
from bot.conversation.scopes import Scope, find_scope, label_pages, resolve_scope

REPORT = {
    1: "Preface",
    2: "1 Introduction",
    3: "2 Methods",
    4: "2.1 Sample",
    5: "2.2 Measures",
    6: "3 Results",
    7: "3.1 Main results",
    8: "A remark",
    9: "4. Discussion",
    10: "References",
}
NOVEL = {1: "", 2: "Chapter 1: Home", 3: "1", 4: "2", 5: "Chapter 2: Away", 6: "Appendix A. Maps"}


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("summarize pages 10–20", [(10, 20)]),  # noqa: RUF001  # people write the dash
        ("pages 10-20", [(10, 20)]),
        ("pages 10 - 20 please", [(10, 20)]),
        ("pages 20 to 10", [(10, 20)]),
        ("page 3", [(3, 3)]),
        ("Page 3?", [(3, 3)]),
        ("p. 3-5 and 9", [(3, 5), (9, 9)]),
        ("p.3", [(3, 3)]),
        ("pp. 3, 5, 7-9", [(3, 3), (5, 5), (7, 9)]),
        ("pages 3, 5 and 7", [(3, 3), (5, 5), (7, 7)]),
        ("page 3 and page 8", [(3, 3), (8, 8)]),
        ("from page 3 to page 5", [(3, 5)]),
        ("pages 3 through 5", [(3, 5)]),
        ("from page 12 on", [(12, -1)]),
        ("page 12 onwards", [(12, -1)]),
        ("everything up to page 8", [(1, 8)]),
        ("the first 10 pages", [(1, 10)]),
        ("the first three pages", [(1, 3)]),
        ("only the first page", [(1, 1)]),
        ("what does the last page say", [(-1, -1)]),
        ("the last 5 pages", [(-5, -1)]),
        ("slide 4", [(4, 4)]),
        ("slides 4 & 6", [(4, 4), (6, 6)]),
        ("S. 10 bis 20", [(10, 20)]),
        ("Seiten 1-3", [(1, 3)]),
        ("bitte nur Seite 7", [(7, 7)]),
        ("die Seiten 3 bis 5 und 9", [(3, 5), (9, 9)]),
        ("ab Seite 30", [(30, -1)]),
        ("bis Seite 12", [(1, 12)]),
        ("die ersten zehn Seiten", [(1, 10)]),
        ("die letzten 2 Seiten", [(-2, -1)]),
        ("Folie 3", [(3, 3)]),
        ("pages 10 à 20", [(10, 20)]),
        ("de la page 3 à la page 5", [(3, 5)]),
        ("à partir de la page 40", [(40, -1)]),
        ("les 10 premières pages", [(1, 10)]),
        ("la dernière page", [(-1, -1)]),
        ("páginas 3 a 5", [(3, 5)]),
        ("de la página 3 a la 5", [(3, 5)]),
        ("las primeras 3 páginas", [(1, 3)]),
        ("pagine 3 e 4", [(3, 3), (4, 4)]),
        ("le ultime 3 pagine", [(-3, -1)]),
        ("da pagina 3 a pagina 7", [(3, 7)]),
        ("páginas 3 até 7", [(3, 7)]),
        ("pagina 3 t/m 7", [(3, 7)]),
        ("pagina's 3 tot en met 7", [(3, 7)]),
        ("blz. 3", [(3, 3)]),
        ("3ページを要約して", [(3, 3)]),
        ("3〜5ページ", [(3, 5)]),
        ("３ページから５ページまで", [(3, 5)]),
        ("3から5ページまで", [(3, 5)]),
        ("最初の3ページ", [(1, 3)]),
        ("スライド4", [(4, 4)]),
        ("第3页", [(3, 3)]),
        ("第三页", [(3, 3)]),
        ("第3页到第5页", [(3, 5)]),
        ("10-20页", [(10, 20)]),
        ("前10页", [(1, 10)]),
        ("3페이지", [(3, 3)]),
        ("10-20쪽", [(10, 20)]),
        ("슬라이드 4", [(4, 4)]),
    ],
)
def test_pages_are_found(text: str, pages: list[tuple[int, int]]) -> None:
    assert find_scope(text)[0] == Scope(tuple(pages))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("only chapter 4", ["chapter 4"]),
        ("Chapter 4, please", ["chapter 4"]),
        ("chapter four", ["chapter 4"]),
        ("chapters 2 and 3", ["chapter 2", "chapter 3"]),
        ("chapters 2-4", ["chapter 2", "chapter 3", "chapter 4"]),
        ("ch. 4", ["chapter 4"]),
        ("chapter IV", ["chapter IV"]),
        ("section 2.1", ["section 2.1"]),
        ("sections 2.1 and 2.3", ["section 2.1", "section 2.3"]),
        ("what does clause 7.2 say?", ["section 7.2"]),
        ("§ 4", ["section 4"]),
        ("Article 5", ["section 5"]),
        ('section "Scope"', ["section Scope"]),
        ("section “Risk factors”", ["section Risk factors"]),
        ("section Scope", ["section Scope"]),
        ("the Scope section", ["section Scope"]),
        ('the "Risk factors" section', ["section Risk factors"]),
        ('sheet "Q3"', ["sheet Q3"]),
        ("sheet Q3", ["sheet Q3"]),
        ("the Q3 sheet", ["sheet Q3"]),
        ("tab 2", ["sheet 2"]),
        ("appendix A", ["appendix A"]),
        ("part 2", ["part 2"]),
        ("nur Kapitel 4", ["chapter 4"]),
        ("Kapitel 2 bis 4", ["chapter 2", "chapter 3", "chapter 4"]),
        ("Abschnitt 2.1", ["section 2.1"]),
        ("Anhang B", ["appendix B"]),
        ("Blatt „Umsatz 2024“", ["sheet Umsatz 2024"]),
        ("chapitre 4", ["chapter 4"]),
        ("l'onglet « Ventes »", ["sheet Ventes"]),
        ("capítulo 4", ["chapter 4"]),
        ("sección 2.1", ["section 2.1"]),
        ("capitolo 4", ["chapter 4"]),
        ("hoofdstuk 4", ["chapter 4"]),
        ("第4章", ["chapter 4"]),
        ("第四章を要約", ["chapter 4"]),
        ("第十二章", ["chapter 12"]),
        ("第2节", ["section 2"]),
        ("シート「売上」", ["sheet 売上"]),
        ("제4장", ["chapter 4"]),
    ],
)
def test_named_parts_are_found(text: str, labels: list[str]) -> None:
    assert find_scope(text)[0] == Scope(labels=tuple(labels))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "summarize this",
        "summarize it in 3 pages",
        "it has 300 pages",
        "a 10-page summary",
        "in 3 bullets",
        "the U.S. 10 years ago",
        "version 2.1",
        "the summary of the meeting on 3 May",
        "which section is about risk?",
        "summarize the sheet please",
        "what part of it matters?",
        "page through it",
        "section by section",
        "5 % of the pages",
        "3ページで要約して",
        "这份10页的文档",
        "3페이지로 요약해줘",
        "a party of 5",
    ],
)
def test_other_numbers_and_words_name_nothing(text: str) -> None:
    assert find_scope(text) == (Scope(), text)


def test_what_names_the_scope_is_taken_out_of_the_text() -> None:
    scope, rest = find_scope('Compare pages 3-5 of chapter 2 with sheet "Q3".')

    assert scope == Scope(((3, 5),), ("chapter 2", "sheet Q3"))
    assert rest.split() == ["Compare", "of", "with", "."]


@given(st.text("page s.3-5 chapterQ\"'§第页123,und", max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    scope, _ = find_scope(text)

    pages = resolve_scope(scope, REPORT, 10)
    assert pages is None or pages <= set(range(1, 11))


@pytest.mark.parametrize(
    ("scope", "pages"),
    [
        (Scope(), None),
        (Scope(((2, 4),)), frozenset({2, 3, 4})),
        (Scope(((8, 99_999),)), frozenset({8, 9, 10})),
        (Scope(((11, 12),)), frozenset()),
        (Scope(((0, 0),)), frozenset()),
        (Scope(((-2, -1),)), frozenset({9, 10})),
        (Scope(((-50, -1),)), frozenset(range(1, 11))),
        (Scope(((9, -1), (1, 1))), frozenset({1, 9, 10})),
        (Scope(labels=("chapter 1",)), frozenset({2})),
        (Scope(labels=("chapter 2",)), frozenset({3, 4, 5})),
        (Scope(labels=("section 2.1",)), frozenset({4})),
        (Scope(labels=("chapter 3",)), frozenset({6, 7, 8})),
        (Scope(labels=("chapter III",)), frozenset({6, 7, 8})),
        (Scope(labels=("chapter 4",)), frozenset({9})),
        (Scope(labels=("chapter 5",)), frozenset()),
        (Scope(labels=("section Methods",)), frozenset({3, 4, 5})),
        (Scope(labels=("section methods",)), frozenset({3, 4, 5})),
        (Scope(labels=("section preface",)), frozenset({1})),
        (Scope(labels=("section Nothing",)), frozenset()),
        (Scope(((1, 1),), ("chapter 4",)), frozenset({1, 9})),
        (Scope(labels=("chapter 1", "chapter 4")), frozenset({2, 9})),
    ],
)
def test_a_scope_becomes_the_pages_of_a_document(
    scope: Scope, pages: frozenset[int] | None
) -> None:
    assert resolve_scope(scope, REPORT, 10) == pages


@pytest.mark.parametrize(
    ("label", "pages"),
    [
        ("chapter 1", frozenset({2, 3, 4})),
        ("chapter 2", frozenset({5})),
        ("section 2", frozenset({4})),
        ("appendix A", frozenset({6})),
        ("chapter A", frozenset()),
        ("chapter Away", frozenset({5})),
        ("chapter 3", frozenset()),
    ],
)
def test_chapters_with_sections_counted_anew(label: str, pages: frozenset[int]) -> None:
    assert resolve_scope(Scope(labels=(label,)), NOVEL, 6) == pages


@pytest.mark.parametrize(
    ("labels", "wanted", "pages"),
    [
        ({1: "Kapitel 1", 2: "Kapitel 2", 3: "Anhang"}, "chapter 2", frozenset({2})),
        ({1: "I. Intro", 2: "II. Main", 3: "III. End"}, "chapter 2", frozenset({2})),
        ({1: "§ 1 Gegenstand", 2: "§ 2 Kündigung"}, "section 2", frozenset({2})),
        ({1: "第一章 はじめに", 2: "第二章 方法"}, "chapter 2", frozenset({2})),
        ({1: "제1장", 2: "제2장"}, "chapter 2", frozenset({2})),
        ({1: "Article 1 – Term", 2: "Article 2 – Price"}, "section 2", frozenset({2})),  # noqa: RUF001  # a dash in a heading
        ({1: "1.1 One", 2: "1.2 Two", 3: "1.2.1 Deep", 4: "1.3"}, "section 1.2", frozenset({2, 3})),
        ({1: "4 horses", 2: "Forty"}, "chapter 40", frozenset()),
        ({1: "I think so", 2: "A tale"}, "chapter 1", frozenset()),
    ],
)
def test_headings_of_many_kinds_are_numbered(
    labels: dict[int, str], wanted: str, pages: frozenset[int]
) -> None:
    assert resolve_scope(Scope(labels=(wanted,)), labels, len(labels)) == pages


def test_chapters_of_a_text_without_numbers_are_counted() -> None:
    def find(label: str, labels: dict[int, str]) -> frozenset[int] | None:
        return resolve_scope(Scope(labels=(label,)), labels, len(labels), "section")

    plain = {1: "Scope", 2: "Terms", 3: "Notice"}
    assert find("chapter 2", plain) == frozenset({2})
    assert find("chapter 4", plain) == frozenset()
    assert find("chapter 3", {1: "Preface", 2: "1 Scope", 3: "2 Terms"}) == frozenset()


def test_sheets_go_by_name_and_then_by_number() -> None:
    sheets = {1: "Overview", 2: "2024", 3: "1"}

    def find(label: str) -> frozenset[int] | None:
        return resolve_scope(Scope(labels=(label,)), sheets, 3, "sheet")

    assert find("sheet 2024") == frozenset({2})
    assert find("sheet overview") == frozenset({1})
    assert find("sheet 1") == frozenset({3})
    assert find("sheet 2") == frozenset({2})
    assert find("sheet 9") == frozenset()
    assert resolve_scope(Scope(labels=("part 2",)), {}, 3, "part") == frozenset({2})
    assert resolve_scope(Scope(labels=("part 2",)), {}, 3, "page") == frozenset()


def test_labels_are_the_names_of_pages() -> None:
    passages = [Passage(1, "text", "Scope"), Passage(1, "more", "Scope", 1), Passage(2, "", "Term")]

    assert label_pages(passages) == {1: "Scope", 2: "Term"}


def test_numbered_headings_stand_in_for_labels() -> None:
    pages = [
        "Contents\n1 Introduction ........ 2\n2 Results ...... 3\nChapter 3 Summary 5",
        "1 Introduction\nWe ask:\n1. Who did it?\n2. Why\n1.1 Earlier work\nMuch was done.",
        "It went on.\n2 Results\n2.1 Figures\nThe figures rose.",
        "Still figures.",
        "Chapter 3\nThe end.",
    ]
    labels = label_pages([Passage(at, text) for at, text in enumerate(pages, 1)])

    def find(chapter: int) -> frozenset[int] | None:
        return resolve_scope(Scope(labels=(f"chapter {chapter}",)), labels, 5)

    assert labels == {
        2: "\n1.1 Earlier work",
        3: "\n2 Results\n2.1 Figures",
        5: "Chapter 3",
    }
    assert find(1) == frozenset({2, 3})
    assert find(2) == frozenset({3, 4})
    assert find(3) == frozenset({5})
    assert find(4) == frozenset()
