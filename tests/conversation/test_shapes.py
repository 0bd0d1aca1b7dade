from pathlib import Path

import pytest

from bot.conversation.messages import PageUnit
from bot.conversation.shapes import SHAPES, recognise_shape
from tests.documents.extracting import extract

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"

MINUTES = """\
Project Phoenix, weekly sync
12 March 2024, 10:00-11:00

Attendees: Anna, Bob, Chloe
Apologies: Dan

1. Budget
The overrun of EUR 12,000 was discussed. It was agreed to move the launch to May.

2. Hiring
Two candidates were interviewed.

Action items
- Anna: send the revised plan by Friday
- Bob: talk to legal
Next meeting: 19 March
"""
PROTOKOLL = """\
Protokoll der Mitgliederversammlung vom 3. Mai 2024
Anwesend: 34 Mitglieder
Tagesordnung
TOP 1 Begrüßung
TOP 2 Kassenbericht
Der Kassenbericht wird einstimmig angenommen. Beschluss: Der Beitrag steigt auf 30 Euro.
"""
PROCES_VERBAL = """\
Procès-verbal du Conseil communal
Séance du 20 juin 2023
Présents : Mme Dupont, M. Martin
Excusé : M. Durand
Ordre du jour : budget 2024
Le budget est adopté à l'unanimité. La séance est levée à 21 h.
"""
GIJIROKU = """\
第3回 プロジェクト会議 議事録
日時:2024年5月1日
出席者:佐藤、田中、鈴木
議題1 予算について
決定:来月から新システムに移行する。
次回:5月15日
"""
LEASE = """\
LEASE AGREEMENT
This lease agreement is made by and between Acme Properties Ltd (hereinafter "Landlord") and
Jane Miller (hereinafter "Tenant").
1. Premises. The Landlord lets the flat at 12 High Street.
2. Rent. The Tenant shall pay EUR 1,200 on the first day of each month.
3. Termination. Either party may terminate this agreement with a notice period of three months.
4. Governing law. This agreement is subject to the laws of Ireland.
Signed by the parties
"""
MIETVERTRAG = """\
Mietvertrag
zwischen der Wohnbau AG, nachfolgend Vermieter genannt, und Herrn Max Muster, nachfolgend Mieter
§ 1 Mietsache
§ 2 Miete. Die Miete beträgt 900 Euro.
§ 3 Kündigung. Das Mietverhältnis kann mit einer Frist von drei Monaten gekündigt werden.
Gerichtsstand ist Bremen.
"""
KEIYAKU = """\
業務委託契約書
株式会社山田(以下「甲方」という)と佐藤一郎(以下「乙方」という)は次のとおり契約する。
第1条 甲は乙に業務を委託する。
第2条 契約の解除は一か月前に通知する。
第3条 準拠法は日本法とする。
"""
REPORT = """\
Annual Report 2023
Executive summary
Revenue increased by 12% to EUR 4.5 million compared to the previous year.
Costs fell to EUR 3.1 million. The budget was kept in all quarters.
Key findings
Customers in the north buy more.
Recommendations
Open a second warehouse by the third quarter.
"""
BERICHT = """\
Jahresbericht 2023
Der Umsatz stieg um 8 Prozent gegenüber dem Vorjahr. Die Kosten sanken um 2 Prozent.
Ergebnisse
Der Norden wächst schneller.
Empfehlungen
Ein zweites Lager bis zum dritten Quartal.
"""
PAPER = """\
Sleep and memory in bees
A. Miller, B. Jones
Abstract
We investigate whether bees that sleep less forget more. In this study n = 120 bees were tested.
1 Introduction
Sleep supports memory (Walker and Stickgold, 2006; Smith et al. 2019) [3, 4].
2 Methods
Bees were kept awake for 12 hours.
3 Discussion
Our results show a clear effect (p < 0.01).
References
[1] doi:10.1000/xyz123
"""
RONBUN = """\
要旨
本研究では蜂の睡眠と記憶の関係を調べた。キーワード:睡眠、記憶
1 方法
蜂を12時間起こしておいた(n = 120)。
2 考察
本研究の結果は先行研究[3]と一致する。
参考文献
"""
PYTHON = '''\
"""Read the settings."""
import os
from pathlib import Path

class Settings:
    """What can be set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values = {}

    def load(self):
        for line in self.path.read_text().splitlines():
            key, _, value = line.partition("=")
            self.values[key] = value
        return self.values
'''
JAVASCRIPT = """\
import { app } from './app.js';
const port = process.env.PORT;
export function start(handler) {
  if (!handler) {
    throw new Error('no handler');
  }
  app.listen(port, () => {
    console.log('ready');
  });
}
"""
SQL = """\
-- Orders by month
SELECT month, count(*) AS orders
FROM orders
JOIN customers ON customers.id = orders.customer_id
WHERE year = 2024
GROUP BY month;
CREATE TABLE totals (
  month text,
  orders integer
);
"""
MAIL = """\
From: Anna Miller <anna@example.com>
To: bob@example.com
Date: Mon, 4 Mar 2024 10:12:00 +0000
Subject: Offer for the new chairs

Hi Bob,

please send me your offer by Friday. We need 40 chairs.

Best regards,
Anna
"""
MAIL_DEUTSCH = """\
Von: Max Muster <max@example.de>
An: einkauf@example.de
Betreff: Angebot

Sehr geehrte Frau Schmidt,

anbei das Angebot. Es gilt bis Ende Mai.

Mit freundlichen Grüßen
Max Muster
"""
CSV = """\
region,month,product,units,revenue
North,January,chair,12,1200
North,February,chair,15,1500
South,January,desk,3,2100
South,February,desk,4,2800
"""
ROWS = """\
Region | Month | Units | Revenue
North | January | 12 | 1200
North | February | 15 | 1500
South | January | 3 | 2100
"""
DECK = """\
Aloud
A chat bot that thinks
Why now?
- Teams drown in documents
- Nobody reads 300 pages
What we ask
- Two engineers for six months
Thank you!
"""
MANUAL = """\
Coffee Maker CM-200
User manual
Safety information
WARNING: Do not open the housing. Risk of electric shock.
Getting started
1. Remove the packaging.
2. Connect the plug to a socket.
3. Press the power button.
Troubleshooting
The pump makes no noise: check the water tank.
"""
ANLEITUNG = """\
Bedienungsanleitung Kaffeemaschine
Sicherheitshinweise
Achtung: Das Gehäuse nicht öffnen!
Hinweis: Nur mit Wasser füllen.
Wartung
Das Sieb wöchentlich reinigen.
"""
NOVEL = """\
It was late when she came home. The lamp in the hall was still burning, and somebody had put her
letters on the table. She did not open them. From the window she saw the harbour, where the last
ferry was leaving. "You are early," said her brother, who had been sitting in the dark.
He had agreed to wait, he said, because of the meeting next day; and he returned to his book.
"""
ERRANDS = """\
* buy milk
* call the plumber
* return the books
# Weekend
* hike, if the weather holds
"""


