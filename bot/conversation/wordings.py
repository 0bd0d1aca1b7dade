"""How people ask for things, in ten languages: patterns over text in lower case. Pure.

The order is English, German, French, Spanish, Italian, Portuguese, Dutch, then Japanese, Chinese
and Korean, whose words stand without spaces around them.
"""

import re
from typing import Final


def any_of(alternatives: str) -> str:
    """Make one pattern of alternatives that stand on lines of their own, or between " | "."""
    return "(?:" + "|".join(re.split(r"\s*\n\s*|\s+\|\s+", alternatives.strip())) + ")"


def any_word(alternatives: str) -> str:
    """Make the same, for whole words."""
    return rf"(?<!\w){any_of(alternatives)}(?!\w)"


_FILES = any_of("""
    doc(?:ument)?s? | files? | pdfs? | papers? | decks? | reports? | contracts? | attachments?
    dokumente?n? | dateie?n? | dateien | vertrag | verträge | fichiers? | contrats? | archivos?
    contratos? | documentos? | documento | documenti | contratt[oi] | arquivos? | bestand(?:en)?
    documenten
""")
_VERSION = any_of("""
    versions? | drafts? | revisions? | fassung(?:en)? | entw[uü]rfe? | versión | versiones
    version[ei] | versão | versões | versies?
""")

CHANGES: Final = re.compile(
    any_word(r"""
    what(?:'?s| is| has| have| had| was)?(?: been)? (?:changed|different|new in|changes)
    what did (?:you|they|he|she|we) change
    (?<!how )(?:did|has|have) \S+(?: \S+)? changed?
    changes? (?:since|between|from|to|against|compared)
    (?:list|show)(?: me)?(?: \S+)? changes | differs? | redline | diff
    was (?:hat|haben) sich (?:\S+ ){0,4}?(?:ge|ver)ändert | was ändert sich
    was (?:wurde|ist) (?:\S+ ){0,4}?(?:geändert|anders|neu)
    welche änderungen | änderungen (?:gegenüber|seit|zu[rm]?|zwischen)
    ce qui a (?:\S+ )?changé | qu'a-t-on changé | quels? (?:sont les )?changements
    quelles (?:sont les )?modifications | (?:changements|modifications) (?:depuis|entre|par rapport)
    qué (?:ha |se ha )?(?:cambi(?:ó|ado|a)|modificado) | cambios (?:desde|entre|respecto)
    cos(?:a è|'è) cambiato | modifiche (?:rispetto|tra|dalla)
    o que (?:mudou|mudaram|foi alterado) | (?:mudanças|alterações) (?:desde|entre|em relação)
    wat is er (?:\S+ ){0,4}?(?:veranderd|gewijzigd|anders) | wijzigingen (?:sinds|tussen|ten)
    """)
    + r"|"
    + any_of("""
    変更(?:点|箇所|内容) | 差分 | 何が変わ | どこが変わ | 変わった(?:点|ところ)
    改了(?:什么|哪) | (?:什么|哪些)(?:变化|改动|变更|更改) | 变更(?:内容|点) | 改動 | 變更
    변경\\s?(?:사항|점|된) | (?:무엇|뭐)(?:이|가)\\s?(?:바뀌|달라|변경) | 바뀐\\s?(?:점|것|부분)
    """)
)
"""Asks for changes, in so many words."""

COMPARING: Final = re.compile(
    any_word(r"""
    compar(?:e|ed|ing|ison) | differences? | vergleiche?n? | unterschied(?:en?)?
    unterscheide[tn] | gegenüberstellung
    compare[rz] | comparaison | différences? | comparar? | diferencias? | confronta(?:re)?
    differenz[ae] | diferenças? | vergelijk(?:en)? | verschil(?:len)?
    """)
    + "|"
    + any_of("比較 | 比较 | 違い | 差异 | 差異 | 区别 | 區別 | 对比 | 對比 | 不同 | 비교 | 차이")
)
"""Compares something: versions, if it says so or says nothing else."""

