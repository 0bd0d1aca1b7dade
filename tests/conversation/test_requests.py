"""What people write with and after files, as they write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.requests import Request, parse_request
from bot.conversation.scopes import Scope

SUMMARIES = """\
summarize
Summarize this please
summarise it
please summarize the attached document
Can you summarize this?
could you please summarize this for me?
Could someone summarize this for the board?
Would you mind summarizing it?
can we get a summary?
Can I have a short summary?
I need a summary
I'd like an overview please
give me the key points
Give us the main takeaways, please.
summary please
Summary?
short summary for a lawyer
a quick overview
Quick summary of the attached contract, please
tl;dr
TL;DR?
tldr please
key points?
Key takeaways
What are the key points?
what's the gist?
what are the main findings of this paper?
What is this about?
what's this?
What's this document about?
What does it say?
What does the report say?
what does page 3 say?
what's in this file?
sum it up
Sum up the contract in three sentences
recap
brief me
in three bullets
in 5 bullet points
as bullet points please
in one sentence
shorter
shorter please
Can you make it shorter?
longer
more detail please
for a lawyer
Explain it for a five year old
explain like I'm five: summarize it
for the board
explain this document
Describe the attached file.
Tell me about this document
walk me through this
how would you summarize this?
How about a short summary?
summarize what page 3 says about risk
Summarize the section on liability
summarize pages 10–20
only chapter 4
pages 10-20
Page 3?
just page 7 please
Please summarize. Who signed it?
Here is the new contract. Can you give me the main points?
highlights please
write a one-page summary
Write me an executive summary of this
extract the key dates
list the action items
boil it down to three points
in a nutshell?
Hi! A short summary, please 🙏
Hey Aloud, can you give us the short version?
can you tell me what this is about?
a bit longer please
again, but in German
in French
@channel summary please
Fasse das bitte zusammen
Fass das mal zusammen
Kannst du das zusammenfassen?
Könntest du mir das bitte kurz zusammenfassen?
bitte zusammenfassen
Zusammenfassung bitte
Eine kurze Zusammenfassung, bitte
Gib mir einen Überblick
Was sind die wichtigsten Punkte?
Worum geht es?
Worum geht's hier?
Worum geht es in Kapitel 4?
Was steht da drin?
Was steht in dem Dokument?
Kannst du uns das Wichtigste rausziehen?
auf Deutsch bitte
kürzer
Bitte kürzer
etwas ausführlicher bitte
in drei Sätzen
in drei Stichpunkten
für einen Anwalt
nur Kapitel 4
Ich brauche die Kernpunkte
Erkläre das Dokument
Résume ce document
résumé s'il te plaît
Peux-tu résumer ce fichier ?
Pouvez-vous me faire un résumé ?
Fais-moi une synthèse
Il me faut un résumé pour demain
Quels sont les points clés ?
De quoi parle ce document ?
De quoi s'agit-il ?
plus court
en trois phrases
pour un avocat
les grandes lignes s'il vous plaît
Resume este documento
¿Puedes resumirlo?
¿Puedes hacerme un resumen?
un resumen breve por favor
Dame los puntos clave
¿Cuáles son los puntos principales?
¿De qué trata?
más corto
en tres frases
para un abogado
Riassumi questo documento
Puoi riassumere?
un riassunto per favore
Fammi un riassunto
Quali sono i punti principali?
Di cosa parla?
più breve
in tre frasi
per un avvocato
Resuma este documento
Pode resumir?
um resumo por favor
Faça um resumo
Quais são os pontos principais?
Do que se trata?
mais curto
em três frases
Vat dit samen
Kun je dit samenvatten?
Een korte samenvatting graag
Geef me de hoofdpunten
Waar gaat dit over?
korter
in drie zinnen
要約して
要約してください
この資料を要約してもらえますか？
要点を教えて
要点は何ですか？
何が書いてありますか？
どんな内容ですか
まとめて
箇条書きで
3行で
もっと短く
総論をざっくり
总结一下
请总结这份文件
能帮我总结一下吗？
这份文件讲了什么？
要点
用三句话概括
更短一点
摘要
請總結這份文件
요약해줘
이 문서를 요약해 주세요
요약해 주실 수 있나요?
핵심만 알려줘
무슨 내용이야?
더 짧게
세 줄로
"""  # noqa: RUF001  # dashes, quotes and question marks as people type them

COMPARISONS = """\
what changed
What changed?
what's changed?
What has changed since the last version?
what changed in the Q3 plan?
What did they change?
What is different?
What's different here?
what's new in this version?
compare
Compare the two
compare both
compare them please
Can you compare these files?
Compare this with the previous version
compare the contracts
differences?
Any differences?
what are the differences between the two versions?
list the changes
Show me the changes
changes since v1
how does it differ from the old one?
did anything change?
Has the price changed?
redline please
Whats changed vs the old draft?
what's different from last week's version?
Summarize what changed
Summarize the differences between the drafts
Here is v2. What changed?
Here is the new version, please compare it with the old one
Was hat sich geändert?
was hat sich in Kapitel 3 geändert
Was ist neu?
Was ist anders?
Unterschiede?
Unterschiede bitte
Was unterscheidet die beiden Versionen?
Vergleiche die beiden
Vergleiche das mit der alten Fassung
Was wurde geändert?
Änderungen gegenüber der letzten Version?
Welche Änderungen gibt es?
Qu'est-ce qui a changé ?
Qu’est-ce qui a changé dans le plan ?
compare les deux
Compare ces fichiers
les différences ?
Quelles sont les modifications ?
¿Qué cambió?
¿Qué ha cambiado?
qué cambios hay entre las versiones, qué ha cambiado
compara los dos
diferencias
Cosa è cambiato?
Che cos'è cambiato?
confronta i due
differenze?
O que mudou?
compare os dois
diferenças?
Wat is er veranderd?
Wat is er in de nieuwe versie gewijzigd?
vergelijk de twee versies
verschillen?
変更点は？
変更点を教えてください
何が変わりましたか？
差分
比較して
前回の版と比較してください
有什么变化？
改了什么
比较两个版本
变更内容
변경 사항 알려줘
무엇이 바뀌었나요?
비교해줘
이전 버전과 비교
"""  # noqa: RUF001  # dashes, quotes and question marks as people type them

QUESTIONS = """\
Can you give more details on the termination clause?
more details on the budget please
Can you make the notice period clause shorter?
explain kubernetes in 3 sentences
who wrote the summary?
Who wrote the summary
is there an overview of costs?
Is there an overview of costs
What does the summary say about costs?
where is the summary?
why is the overview on page 3 wrong?
When did he give us the overview?
Does it contain a summary?
Is this a summary?
Which contract is longer?
who signed it?
When does the contract end?
when does it end
How much did we spend in May?
how many pages does it have?
what is the notice period
What is the total?
what does clause 7.2 say about liability?
What does it say about termination?
Is the price fixed?
Can I end it early?
Can you tell me who signed it?
could you check whether the totals add up?
Does section 4 apply to us?
What's the difference between gross and net?
compare revenue in Q2 and Q3
Compare the prices of the suppliers
How did revenue change in May?
Who must approve changes?
the deadline?
Deadline is when?
Page 3: who signed?
Here is the contract. When does it end?
FYI. Who is the landlord?
Please have a look at page 3, who signed it?
Translate this into German
translate page 3
explain the liability clause
Explain chapter 4's argument about risk
Find the clause about termination
find all mentions of ACME
list all deadlines
check the numbers on page 3
calculate the total of column B
tell me who signed
quote the sentence about notice
draft a reply to this
Please write an answer to the customer
and who pays?
so who pays for repairs
does the summary mention the deadline?
Who is responsible for the overview slide?
Are there any action items for me?
What are the payment terms?
ok, and what about the deposit?
Wer hat die Zusammenfassung geschrieben?
Gibt es einen Überblick über die Kosten?
Wann endet der Vertrag?
wann endet der Vertrag
Wie hoch ist die Miete?
Ist der Preis fest?
Steht da etwas zur Kündigung?
Was ist der Unterschied zwischen brutto und netto?
Übersetze das ins Englische
Erkläre die Haftungsklausel
Finde die Klausel zur Kündigung
Welche Fristen gelten?
Qui a écrit le résumé ?
Quand se termine le contrat ?
Y a-t-il une vue d'ensemble des coûts ?
Combien coûte la location ?
Traduis ce document en allemand
Explique la clause de résiliation
¿Quién escribió el resumen?
¿Cuándo termina el contrato?
¿Cuánto cuesta?
Traduce esto al inglés
Chi ha scritto il riassunto?
Quando finisce il contratto?
Quanto costa?
Traduci in tedesco
Quem escreveu o resumo?
Quando termina o contrato?
Quanto custa?
Traduza para o inglês
Wie heeft de samenvatting geschreven?
Wanneer eindigt het contract?
Hoeveel kost het?
Vertaal dit naar het Engels
誰が要約を書きましたか？
費用の概要はありますか？
契約はいつ終わりますか？
いくらですか
英語に翻訳してください
谁写的总结？
合同什么时候结束？
有没有费用概述？
多少钱？
翻译成英文
누가 요약을 썼나요?
계약은 언제 끝나나요?
얼마예요?
영어로 번역해줘
"""  # noqa: RUF001  # dashes, quotes and question marks as people type them

SAID = """\
I will send the summary to the board
We need to get an overview from HR first