@pytest.mark.parametrize(
    ("kind", "sample"),
    [
        ("minutes", MINUTES),
        ("minutes", PROTOKOLL),
        ("minutes", PROCES_VERBAL),
        ("minutes", GIJIROKU),
        ("contract", LEASE),
        ("contract", MIETVERTRAG),
        ("contract", KEIYAKU),
        ("report", REPORT),
        ("report", BERICHT),
        ("paper", PAPER),
        ("paper", RONBUN),
        ("code", PYTHON),
        ("code", JAVASCRIPT),
        ("code", SQL),
        ("mail", MAIL),
        ("mail", MAIL_DEUTSCH),
        ("table", CSV),
        ("table", ROWS),
        ("manual", MANUAL),
        ("manual", ANLEITUNG),
        ("text", NOVEL),
        ("text", ERRANDS),
        ("text", DECK),
        ("text", ""),
    ],
    ids=lambda value: value.split("\n")[0][:25],
)
def test_the_kind_is_told_by_the_text(kind: str, sample: str) -> None:
    assert recognise_shape(sample).name == kind


@pytest.mark.parametrize(
    ("kind", "sample", "unit"),
    [
        ("presentation", DECK, "slide"),
        ("presentation", NOVEL, "slide"),
        ("minutes", f"Agenda\n{MINUTES}", "slide"),
        ("table", ROWS, "sheet"),
        ("table", "", "sheet"),
        ("table", "Revenue by region, compared to the previous year\nNorth 12", "sheet"),
        ("contract", LEASE, "section"),
        ("manual", MANUAL, "part"),
    ],
)
def test_what_the_pages_are_called_helps(kind: str, sample: str, unit: PageUnit) -> None:
    assert recognise_shape(sample, unit).name == kind


def test_signs_of_several_kinds_make_no_kind() -> None:
    assert recognise_shape(LEASE + PAPER).name == "text"


def test_a_kind_mentioned_in_passing_is_none() -> None:
    talk = (
        "We read the annual report and the minutes of the meeting. The contract was signed by us."
    )

    assert recognise_shape(talk).name == "text"


def test_every_kind_is_found_by_its_name() -> None:
    assert all(name == shape.name for name, shape in SHAPES.items())


@pytest.mark.timeout(10)
@pytest.mark.parametrize("line", ["a,b,", "x" * 50, "1 ", "- ", "# 1.1.1 ", ";", "| ", "= ", "\n"])
def test_strange_texts_are_looked_through_in_no_time(line: str) -> None:
    recognise_shape(line * (12_000 // len(line)))


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus isn't part of the project")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pdf/plumber-2023-06-20-PV.pdf", "minutes"),
        ("eml/tika-testThunderbirdEml.eml", "mail"),
        ("xls/markitdown-test.xls", "table"),
        ("pptx/anydoc-pres.pptx", "presentation"),
        ("odp/anydoc-pres.odp", "presentation"),
    ],
)
async def test_real_documents_have_their_kind(name: str, kind: str) -> None:
    path = CORPUS / name

    found = await extract(path.read_bytes(), path.name)

    sample = "\n".join(passage.text for passage in found.passages[:5])
    assert recognise_shape(sample, found.unit).name == kind