VERSIONS: Final = re.compile(
    any_word(rf"""
    {_VERSION} | v\d+ | both | them | the two | previous | earlier | old(?:er)? | original
    (?:these|the|two|both) (?:two )?{_FILES}
    alten? | vor(?:her)?igen? | frühere[nr]? | beiden? | (?:die|der|diese[nr]?) (?:zwei )?{_FILES}
    précédente? | les deux | ancien(?:ne)? | (?:les|ces) {_FILES}
    anterior(?:es)? | los dos | ambos | (?:los|estos) {_FILES}
    precedente | i due | entrambi | (?:i|questi) {_FILES}
    os dois | (?:os|estes|esses) {_FILES} | vorige | oude | (?:de|deze) {_FILES}
    """)
    + "|"
    + any_of("""
    版 | バージョン | 前回 | 以前 | 旧 | ファイル | 文書 | 2つ | 二つ | 両
    文件 | 文档 | 两(?:个|份|者) | 之前 | 버전 | 파일 | 문서 | 이전 | 두
    """)
)

SUMMARIZE: Final = re.compile(
    any_word(r"""
    summari[sz](?:e|ing) | sum(?: (?:it|this|that|them|these|everything))? up | recap
    tl;? ?dr | condense | boil(?: \S+){0,3} down | nutshell | eli5 | brief (?:me|us) | shorten
    fass(?:e|t|en)? .*zusammen | zusammen(?:zu)?fassen | kürze[nr]?
    résume[rz]?(?:-\S+)? | synthétise[rz]? | resum(?:ir|e|a|as|es|irme|irlo|irnos) | resúm\w+
    resum[ai]\w*l[oa] | sintetizar? | riassum\w+ | sintetizza\w* | riepiloga(?:re)? | sintetize
    vat .*samen | samen ?(?:te )?vatten | samenvatten
    """)
    + "|"
    + any_of("""
    要約 | まとめ | 要点 | 概要 | サマリ | ざっくり | 重要な?ポイント | ポイントを
    总结 | 總結 | 概括 | 摘要 | 概述 | 归纳 | 歸納 | 要點 | 简述 | 簡述 | 重点 | 重點
    요약 | 정리해 | 핵심 | 개요 | 요점
    """)
)
"""Asks for a summary, unless in a question about one."""

_NOUN = any_of(r"""
    summary | summaries | (?:short|tldr) version | synopsis | overview | gist | digest
    abstract | rundown | take-?aways?
    (?:key|main|most important|important|central|core) (?:points?|takeaways?|facts|messages?)
    (?:key|main|most important|important) (?:findings|insights|ideas|dates|figures|things|results)
    highlights | bullets?(?: points?)? | action items | one-?pager
    (?:kurz)?zusammenfassung | überblick | übersicht | kern(?:punkte|aussagen?) | eckpunkte
    (?:das )?wichtigste(?:n (?:punkte|aussagen|fakten|ergebnisse))? | stichpunkten? | kurzfassung
    haupt(?:punkte|aussagen)
    résumé | synthèse | aperçu | points? (?:clés?|principaux|importants|essentiels) | l'essentiel
    grandes lignes | idées principales
    resumen | síntesis | puntos (?:clave|principales|importantes) | ideas principales
    lo más importante
    riassunto | sintesi | riepilogo | punti (?:chiave|principali|salienti)
    resumo | síntese | pontos[- ](?:chave|principais|importantes) | o mais importante
    samenvatting | overzicht | (?:hoofd|kern)punten | belangrijkste punten
""")

