"""Good citations hold, however they are put; plainly wrong ones don't."""

# ruff: noqa: RUF001  # the dashes, quotes and scripts that people write are what is tested

import tracemalloc
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.evidence import Evidence
from bot.documents.marks import Place


def part(text: str) -> list[str]:
    return text.strip().split("\n---\n")


REPORT = part("""
Annual Report 2023
Northwind Traders AG, Basel
Consolidated financial statements
---
Letter to the shareholders
Dear shareholders, 2023 was a demanding year for our company. Supply chains remained fragile and
energy was expensive. Our employees did outstanding work.
---
Revenue and earnings
Revenue rose to CHF 1,234.5 million (2022: CHF 1,102.4 million). Operating profit (EBIT) was CHF
148.1 million, a margin of 12.0 %. Exports made up 61.7 % of revenue.
---
Employees
At the end of the year 4,312 people worked for the group, 2,871 of them in Switzerland and 1,441
abroad. The share of women in management was 34 %.
---
Research and development
We invested CHF 88.2 million in research. In Winterthur a new laboratory for battery recycling
was opened on 14 March 2023.
---
Corporate governance
The board of directors has seven members. It met eleven times. Dr. Helen Brunner succeeded Marc
Oberson as chair of the audit committee.
---
Risk management
The main risks are currency movements, cyber attacks and the dependence on few suppliers of
semi-finished goods. Two-thirds of purchases are hedged for eighteen months.
---
Outlook
For the coming year the management expects revenue growth of three to five percent. A dividend
of CHF 4.20 per share will be proposed to the general meeting.
---
Auditor's report
We have audited the consolidated financial statements. In our opinion they give a true and fair
view. Basel, 28 February 2024. Meridian Audit SA
---
Addresses
Northwind Traders AG, Uferstrasse 90, 4057 Basel, Switzerland
""")
CONTRACT = part("""
Mietvertrag über Gewerberäume zwischen der Hafen Immobilien GmbH, Hamburg (Vermieter) und der
Kontor Software GmbH (Mieter).
---
§ 1 Mietgegenstand
Vermietet werden im 3. Obergeschoss des Hauses Kaiserkai 12 Büroräume mit einer Fläche von
412,50 m² sowie vier Stellplätze in der Tiefgarage.
---
§ 2 Mietzeit
Das Mietverhältnis beginnt am 01.04.2024 und endet am 31.03.2029. Der Mieter kann zweimal eine
Verlängerung um jeweils drei Jahre verlangen.
---
§ 3 Miete
Die monatliche Grundmiete beträgt 9.487,50 € zuzüglich Umsatzsteuer. Die
Nebenkostenvorauszahlung beträgt 1.650,00 €. Die Miete ist bis zum dritten Werktag zu zahlen.
---
§ 4 Kaution
Der Mieter leistet eine Sicherheit in Höhe von drei Monatsmieten durch Bankbürgschaft.
---
§ 5 Instandhaltung
Schönheitsreparaturen trägt der Mieter. Schäden an Dach und Fach behebt der Vermieter auf eigene
Kosten.
---
§ 6 Untervermietung
Eine Untervermietung bedarf der schriftlichen Zustimmung des Vermieters; sie darf nur aus
wichtigem Grund versagt werden.
---
§ 7 Kündigung
Bei Zahlungsverzug mit zwei Monatsmieten kann der Vermieter fristlos kündigen. Das Recht zur
ordentlichen Kündigung ist ausgeschlossen.
---
§ 8 Schlussbestimmungen
Gerichtsstand ist Hamburg. Änderungen bedürfen der Schriftform.
""")
MINUTES = part("""
取締役会議事録
日時:令和6年5月21日 午前10時
場所:本社第一会議室
---
第1号議案 決算承認の件
議長は当期の売上高が12億3,450万円、営業利益が9,870万円となったことを報告した。
---
第2号議案 新工場建設の件
広島県福山市に新工場を建設し、総投資額を45億円とすることを全員一致で承認した。
---
第3号議案 人事の件
田中一郎氏を新たに執行役員に任命することを決定した。任期は2年とする。
---
第4号議案 配当の件
一株当たり35円の期末配当を株主総会に提案する。
---
その他
次回の取締役会は7月18日に開催する。以上をもって閉会した。
""")


