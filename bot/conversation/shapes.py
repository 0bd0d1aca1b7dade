"""What kind of text a document is, and what a summary of that kind has. Pure.

The kind is told by the text, never by the file's ending: minutes come as PDF, as a slide, as mail.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from bot.conversation.messages import PageUnit
from bot.conversation.wordings import any_of, any_word

Kind = Literal[
    "minutes",
    "contract",
    "report",
    "paper",
    "code",
    "mail",
    "table",
    "presentation",
    "manual",
    "text",
]

_ENOUGH: Final = 4.0
"""What the cues of a kind must weigh; less says too little."""

_AHEAD: Final = 1.2
"""So many times what those of the next kind weigh."""

_REPEATED: Final = (0.0, 1.0, 1.3, 1.5)
"""What a cue weighs that is there so often: a word that a text repeats is still one cue."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of document.

    Attributes:
        name: Plain word for the kind; "text" when unsure.
        outline: What a summary of that kind has, a line each, in the words of a prompt.
    """

    name: Kind
    outline: tuple[str, ...]


SHAPES: Final = {
    shape.name: shape
    for shape in (
        Shape(
            "minutes",
            (
                "Which meeting it was, when, and who took part.",
                "Decisions.",
                "Action items: who does what by when.",
                "Open questions.",
            ),
        ),
        Shape(
            "contract",
            (
                "The parties and what the contract is about.",
                "Term, renewal and termination, with their dates and notice periods.",
                "Money: prices, payment, penalties.",
                "What each party must do.",
                "Risks and unusual clauses: liability, exclusivity, governing law.",
            ),
        ),
        Shape(
            "report",
            (
                "What was looked at, by whom and for which period.",
                "Findings, the most important first.",
                "The figures and dates behind them.",
                "Recommendations and next steps.",
            ),
        ),
        Shape(
            "paper",
            (
                "The question it asks.",
                "The method and the data.",
                "Findings with their figures.",
                "Limits that the authors name, and what they conclude.",
            ),
        ),
        Shape(
            "code",
            (
                "What the code is for.",
                "Its main parts and how they work together.",
                "Where to start reading or calling it.",
                "Notable risks: secrets, missing checks, errors that go unseen.",
            ),
        ),
        Shape(
            "mail",
            (
                "Who wants what from whom, and by when.",
                "What was agreed, and what is still open.",
                "Dates, figures and attachments that matter.",
            ),
        ),
        Shape(
            "table",
            (
                "What one row is, how many there are, and the time or area they cover.",
                "The columns that matter.",
                "Totals, highest and lowest values, as the profile gives them; compute nothing.",
                "What stands out: gaps, outliers, trends.",
            ),
        ),
        Shape(
            "presentation",
            (
                "The message in one sentence.",
                "The main points, in the order of the slides that belong together.",
                "Figures worth knowing.",
                "What it asks of its audience.",
            ),
        ),
        Shape(
            "manual",
            (
                "What it is for and whom it addresses.",
                "How it is organised.",
                "The main procedures, each in a few words.",
                "Warnings and requirements.",
            ),
        ),
        Shape(
            "text",
            (
                "The key points, the most important first.",
                "Figures, dates and names worth knowing.",
                "Decisions and open questions, if there are any.",
            ),
        ),
    )
}


_COLON: Final = "[:\uff1a]"


def _cue(weight: float, *patterns: str) -> tuple[float, re.Pattern[str]]:
    return weight, re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE)


def _heading(words: str) -> str:
    """Match a line that begins with these words and has little more; it may be numbered."""
    return rf"^[#* \t]*(?:\(?[\dIVX]+[.)]?[\d.]*\s+)?{any_of(words)}(?!\w)[^\n.]{{0,40}}$"


def _field(words: str) -> str:
    """Match a line that begins with these words and a colon, or has nothing else."""
    return rf"^[#*> \t-]*{any_of(words)}[^\n:]{{0,20}}(?:{_COLON}|$)"


_SENDER: Final = "from | von | de | da | van | 差出人 | 发件人 | 보낸사람"
_SUBJECT: Final = (
    "subject | betreff | objet | asunto | oggetto | assunto | onderwerp | 件名 | 主题 | 主旨 | 제목"
)

_CUES: Final[dict[Kind, tuple[tuple[float, re.Pattern[str]], ...]]] = {
    "minutes": (
        _cue(
            3,
            any_word("""
                minutes of | meeting minutes | protokoll de[rs] | (?:sitzungs|ergebnis)protokoll
                procès[- ]verbal | compte[- ]rendu | acta de (?:la )?(?:reunión|sesión)
                verbale d[ie] | ata d[ae] reunião | notulen
            """),
            any_of("議事録 | 会议纪要 | 會議紀錄 | 회의록"),
        ),
        _cue(
            2,
            _field("""
                attendees | present | participants | apologies | absent | in attendance
                anwesend(?:e|heit)? | teilnehmer(?:innen)? | teilnehmende | entschuldigt
                présents? | absents? | excusés? | étaient présents | asistentes | presenti
                presentes
                aanwezig | 出席者? | 参加者 | 欠席 | 与会(?:人员|者) | 出席人员 | 참석자?
            """),
        ),
        _cue(
            2,
            _field("""
                action items? | actions | to-?dos? | aufgaben | maßnahmen | points d'action
                acciones
                azioni | actiepunten | 宿題 | アクション | 待办(?:事项)? | 行动项 | 할 일
            """),
        ),
        _cue(
            1.5,
            any_word("""
                agenda | tagesordnung | top \\d | ordre du jour | orden del día | ordine del giorno
                ordem do dia
            """),
            any_of("議題 | 议程 | 안건"),
        ),
        _cue(
            1.5,
            any_word("""
                resolved | decided | agreed | approved | unanimously | beschlossen | beschluss
                einstimmig | décidé | adoptée? | l'unanimité | se acuerda | aprobad[oa] | deliberato
                besloten
            """),
            any_of("決定 | 决议 | 决定 | 결정"),
        ),
        _cue(
            1,
            any_word("""
                next meeting | nächste sitzung | nächster termin | prochaine (?:réunion|séance)
                próxima reunión | prossima riunione | meeting (?:opened|closed|adjourned)
                chair(?:ed|person)? | la séance est (?:ouverte|levée)
            """),
            any_of("次回 | 下次会议 | 다음 회의"),
        ),
    ),
    "contract": (
        _cue(
            3,
            any_word("""
                this (?:\\w+ ){0,3}(?:agreement|contract|lease) | hereinafter | nachfolgend
                im folgenden | ci-après | en adelante | di seguito | doravante | hierna
            """),
            any_of('以下「 | 以下简称 | 甲方 | 乙方 | 이하 ?["‘“]'),  # noqa: RUF001  # quotes
            r"[(\uff08]甲[)\uff09]",
        ),
        _cue(
            2,
            any_word("""
                the parties | by and between | vertragspar(?:teien|tner) | die parteien
                les parties
                las partes | le parti | as partes | de partijen | less(?:or|ee) | licens(?:or|ee)
                landlord | tenant | supplier | auftrag(?:geber|nehmer) | (?:ver)?mieter | bailleur
                arrendador | locatore | locador | verhuurder
            """),
            any_of("当事者 | 双方 | 당사자"),
        ),
        _cue(
            2,
            any_word("""
                governing law | gerichtsstand | anwendbares recht | droit applicable | ley aplicable
                legge applicabile | foro competente | force majeure | höhere gewalt | indemnif\\w+
                severability | salvatorische klausel | entire agreement | jurisdiction
            """),
            any_of("準拠法 | 管轄 | 不可抗力 | 준거법"),
        ),
        _cue(
            1.5,
            any_word("""
                terminat(?:e|ion) | notice period | kündig\\w* | résiliation | rescisión | recesso
                rescisão | opzegg(?:ing|en)
            """),
            any_of("解除 | 解約 | 终止 | 해지"),
        ),
        _cue(
            1,
            any_word("shall (?:not|be|have|pay) | verpflichtet sich | s'engage à | se obliga a"),
            r"^[^\w\n]{0,9}(?:§ ?\d+|(?:article|artikel|artículo|articolo|clause) \d+)",
            r"^第\s?[\d一二三四五六七八九十]+条",
        ),
        _cue(
            1.5,
            any_word("in witness whereof | signed by | unterschrift(?:en)? | fait à | signatures?"),
            any_of("署名 | 签字 | 記名押印 | 서명"),
        ),
    ),
    "report": (
        _cue(
            2.5,
            any_word("""
                (?:annual|quarterly|monthly|weekly|status|progress|interim|audit|incident) report
                (?:financial|final|inspection|test|research) report
                (?:jahres|quartals|monats|lage|prüf|status|zwischen|abschluss)bericht
                rapport (?:annuel|trimestriel|d'activité|d'audit) | informe (?:anual|trimestral|de)
                relazione (?:annuale|sulla) | relatório | jaarverslag
            """),
            any_of("報告書 | 报告 | 보고서"),
        ),
        _cue(
            2,
            any_word("""
                executive summary | management summary | key findings | synthèse des résultats
                resumen ejecutivo | sommario esecutivo | sumário executivo
            """),
            any_of("調査結果 | 主な結果 | 主要发现"),
        ),
        _cue(
            2,
            _heading("""
                recommendations? | findings | next steps | (?:handlungs)?empfehlungen | ergebnisse
                recommandations? | constats | recomendaciones | conclusiones | raccomandazioni
                recomendações | aanbevelingen | 提言 | 建议
            """),
        ),
        _cue(
            1.5,
            any_word("""
                compared (?:to|with) (?:the )?(?:previous|last|prior) | year[- ]on[- ]year | yoy
                (?:im vergleich zum|gegenüber dem) vorjahr | par rapport à \\d{4} | respecto al año
            """),
            any_of("前年(?:比|同期) | 同比 | 전년"),
        ),
        _cue(
            1,
            any_word("""
                (?:increased|decreased|rose|fell|grew|dropped) (?:by|from|to)
                (?:stieg|stiegen|sank|sanken) (?:um|auf) | augmenté de | baissé de | aumentó
                disminuyó
            """),
            any_of("増加 | 減少 | 增长 | 下降 | 증가 | 감소"),
        ),
        _cue(
            1,
            any_word("""
                reporting period | berichtszeitraum | revenue | turnover | umsatz | budget
                root cause
                chiffre d'affaires | scope of the (?:audit|review) | quarter
            """),
            any_of("売上 | 营收 | 매출"),
        ),
    ),
    "paper": (
        _cue(3, _heading("abstract | 要旨 | 摘要 | 초록")),
        _cue(
            2,
            r"\bet al\.|\bdoi:|\barxiv:|\b10\.\d{4,9}/\S+|\[\d+(?:, ?\d+)*\]",
            r"\(\w+(?: (?:and|&) \w+)?,? (?:19|20)\d\d\)",
        ),
        _cue(
            2,
            _heading("""
                references | bibliography | literatur(?:verzeichnis)? | références | referencias
                bibliografia | 参考文献 | 참고문헌
            """),
        ),
        _cue(
            1.5,
            _heading("""
                (?:materials and )?methods? | methodology | related work | experiments | methodik
                méthodes? | metodología | discussion | diskussion | 方法 | 考察 | 讨论 | 방법
            """),
        ),
        _cue(
            2,
            any_word("""
                we (?:propose|present|show|find|investigate|hypothesi[sz]e|evaluate|report)
                our (?:results|experiments|method) | state of the art
                in this (?:paper|study|article|work) | in dieser (?:arbeit|studie)
                dans cet article | en este (?:artículo|trabajo)
            """),
            any_of("本研究 | 本論文 | 本文 | 본 연구"),
        ),
        _cue(
            1.5,
            r"\bp ?[<=] ?0?\.\d+|\bn ?= ?\d+|\b95 ?% (?:ci|confidence)",
            any_of("keywords?: | index terms | schlüsselwörter | mots-clés | キーワード | 关键词"),
        ),
    ),
    "mail": (
        _cue(3, rf"\A\W*{any_of(f'{_SENDER} | date | sent | {_SUBJECT}')}\s*{_COLON}"),
        _cue(2, rf"^[^\w\n]{{0,9}}{any_of(_SENDER)}\s*{_COLON} ?\S.*(?:@|<)"),
        _cue(2, rf"^[^\w\n]{{0,9}}{any_of(_SUBJECT)}\s*{_COLON}"),
        _cue(
            1,
            r"^[^\w\n]{0,9}(?:hi|hello|dear|hallo|lieber?|sehr geehrter?|bonjour|chère?|hola|"
            r"estimad[oa]|ciao|gentile|olá|prezad[oa]|beste)\b[^\n]{0,50}[,!]?$",
            any_of("お世話になって | 您好 | 안녕하세요"),
        ),
        _cue(
            1.5,
            any_word("""
                (?:best|kind|warm) regards | sincerely | (?:mit freundlichen|viele|beste) grüße[n]?
                cordialement | bien à vous | saludos | atentamente | cordiali saluti
                atenciosamente | met vriendelijke groet
            """),
            any_of("よろしくお願い | 此致 | 감사합니다"),
        ),
        _cue(
            1,
            r"^>|\b(?:wrote|a écrit) ?:$|\bschrieb .*:$",
            r"-{3,} ?(?:original message|forwarded|weitergeleitet)",
        ),
    ),
    "presentation": (
        _cue(
            1,
            _heading("""
                agenda | outline | thank you | thanks | questions\\?? | q ?& ?a | vielen dank
                danke
                fragen\\?? | merci | gracias | grazie | obrigado | ご清聴 | 谢谢 | 감사합니다
            """),
        ),
        _cue(1, r"^[ \t]*(?:slide|folie|diapositive|スライド) \d+", r"^[ \t]*(?:speaker )?notes?:"),
    ),
    "manual": (
        _cue(
            3,
            any_word("""
                user(?:'s)? (?:guide|manual) | (?:owner's|reference|instruction) manual
                administrator(?:'s)? guide
                (?:installation|operating|assembly|setup) (?:guide|manual|instructions)
                bedienungsanleitung | benutzerhandbuch | gebrauchsanweisung | betriebsanleitung
                mode d'emploi | guide d'utilisation | manual de (?:usuario|instrucciones)
                manuale d'uso | manual do usuário | handleiding
            """),
            any_of("取扱説明書 | マニュアル | 使用说明 | 用户手册 | 사용 설명서"),
        ),
        _cue(
            2,
            r"^[^\w\n]{0,9}(?:warning|caution|danger|note|important|warnung|achtung|vorsicht|gefahr|hinweis|"
            r"attention|avertissement|advertencia|precaución|avvertenza|attenzione|aviso|"
            r"waarschuwing|let op)\s*[:!]|^[^\w\n]{0,9}(?:警告|注意|경고|주의)",
        ),
        _cue(
            2,
            r"^[ \t]*(?:step )?\d+[.):]\s+(?:press|click|open|select|turn|connect|remove|insert|"
            r"install|choose|enter|run|check|make sure|push|hold|unplug|drücken|klicken|öffnen|"
            r"wählen|schließen|entfernen|stecken|schalten|appuyez|cliquez|ouvrez|sélectionnez|pulse|"
            r"haga clic|abra|premere|fare clic|pressione|clique|druk|klik)\b",
        ),
        _cue(
            1.5,
            _heading("""
                troubleshooting | getting started | installation | installing | configuration
                safety (?:instructions|information) | maintenance | synopsis | options | usage
                fehlerbehebung | sicherheitshinweise | inbetriebnahme | wartung | dépannage
                consignes de sécurité | solución de problemas | risoluzione dei problemi
            """),
        ),
        _cue(1, r"^\s{0,8}(?:\$ |--?[a-z][\w-]+[, =])|\b(?:click|press) (?:the|on)\b"),
    ),
}

_LINES_OF_CODE = re.compile(
    r"\s*(?:def \w+\(|class \w+\s*[(:{]|@\w+|(?:export |async )*function\b.*[({]|(?:pub )?fn \w+|"
    r"func [\w(]|(?:public|private|protected|static) [\w<>\[\] ]+[({;]|#include [<\"]|#!/|<\?php|"
    r"(?:import|from|package|using|use|namespace) [\w.:{} ,*\"'/@-]+;?$|(?:const|let|var) \w+ = |"
    r"(?:SELECT|INSERT INTO|CREATE TABLE|UPDATE|FROM|WHERE|JOIN) |(?:return|raise|throw|yield)\b.*|"
    r"(?:if|for|while|elif|except|with|switch|catch) ?.*[:{]$|else:|try:|(?://|/\*|\*/) ?|"
    r".*[;{}]$|\}.*|[\w.\[\]\"']+ (?:=|\+=|:=) \S|[\w.]+\(.*\)?,?$|[)\]]+,?$)"
)
_ROWS = re.compile(r"(?:[^|]*\|){2}|(?:[^,]{0,40},){3,}[^,.]{0,40}\Z|(?:[^;]*;){3}[^;]*\w")
_MOST_LINES: Final = 0.5
"""A text is code, or a table, if this share of its lines is."""


def recognise_shape(sample: str, unit: PageUnit = "page") -> Shape:
    """Tell what kind of text this is, "text" when the cues are few or speak for several kinds.

    Args:
        sample: The document's beginning, and a little from all over it.
        unit: What the document's pages are called: slides are a presentation, and sheets are
            tables, unless the text says otherwise.
    """
    lines = [line for line in sample.split("\n") if line.strip()]
    weights: dict[Kind, float] = {kind: _weigh(sample, cues) for kind, cues in _CUES.items()}
    weights["table"] = 8.0 * (_share(_ROWS, lines) >= _MOST_LINES) + 8.0 * (unit == "sheet")
    weights["code"] = 10.0 * (_share(_LINES_OF_CODE, lines) >= _MOST_LINES)
    weights["presentation"] += 5.0 * (unit == "slide")
    second, best = sorted(weights, key=lambda kind: weights[kind])[-2:]
    if weights[best] < max(_ENOUGH, _AHEAD * weights[second]):
        return SHAPES["text"]
    return SHAPES[best]


def _weigh(sample: str, cues: Sequence[tuple[float, re.Pattern[str]]]) -> float:
    most = len(_REPEATED) - 1
    return sum(
        weight * _REPEATED[len(list(islice(cue.finditer(sample), most)))] for weight, cue in cues
    )


def _share(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    return sum(bool(pattern.match(line)) for line in lines) / max(1, len(lines))