_OPENERS = any_word(r"""
    please | pls | plz | bitte | s'il (?:te|vous) pla[iî]t | svp | por favor | per favore | graag
    just | only | nur | an? | the | some | any | your | my | eine?[nr]? | die | den | das | une?
    les?
    la | el | los | las | il | lo | i | gli | um | uma | os? | as? | een | de | het
    quick | short | shorter | brief | longer | very | concise | detailed | executive | one-page
    simple | clear | new | better | \d+ | one | two | three | four | five | six | seven | ten
    kurze[rn]? | kleine | knappe | brefs? | brève | courte? | petite? | breve | cort[oa] | pequeño
    piccol[oa] | curto | korte? | management
""")
_BEFORE_NOUN = rf"(?>{_OPENERS})"
"""Atomic: "a" is several of them, and a row of such words must not be tried in every way."""
_GIVE = any_word(r"""
    give | send | show | get | have | need | want | like | make | write | create | prepare | provide
    draft | produce | do | list | extract | how about | what about
    gib | gebt | geben | mach | machen | schreibe? | erstelle?n? | brauche?n? | möchten? | hätten?
    liste | nenne?n? | zeige?
    donne[rz]?(?:-moi)? | fai[ts](?:-moi)? | faire | faites | rédige[rz]? | écris | faut | voudrais
    besoin | veux | dame | darme | danos | haz(?:me)? | hacer(?:me)? | necesito | quiero | escribe
    fammi | dammi | darmi | fai | fare | farmi | vorrei | scrivi | elenca
    faça | faz(?:er)? | dê | dar | preciso | quero | escreva
    geef | geven | maak | maken | schrijf | wil | graag
""")
_GIVE_LAST = any_word("""
    geben | machen | erstellen | schreiben | (?:he)?raus(?:ziehen|schreiben|suchen) | maken | geven
""")
_WHAT_ARE = any_of(r"""
    what(?:'s| is| are| were) | which are | was sind | was ist | welches? (?:sind|ist)
    quels? sont | quelles sont | quel est | cuáles son | cuál es | quali sono | qual è
    quais são | qual é | wat zijn | wat is
""")
_TELLS = any_word(
    "is | was | are | were | has | says | looks | ist | war | est | était | es | è | é"
)
_OPENED_NOUN = rf"(?:{_BEFORE_NOUN}[\s,-]+)*{_NOUN}(?!\w)"

ASKS_FOR_SUMMARY: Final = re.compile(
    rf"\W*{_OPENED_NOUN}(?!\s+{_TELLS})"  # "a short overview for the board"
    rf"|.*?{_GIVE}.*?(?<!\w){_NOUN}(?!\w)"  # "give me the key points"
    rf"|.*?(?<!\w){_NOUN}(?!\w).*?{_GIVE_LAST}"  # "kannst du das Wichtigste herausschreiben"
)
"""From a sentence's beginning: it wants something that is a summary."""

ASKS_FOR_POINTS: Final = re.compile(rf"\W*{_WHAT_ARE} {_OPENED_NOUN}")
"""From a sentence's beginning: "what are the key points?" is answered by a summary."""

_WHAT_IT_IS = any_of(r"""
    what(?:'s| is| are)(?: (?:this|it|that|these|here|the|in|your))*(?: FILES)?(?: all)?(?: about)?
    what(?:'s| is| are) .*\babout
    what (?:do|does) (?:(?:this|it|that|they|the|these) ?)*(?:FILES )?(?:say|contain|cover)s?
    (?:(?:can|could) you )?(?:tell|explain to) (?:me|us) what (?:this|it)(?: FILES)? is(?: about)?
    (?:worum|um was) (?:geht|handelt).* | was steht (?:\S+ )?(?:drin|darin|da)
    was steht in (?:dem|der|diesem|dieser|den) FILES
    de quoi .*(?:s'agit|parle|traite|question).* | que dit (?:ce|le) FILES | qu'est-ce que c'est
    de qué (?:trata|va|se trata|habla).* | qué dice (?:este|el) FILES
    di (?:che )?cosa (?:parla|tratta|si tratta).* | cosa dice (?:il|questo) FILES
    (?:do|de) que (?:se )?trata.* | sobre o que .* | o que diz (?:o|este) FILES
    waar (?:gaat|over).* | wat staat er ?(?:in|hierin)?(?: \S+)?
""").replace("FILES", _FILES)
ASKS_WHAT_IT_IS: Final = re.compile(
    rf"\W*{_WHAT_IT_IS}\W*\Z|.*"
    + any_of("""
    何が書(?:いて|かれて) | 何について | どんな内容 | どういう内容 | 内容は何 | 要点は何 | 要点を教
    (?:讲|講|说|說|写|寫)(?:了|的是)?(?:什么|什麼|啥) | 什么内容 | 무슨 내용 | 어떤 내용 | 뭐라고
    """)
)
"""From a sentence's beginning to its end: "what is this about?" is answered by a summary."""