def gather(pages: list[str], name: str = "") -> Evidence:
    evidence = Evidence()
    for number, text in enumerate(pages, 1):
        evidence.add(name, number, text)
    return evidence


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("Revenue rose to CHF 1,234.5 million", 3),
        ("Revenue was about 1.2 billion Swiss francs", 3),
        ("Sales reached CHF 1.23 bn", 3),
        ("Revenue increased by CHF 132.1 million", 3),  # 1,234.5 - 1,102.4
        ("Revenue grew 12 % from CHF 1,102.4 million to CHF 1,234.5 million", 3),
        ("In 2023 the operating profit was CHF 148.1 million, 12 % of revenue", 3),
        ("Exports account for 62 % of sales", 3),
        ("The group had about 4,300 employees at year's end", 4),
        ("4312 people, two thirds of them (2'871) in Switzerland", 4),
        ("In total 4,312 people: 2,871 at home and 1,441 abroad", 4),
        ("34 percent of managers are women", 4),
        ("In 2023, women held 34% of management positions", 4),
        ("A battery recycling lab opened in Winterthur on 14.03.2023", 5),
        ("A battery recycling lab opened in Winterthur on 2023-03-14", 5),
        ("R&D spending: CHF 88 million", 5),
        ("The board consists of 7 directors and met 11 times", 6),
        ("Helen Brunner now chairs the audit committee; she follows Marc Oberson", 6),
        ("Hackers, exchange rates and reliance on a handful of vendors are seen as top risks", 7),
        ("Purchases are hedged for 18 months", 7),
        ("Growth of 3-5 % is expected", 8),
        ("Shareholders are to receive a dividend of 4.20 francs per share", 8),
        ("The auditors raised no objections", 9),
        ("The auditor signed off on the accounts on February 28th, 2024", 9),
        ("The letter thanks the staff for their work", 2),
        # On the page before or behind.
        ("At year end the group employed 4,312 people", 5),
        ("A dividend of CHF 4.20 is proposed", 7),
        # Nothing that could be judged.
        ("This is a key point of the document", 8),
        ("See page 97 for more", 8),
        ("3. Step", 8),
        ("At 14:30 on the 3rd day", 8),
    ],
)
def test_a_right_citation_holds(claim: str, page: int) -> None:
    assert gather(REPORT).supports(claim, Place("", page))


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("Revenue rose to CHF 1,432.5 million", 3),
        ("Revenue was about 1.8 billion francs", 3),
        ("Exports account for 71 % of sales", 3),
        ("Revenue increased by CHF 145.7 million", 3),
        ("The group had 4,132 employees", 4),
        ("A battery recycling lab opened in Winterthur in 2021", 5),
        ("A battery recycling lab opened in Winterthur on 17 March", 5),
        ("A dividend of CHF 4.50 is proposed", 8),
        ("Purchases are hedged for 24 months", 7),
        # The right words of another page.
        ("Revenue rose to CHF 1,234.5 million", 8),
        ("34 percent of managers are women", 10),
        ("Helen Brunner succeeded Marc Oberson as chair of the audit committee", 2),
        ("The main risks are currency movements, cyber attacks and few suppliers", 3),
        ("Supply chains were fragile and energy expensive", 9),
        ("A laboratory for battery recycling was opened in Winterthur", 1),
        ("Anything at all", 700),
    ],
)
def test_a_wrong_citation_does_not_hold(claim: str, page: int) -> None:
    assert not gather(REPORT).supports(claim, Place("", page))


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("Die monatliche Grundmiete beträgt 9.487,50 Euro", 4),
        ("Grundmiete: rund 9.500 € im Monat, dazu 1.650 € Nebenkosten", 4),
        ("Zusammen sind monatlich 11.137,50 € zu zahlen", 4),
        ("Der Vertrag läuft vom 1. April 2024 bis zum 31. März 2029", 3),
        ("Die Laufzeit beträgt 5 Jahre; der Mieter darf zweimal um 3 Jahre verlängern", 3),
        ("Gemietet werden 412,5 m² Bürofläche und 4 Parkplätze", 2),
        ("Für Reparaturen am Dach kommt der Vermieter auf", 6),
        ("Wer untervermieten will, braucht eine schriftliche Erlaubnis", 7),
        ("Eine ordentliche Kündigung ist nicht möglich", 8),
        # In another language than the document.
        ("The tenant pays a base rent of €9,487.50 a month", 4),
        ("The lease runs from 1 April 2024 until 31 March 2029", 3),
        ("The landlord is Hafen Immobilien GmbH of Hamburg", 1),
        ("Subletting needs the landlord's written consent", 7),
        ("家賃は月額9,487.50ユーロ", 4),
    ],
)
def test_it_holds_in_german_and_of_a_german_document(claim: str, page: int) -> None:
    assert gather(CONTRACT).supports(claim, Place("", page))


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("Die monatliche Grundmiete beträgt 9.847,50 Euro", 4),
        ("Der Vertrag endet am 31. März 2034", 3),
        ("Schönheitsreparaturen trägt der Mieter, Schäden an Dach und Fach der Vermieter", 3),
        ("Das Recht zur ordentlichen Kündigung ist ausgeschlossen", 4),
        ("The tenant pays a base rent of €8,900 a month", 4),
        ("The tenant pays a base rent of €9,487.50 a month", 8),
        ("The landlord is Hafen Immobilien GmbH, the tenant Kontor Software GmbH", 6),
    ],
)
def test_it_does_not_hold_of_a_german_document(claim: str, page: int) -> None:
    assert not gather(CONTRACT).supports(claim, Place("", page))


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("売上高は12億3,450万円、営業利益は9,870万円であった", 2),
        ("福山市に45億円を投じて工場を新設する", 3),
        ("田中一郎氏が執行役員に就任する(任期2年)", 4),
        ("期末配当は1株35円", 5),
        ("会議は2024年5月21日に開かれた", 1),
        ("The board met on 21 May 2024", 1),
        ("A plant is to be built for 4.5 billion yen", 3),
        ("The dividend is ¥35 a share", 5),
    ],
)
def test_it_holds_of_a_japanese_document(claim: str, page: int) -> None:
    assert gather(MINUTES).supports(claim, Place("", page))