FYI
fyi, the new contract
the contract for tomorrow
please have a look
Please take a look!
Can you have a look?
thoughts?
Any thoughts?
wdyt?
What do you think?
Feedback welcome
for your review
here you go
Here's the summary for tomorrow's meeting
As discussed, the budget for 2025
The minutes of yesterday.
Minutes from Monday
thanks!
Thanks for the summary!
ok
The overview is wrong
Attached the offer from ACME (3 pages)
Invoice 4711
sorry, wrong file
v2
final version
@Anna
🎉
zur Info
zK
der Vertrag für morgen
Schaut mal bitte drüber
Was meint ihr?
Danke
pour info
votre avis ?
Qu'en pensez-vous ?
le contrat de demain
para su información
¿qué te parece?
el contrato de mañana
che ne pensi?
il contratto di domani
o que acha?
ter info
Wat vinden jullie?
ご確認ください
請求書です
どう思いますか？
请查收
明天的合同
확인 부탁드립니다
내일 계약서
"""  # noqa: RUF001  # dashes, quotes and question marks as people type them


def lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")


@pytest.mark.parametrize("text", lines(SUMMARIES))
def test_asks_for_a_summary(text: str) -> None:
    request = parse_request(text)

    assert (request.kind, request.asked) == ("summary", True)
    assert request.instruction == text


@pytest.mark.parametrize("text", lines(COMPARISONS))
def test_asks_for_changes(text: str) -> None:
    request = parse_request(text)

    assert (request.kind, request.asked) == ("comparison", True)


@pytest.mark.parametrize("text", lines(QUESTIONS))
def test_asks_a_question_or_gives_a_task(text: str) -> None:
    request = parse_request(text)

    assert (request.kind, request.asked) == ("question", True)


@pytest.mark.parametrize("text", lines(SAID))
def test_words_that_ask_for_nothing_go_with_a_summary(text: str) -> None:
    request = parse_request(text)

    assert (request.kind, request.asked) == ("summary", False)
    assert request.instruction == text


def test_the_words_and_the_scope_come_along() -> None:
    text = "  summarize what page 3 says about risk\n"

    assert parse_request(text) == Request(
        "summary",
        Scope(((3, 3),)),
        "summarize what page 3 says about risk",
        "summarize what page 3 says about risk",
        asked=True,
    )
    assert parse_request("What does chapter 4 say about fees?").scope == Scope(
        labels=("chapter 4",)
    )


def test_no_words_ask_for_nothing() -> None:
    assert parse_request(" \n") == Request("summary")


@pytest.mark.parametrize(
    "text",
    [
        "summarize this please",
        "Can you summarize the attached document?",
        "in three bullets",
        "summary in 100 words please",
        "shorter",
        "pages 10–20",  # noqa: RUF001  # people write the dash
        "only chapter 4, please",
        "What are the key points?",
        "Fasse das bitte in drei Sätzen zusammen",
        "Kannst du das kürzer machen? Bitte auf Deutsch",
        "Peux-tu résumer ce document en français ?",
        "un resumen breve por favor",
        "要約してください",
        "请总结这份文件",
        "요약해 주세요",
    ],
)
def test_what_only_asks_for_a_summary_has_no_focus(text: str) -> None:
    assert parse_request(text).focus == ""


@pytest.mark.parametrize(
    "text",
    [
        "summarize the risks",
        "key points for a lawyer",
        "Fasse zusammen, was zur Haftung gesagt wird",
        "Résume la partie sur les coûts",
        "リスクについて要約して",
        "总结一下风险",
        "위험을 요약해줘",
        "Who signed it?",
    ],
)
def test_what_names_a_subject_has_it_as_its_focus(text: str) -> None:
    assert parse_request(text).focus == text


@pytest.mark.parametrize(
    "text",
    [
        "what " * 20_000,
        "give me " * 20_000,
        "please " * 20_000,
        "for a " * 20_000,
        "page 3, " * 20_000,
        "in in in " * 10_000,
        "(" * 100_000,
        "section A" * 10_000,
        "was hat sich " * 10_000,
        "chapter 1.1.1.1.1.1" * 5_000,
        "a " * 100 + "contract",
        "also " * 60 + "sprach",
        "puede " * 60 + "ser",
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.timeout(10)
def test_long_strange_messages_are_read_in_no_time(text: str) -> None:
    parse_request(text)


@given(st.text(max_size=80))
def test_no_text_is_too_strange(text: str) -> None:
    assert parse_request(text).instruction == text.strip()