_LENGTH = any_word(r"""
    shorter | more concise | (?:more|less|fewer) details? | more detailed | simpler
    make it (?:short|long|simple)(?:er)?
    kürzer | länger | ausführlicher | knapper | einfacher | plus (?:court|long|détaillé|simple)e?
    más (?:cort[oa]|breve|larg[oa]|detallad[oa]|simple)
    più (?:breve|cort[oa]|lung[oa]|dettagliat[oa])
    mais (?:curto|breve|longo|detalhado|simples) | korter | langer | uitgebreider
""")
_UNITS = any_of("""
    bullets? | bullet points? | sentences? | words? | lines? | paragraphs? | points?
    stichpunkten? | sätzen? | worten? | wörtern? | zeilen? | punkten?
    phrases? | puces | mots | lignes | frases? | puntos | palabras | líneas | viñetas
    fras[ei] | punti | parole | righe | pontos | palavras | linhas | tópicos
    zin(?:nen)? | punten | woorden | regels
""")
_IN_UNITS = (
    rf"(?<!\w)(?:in|as|mit|als|en|con|em|met|only|just|nur) (?:[\w-]+ ){{0,3}}{_UNITS}(?!\w)"
)
_A_BIT = "(?:a (?:bit|little) |slightly |much |even )?"
_IN_LANGUAGE = any_of("""
    (?:again,? )?(?:but |now )?in (?:english|german|french|spanish|italian|portuguese)\\W*\\Z
    (?:nochmal )?(?:bitte |jetzt )?auf (?:deutsch|englisch|französisch)\\W*(?:bitte\\W*)?\\Z
    en (?:français|anglais|español|inglés)\\W*\\Z
""")
_FOR_WHOM = any_of(r"""
    (?:(?:explain|write|put) it )?for (?:an?|the|my|our) [\w-]+(?: [\w-]+){0,2}
    für (?:eine?n?|die|den|das|unsere?n?) [\w-]+ | pour (?:une?|les?|la|mon|notre) [\w-]+
    para (?:una?|el|la|los|um|uma|os?|as?) [\w-]+ | per (?:un|una|un'|il|la|i) ?[\w-]+
    voor (?:een|de|het|onze) [\w-]+
""")
_FORM_UNSPACED = any_of(r"""
    箇条書き(?:で|に)? | もっと(?:短|長|詳|簡)[くに]? | 短く | \d行で | \d*字以内で? | 簡単に
    (?:简短|更短|更长|短)一?(?:点|些) | 更详细 | 用?(?:一|两|三|\d)句话
    한?\s?줄로 | 더 (?:짧|길|자세|간단)[게히]? | 짧게 | 간단히
""")
FORMS: Final = re.compile(rf"{_LENGTH}|{_IN_UNITS}|{_FORM_UNSPACED}")
"""Says how long a summary is to be, or in what form."""

SIZES: Final = re.compile(
    r"(?:(?<!\w)(?:etwas|ein bisschen|a bit|a little|un peu|un poco|um pouco|wat|iets)\s+)?"
    + _LENGTH
)
"""Wants more or less: of a summary, if of nothing else."""

SHAPES_SUMMARY: Final = re.compile(
    rf"\W*(?:{_A_BIT}longer(?!\w)|{_IN_LANGUAGE}|{_IN_UNITS}|{_FOR_WHOM}\W*\Z)|.*{_FORM_UNSPACED}"
)
"""From a sentence's beginning: it wants a summary in another form, or for somebody."""

EXPLAINS: Final = re.compile(
    r"(?:\W|(?:please|bitte|can|could|you|kannst|du|mir|me|us)(?!\w))*"
    + any_word("""
    explain | describe | tell (?:me|us) about | walk (?:me|us) through | go through
    erkläre?t? | beschreibe?t? | explique[rz]? | décri[st] | explica | explícame | spiega(?:mi)?
    descrivi | descreva | beschrijf
    """)
)
"""From a sentence's beginning: of a whole document it is best done by a summary."""