@pytest.mark.parametrize(
    ("claim", "page"),
    [
        ("福山市に54億円を投じて工場を新設する", 3),
        ("広島県福山市に新工場を建設することを承認した", 6),
        ("田中一郎氏を新たに執行役員に任命する", 1),
        ("The dividend is ¥53 a share", 5),
        ("会議は2021年5月21日に開かれた", 1),
    ],
)
def test_it_does_not_hold_of_a_japanese_document(claim: str, page: int) -> None:
    assert not gather(MINUTES).supports(claim, Place("", page))


def test_several_pages_together_hold_a_claim() -> None:
    evidence = gather(REPORT)
    claim = "Revenue was CHF 1,234.5 million, and a dividend of CHF 4.20 is proposed"
    assert evidence.supports(claim, Place("", 3), Place("", 8))
    assert not evidence.supports(claim, Place("", 3))


def test_pages_are_told_apart_by_their_documents() -> None:
    evidence = Evidence()
    for name, figure in (("q3.pdf", "1,250"), ("q4.pdf", "1,980")):
        evidence.add(name, 1, f"In this quarter {figure} units were sold.")
    assert evidence.supports("1,980 units were sold", Place("q4.pdf", 1))
    assert not evidence.supports("1,980 units were sold", Place("q3.pdf", 1))


def test_the_pieces_of_a_page_belong_together() -> None:
    evidence = Evidence()
    evidence.add("", 1, "The harbour was dredged in")
    evidence.add("", 1, "1987 by Dutch engineers.")
    assert evidence.supports("Dutch engineers dredged the harbour in 1987", Place("", 1))
    assert evidence.holds_quote("dredged in 1987 by Dutch", Place("", 1))