_SHARING = any_of(r"""
    fyi | for your (?:info(?:rmation)?|review|reference|records) | thoughts | wdyt
    (?:any|your) (?:thoughts|comments|feedback|opinions?|ideas) | what do you (?:all )?(?:think|say)
    (?:could you |can you |would you )?(?:please )?(?:have|take) a (?:quick )?look
    (?:could you |can you )?(?:please )?(?:review|read|check(?: \S+)? out)(?: (?:this|it|these))?
    comments | feedback | opinions? | see (?:attached|attachment|above|below)
    as (?:discussed|promised)
    zur (?:info|kenntnis|durchsicht) | zk | was (?:denkst|denkt|meinst|meint|haltet|hältst)\b.*
    meinungen | (?:kannst du |könnt ihr )?(?:schau|guck)(?:en|t|st)? .*
    pour (?:info|information|avis) | (?:un |des |vos |votre )?avis
    qu'en (?:penses-tu|pensez-vous|dis-tu)
    jette[rz]? un .*œil | para (?:su|tu|vuestra) información | (?:alguna )?opini(?:ón|ones)
    qué (?:te|os|les|le) parece | echa(?:d|r)? un vistazo
    per (?:tua|vostra )?(?:conoscenza|informazione) | che (?:ne )?(?:pensi|pensate) | pareri
    da(?:i|te|re) un'occhiata | para (?:sua )?informação | o que (?:você )?(?:acha|acham|achas)
    opiniões | d[êe] uma olhada | ter info(?:rmatie)? | wat (?:vind|vinden|denk|denken) .*
    meningen
    kijk (?:even|eens).*
""")
_BEFORE_SHARING = rf"(?:\W|{_BEFORE_NOUN}(?!\w)|(?:hi|hello|hey|hallo|team|all|folks|so|ok)(?!\w))*"
SHARES: Final = re.compile(
    rf"{_BEFORE_SHARING}{_SHARING}(?!\w)|.*"
    + any_of("""
    ご確認(?:ください|お願い|の程) | ご査収 | 確認お願い | 共有します | 見てください | どう思
    请查收 | 请查阅 | 请过目 | 怎么看 | 看一下 | 供参考 | 확인 부탁 | 참고하세요 | 봐\\s?주
    어떻게 생각
    """)
)
"""From a sentence's beginning: it hands something over and asks for nothing, or for a view."""

_POLITE = any_of(r"""
    (?:can|could|would|will|may|might) (?:you|we|i|someone|anyone|somebody|the bot)
    do you mind | is it possible | how about | what about | how (?:would|can|could) (?:you|i|we)
    would it be possible | any chance
    kannst | könntest | können | könnten | könnt | würdest | würden | magst | darf ich
    peux-tu | pouvez-vous | pourrais-tu | pourriez-vous | tu peux | vous pouvez | est-ce que tu peux
    (?:me |nos )?(?:puedes?|podrías?|podéis|podemos)
    (?:mi |ci )?(?:puoi|può|potresti|potrebbe)
    (?:você )?(?:pode|poderia|podes|podias) | kun | kunt | kan | kunnen | zou | wil
""")
POLITE: Final = re.compile(
    rf"\W*(?:(?:please|bitte|hi|hey|hello|hallo|aloud|ok|so|and|und)\W+)*{_POLITE}(?!\w)|.*"
    + any_of(
        "(?:もらえ|いただけ|くれ|でき)ますか | 수 있(?:나요|습니까|을까요) | 能.*吗 | 可以.*吗"
    )
)
"""From a sentence's beginning: a question in form, a request in fact."""