def test_a_claim_on_the_same_sheet_of_figures_is_judged_by_them() -> None:
    rows = "\n".join(f"Region {n} | {n * 1_117} | {n * 2_503}" for n in range(1, 40))
    evidence = gather(["Sales by region\n" + rows])
    assert evidence.supports("Region 17 sold 18,989 units", Place("", 1))
    assert not evidence.supports("Region 17 sold 18,899 units", Place("", 1))


QUOTED = [
    "The quick brown fox\njumps over the lazy dog, and the infor-\nmation was “con\ufb01dential”.",
    "Its price — 1.5 million — was ‘fair’; nobody\u00a0disagreed. The sentence goes on and",
    "on over the border of the page. The quick brown fox is here. 東京都\n千代田区に本社。",
]


@pytest.mark.parametrize(
    "quote",
    [
        "The quick brown fox jumps over the lazy dog",
        "THE QUICK BROWN FOX JUMPS",
        'the information was "confidential"',
        "the infor-mation was",
        "Its price - 1.5 million - was 'fair'",
        "nobody disagreed",
        "The quick … lazy dog … confidential",
        "The quick [brown] fox jumps ... lazy dog",
        "goes on and on over the border",
        "東京都千代田区に本社",
    ],
)
def test_a_quote_is_found_however_it_was_set(quote: str) -> None:
    assert gather(QUOTED).holds_quote(quote, Place("", 2))


@pytest.mark.parametrize(
    "quote",
    [
        "the quick red fox jumps over",
        "lazy dog … the quick brown fox jumps",
        "Its price - 15 million - was fair",
        "fox",
        "",
        "…",
    ],
)
def test_what_does_not_stand_there_is_no_quote(quote: str) -> None:
    assert not gather(QUOTED[:2]).holds_quote(quote, Place("", 2))


def test_a_quote_is_looked_for_next_to_the_page_but_not_farther() -> None:
    evidence = gather([*QUOTED, "", ""])
    assert evidence.holds_quote("jumps over the lazy dog", Place("", 2))
    assert not evidence.holds_quote("jumps over the lazy dog", Place("", 3))
    assert evidence.holds_quote("jumps over the lazy dog", Place("", 5), Place("", 1))


def test_a_quote_is_found_on_the_only_page_that_has_it() -> None:
    evidence = gather(QUOTED)
    assert evidence.find_quote("jumps over the lazy dog") == Place("", 1)
    assert evidence.find_quote("The quick brown fox") is None
    assert evidence.find_quote("nowhere to be seen") is None
    assert evidence.find_quote("fox") is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_anything_can_be_judged(page: str, claim: str) -> None:
    evidence = gather([page, "Another page with 12 words and 1,234.50 of something"])
    evidence.supports(claim, Place("", 1))
    evidence.holds_quote(claim, Place("", 1))
    evidence.find_quote(claim)


@given(st.text(alphabet="0123456789.,' -/:%€万kmio年", max_size=60))
def test_numbers_stand_where_they_were_read(text: str) -> None:
    assert gather([text]).supports(text, Place("", 1))


def test_many_pages_take_little_memory() -> None:
    syllables = ["ban", "cor", "dem", "fil", "gus", "hav", "jol", "kip", "lar", "mos"]
    words = ["".join(three) for three in product(syllables, repeat=3)]
    pages = [
        " ".join(words[(page * 131 + at * at) % len(words)] for at in range(300))
        + f" {page * 1_003:,} units in {1950 + page % 70}."
        for page in range(250)
    ]
    tracemalloc.start()
    evidence = gather(pages)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 30_000_000 / 4
    assert evidence.supports(f"{200 * 1_003:,} units", Place("", 201))
    assert not evidence.supports(f"{200 * 1_003 + 11:,} units", Place("", 201))


def test_a_section_that_is_named_is_no_number_that_is_claimed() -> None:
    text = "Conrey characters are available, see Section 3.8.3 here."
    evidence = Evidence()
    evidence.add("users.pdf", 178, text)
    evidence.add("users.pdf", 300, "Nothing of that kind.")

    assert evidence.supports(text, Place("users.pdf", 178))