_WHO = any_of(r"""
    who | whom | whose | what(?:'s)? | which | where | when | why | how
    wer | wem | wen | wessen | was | welche[mnrs]? | wo(?:hin|her|mit|für|rum|rauf)? | wann | warum
    wieso | weshalb | wie(?:viele?)? | qui | quel(?:le)?s? | où | quand | pourquoi | comment
    combien
    est-ce | qu'est-ce | y a-t-il | quién(?:es)? | qué | cuál(?:es)? | cuándo | dónde | cómo
    por qué
    cuánt[oa]s? | chi | quale | quali | dove | perché | quant[oaie] | c'è | ci sono | quem
    o que | qual
    quais | onde | quant[oa]s | wie | wat | welke? | wanneer | waar(?:om|in|mee)? | hoe(?:veel)?
""")
_IS = any_of(r"""
    (?:is|are|was|were|does|did|do|has|have|had|should|must|may|will|would|can|could)
    (?:gibt|ist|sind|hat|haben|steht|muss|müssen|darf|kann|hay|está|son|tem|há|è|sono|ha|zijn|heeft)
""")
_SOMEBODY = any_of(r"""
    there | it | this | that | the | these | those | he | she | they | we | you | i | any | anyone
    es | der | die | das | ein | eine | man | wir | ihr | sie | er | ich
""")
CLAUSE_END: Final = re.compile(
    rf"(?<=[.!?])\s+|(?<=[。！？])|\n+|(?<=[,;:])\s+(?={_WHO}(?!\w))"  # noqa: RUF001  # full-width
)
"""Between sentences, and before a question that ends one: "Have a look, who signed it?" """

ASKS: Final = re.compile(
    rf"\W*(?:(?:and|but|so|ok|also|und|aber|et|mais|y|pero|e|ma|mas|en|maar)\W+)*"
    rf"(?:{_WHO}(?!\w)|(?:is|are|was|were|does|did|do|has|have|had|should|must|may|will|"
    rf"gibt|ist|sind|hat|haben|steht|muss|darf|kann) {_SOMEBODY}(?!\w))"
    "|.*"
    + any_of("""
    誰 | いつ | どこ | なぜ | どう(?:し|や|な|い) | いくら | どの
    何(?:で|が|を|は|人|年|月|日|円|件)
    ありますか | ですか | ますか | でしょうか
    谁 | 誰 | 什么(?:时候|地方|是|人) | 为什么 | 怎么 | 多少 | 哪(?:个|些|里|一|年) | 吗
    有没有 | 是否
    누가 | 누구 | 무엇 | 언제 | 어디 | 왜 | 어떻게 | 얼마 | 몇 | 있나요 | 있습니까 | 인가요 | 입니까
    """)
)
"""From a sentence's beginning: a question, with its mark or without."""

ASKS_ABOUT: Final = re.compile(
    rf"\W*(?:(?:and|but|so|ok|also|und|aber|et|y|e|en)\W+)*(?:{_WHO}|{_IS})(?!\w)"
    "|.*"
    + any_of("""
    誰 | いつ | どこ | なぜ | いくら | ありますか | 谁 | 有没有 | 在哪 | 什么时候 | 多少
    누가 | 누구 | 언제 | 어디 | 왜 | 있나요 | 있습니까
    """)
)
"""From the beginning of a question: it asks about what it speaks of, such as a summary."""

TELLS: Final = re.compile(
    r"\W*(?:i|we|he|she|they)(?:'ll|'m|'re|'ve|'d"
    r"| (?:will|am|are|is|was|were|have|has|had|sent|need to|must|should))(?! like)(?!\w)"
)
"""From a sentence's beginning: somebody tells what they do, and asks for nothing."""

TASKS: Final = re.compile(
    r"(?>\W|(?:please|pls|bitte|and|then|und|dann|et|y|e|en|just|also|now|ok|hey|hi)(?!\w)"
    rf"|{_POLITE}(?!\w))*"
    + any_word(r"""
    translate | explain | find | look up | search | extract | list | show | tell | check | verify
    calculate | compute | count | describe | define | draft | write | rewrite | reply | answer
    quote
    cite | give | name | compare | contrast | convert | rank | rate
    übersetze?t? | erkläre?t? | finde?t? | suche?t? | extrahiere | liste | zeige?t? | sage? | prüfe?
    berechne | zähle | beschreibe? | schreibe? | nenne? | zitiere | antworte | gib
    tradui[st]|traduisez | explique[rz]? | trouve[rz]? | cherche[rz]? | extrai[st] | extrayez
    montre[rz]? | dis | dites | vérifie[rz]? | calcule[rz]? | écri[st] | écrivez | rédige[rz]?
    traduce|traducir | explica | encuentra | busca | extrae | muestra | dime | verifica | calcula
    traduci | spiega | trova | cerca | estrai | elenca | mostra | dimmi | controlla | scrivi
    traduza|traduz | encontre | procure | extraia | mostre | diga | verifique | escreva
    vergleiche? | comparez | confronta | vergelijk
    vertaal | leg | zoek | vind | toon | zeg | controleer | bereken | schrijf | noem
    """)
    + "|.*"
    + any_of("""
    訳して | 翻訳 | 説明して | 教えて | 探して | 抽出 | 調べて | 計算して
    翻译 | 翻譯 | 解释 | 解釋 | 找出 | 查找 | 提取 | 列出 | 告诉我 | 告訴我 | 计算
    번역 | 설명해 | 찾아 | 추출 | 알려 | 계산
    """)
)
"""From a sentence's beginning: it wants something done that is no summary."""

FILLERS: Final = re.compile(
    any_word(rf"""
    {_FILES} | {_VERSION} | {_BEFORE_NOUN} | {_NOUN} | \d+ | pages? | seiten? | páginas? | pagine
    can | could | would | will | you | we | i | me | us | my | it | its | this | that | these
    those
    them | for | of | to | in | into | as | with | and | or | on | is | are | what's | what | do
    does
    about | give | make | get | have | need | want | write | provide | let | please | kindly
    thanks?
    thank | here | hi | hello | hey | again | now | whole | entire | all | everything | attached
    explain | describe | tell | through | walk | more | less | fewer | long | longer | details?
    detailed
    say | contain | text | content | contents | sentences? | words? | lines? | paragraphs?
    points? | list
    english | german | french | spanish | italian | portuguese | dutch | japanese | chinese | korean
    mir | uns | mal | kannst | könntest | du | ihr | sie | es | dieses? | diese[nr]? | des | im | in
    auf | als | mit | zu | und | gib | mach | danke | text | inhalt | kurz | sätzen? | worten?
    punkten?
    machen | fassen | erkläre? | erklär | beschreibe? | deutsch | englisch | französisch
    nochmal | ganze[sn]? | alles | zusammen
    peux-tu | pouvez-vous | moi | nous | ce | cet | cette | ces | du | en | et | pour | avec | fais
    fait | merci | s'il | te | vous | plaît | texte | mots | phrases? | français | anglais | tout
    puedes | podrías | este | esta | esto | del | para | por | con | y | dame | haz | gracias
    texto
    palabras | frases? | español | inglés | todo | puoi | potresti | mi | questo | questa | di | per
    e | fammi | grazie | testo | parole | fras[ei] | italiano | inglese | tutto | pode | poderia
    isto | isso | do | da | obrigad[oa] | palavras | português | inglês | tudo
    kun | kunt | je | u | dit | deze | van | voor | met | geef | maak | dank | tekst | zinnen
    woorden
    nederlands | engels | alles
    """)
    + "|"
    + any_of("""
    この | これ | その | 以下の | 資料 | 文書 | ドキュメント | ファイル | 内容 | 添付
    して(?:ください|下さい|もらえますか|くれますか|くれる)? | お願いします | お願い | ください
    下さい
    全体 | 日本語 | 英語 | 簡潔に | 短く | [をのにでは、。]
    请 | 請 | 帮我 | 幫我 | 帮忙 | 一下 | 这(?:份|个|篇) | 這(?:份|個|篇) | 文件 | 文档 | 文檔
    内容 | 內容
    全文 | 中文 | 英文 | 的 | 把 | 给我 | 吧 | 이 | 문서 | 파일 | 자료 | 내용 | 좀
    해\\s?주세요 | 해줘
    부탁(?:해요|드립니다|드려요)? | 한국어로 | 전체 | [을를은는의]
    """)
)
"""Words that add nothing to what a summary is to look at."""
