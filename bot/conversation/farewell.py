"""Whether a message says that we are done here, and nothing else. Pure.

In the five languages that we speak. Strict: every word must belong to it, so that a message with
anything more in it is answered.
"""

import re
import unicodedata
from typing import Final

_MOST_WORDS: Final = 12
_MOST_CHARACTERS: Final = 120

_GOODBYE: Final = (
    # English
    (
        r"that(?:'s| is|'ll be| will be| was) (?:all|it|everything)"
        r"(?: (?:i (?:need|needed|wanted)|for (?:now|today)))?"
    ),
    r"you (?:can|may) (?:go|leave|stop|rest)(?: (?:now|here))*",
    r"(?:please )?leave (?:us|(?:this|the) thread)(?: alone)?",
    (
        r"(?:please )?stop (?:replying|answering|responding|writing)"
        r"(?: (?:here|now|in (?:this|the) thread))*"
    ),
    (
        r"(?:please )?(?:don't|do not) (?:reply|answer|respond|write)"
        r"(?: (?:here|any ?more|in (?:this|the) thread))*"
    ),
    r"(?:there is |there's )?no need to (?:reply|answer|respond)(?: (?:here|any ?more))*",
    r"(?:i|we) (?:don't|do not) need you (?:here )?any ?more",
    r"(?:we'll|i'll|we can|i can) take it from here",
    r"(?:we're|we are) done(?: (?:here|now|for (?:now|today)))*",
    r"good ?bye|bye(?: bye)?|see you(?: (?:later|soon|tomorrow))?",
    # German
    (
        r"das (?:war's|wars|war es|war alles|ist alles|wär's|wäre alles)"
        r"(?: (?:schon|dann|jetzt|auch|für heute|fürs erste|erst ?mal|von (?:mir|uns)))*"
    ),
    r"(?:du kannst|ihr könnt|sie können)(?: (?:jetzt|nun|hier))* (?:gehen|aufhören)",
    (
        r"(?:bitte )?(?:hör|höre|hören sie)(?: (?:bitte|hier))* auf"
        r"(?: (?:hier )?zu (?:antworten|schreiben))?"
    ),
    (
        r"(?:bitte )?(?:antworte|schreib|schreibe|antworten sie|schreiben sie)"
        r"(?: (?:bitte|hier|jetzt|uns|mir|in diesem thread))* (?:nicht|nichts) mehr"
        r"(?: (?:hier|bitte))*"
    ),
    r"(?:bitte )?(?:hier )?nicht mehr (?:antworten|schreiben)",
    r"(?:wir brauchen|ich brauche) dich (?:hier )?nicht mehr",
    r"wir sind(?: (?:jetzt|hier|dann))* fertig",
    r"tschüss|auf wiedersehen|bis (?:dann|später|bald|morgen)",
    # French
    (
        r"(?:c'est|ce sera|c'était) tout"
        r"(?: pour (?:moi|nous|aujourd'hui|le moment|l'instant))?"
    ),
    r"(?:tu peux|vous pouvez)(?: maintenant)? (?:partir|y aller|t'en aller|arrêter)",
    r"ne (?:réponds|répondez) plus(?: ici)?",
    r"(?:arrête|arrêtez) de (?:répondre|écrire)(?: ici)?",
    r"(?:on a|nous avons) (?:fini|terminé)|au revoir|à (?:bientôt|plus tard|demain)",
    r"(?:je n'ai|nous n'avons|on n'a) plus besoin de (?:toi|vous)",
    # Spanish
    r"(?:eso |esto )?es todo(?: por (?:ahora|hoy|el momento))?",
    r"(?:ya )?(?:puedes|puede) (?:irte|irse|parar|descansar)(?: ya)?",
    r"(?:ya )?no (?:respondas|contestes|escribas|responda|conteste) más(?: aquí)?",
    r"(?:deja|deje) de (?:responder|contestar|escribir)(?: aquí)?",
    r"ya no te (?:necesito|necesitamos)|hemos terminado",
    r"adiós|hasta (?:luego|pronto|mañana)|nada más",
    # Japanese
    r"以上(?:です|になります)?|(?:これで)?(?:終わり|おしまい|終了)(?:です|にします)?",
    r"(?:これでもう|これで|もう)(?:大丈夫|結構|十分|いい|以上|全部)です",
    (
        r"(?:ここ(?:で)?は)?(?:もう)?(?:返信|返事|回答)"
        r"(?:しないで(?:ください)?|(?:は|しなくて)(?:いい|結構|大丈夫|不要)(?:です)?)"
    ),
    r"さようなら|またね|ではまた|お疲れ様でした",
)

_THANKS: Final = (
    r"thanks|thank you|thanks (?:a lot|a million|so much|very much)",
    r"thank you (?:so|very) much|many thanks|thx|ty|cheers|much appreciated",
    r"(?:i |we )?(?:really )?appreciate (?:it|that)",
    r"(?:vielen |herzlichen |besten |tausend )?dank(?: dir| euch| ihnen)?",
    r"danke(?: (?:dir|euch|ihnen|schön|sehr|vielmals|schon ?mal))*",
    r"merci(?: (?:beaucoup|bien|à (?:toi|vous)))*|je (?:te|vous) remercie",
    r"(?:muchas |muchísimas |mil )?gracias",
    r"(?:どうも)?(?:ありがとう|有難う|有り難う)(?:ございま(?:す|した))?",
    r"感謝(?:します|です)|助かりま(?:す|した)|どうも",
)

_BESIDE: Final = (
    r"ok(?:ay)?|alright|all right|great|perfect|super|nice|cool|good|awesome|excellent|got it",
    r"understood|no|nope|yes|yep|please|aloud|everyone|all|very helpful|that help(?:s|ed)",
    r"for (?:(?:all )?(?:your|the) help|that|this|now|today|everything)|again|so much|then|now",
    r"gut|prima|klasse|toll|alles klar|verstanden|passt|nein|ja|bitte|sehr hilfreich|dann",
    r"für (?:die|deine|ihre) hilfe",
    r"parfait|très bien|bien|d'accord|compris|non|oui|s'il (?:te|vous) plaît|stp|svp",
    r"(?:pour|de) (?:ton|votre) aide",
    r"perfecto|genial|vale|muy bien|entendido|sí|por favor|por (?:tu|su|la) ayuda",
    r"はい|いいえ|了解(?:です|しました)?|わかりました|では|じゃあ|本当に|それでは|完璧です",
)


_BETWEEN_WORDS: Final = r"(?<![a-zà-ÿ])(?:{})(?![a-zà-ÿ])"


def _compile(*groups: tuple[str, ...]) -> re.Pattern[str]:
    """Match a text that is made of these phrases alone; Japanese needs no space between them."""
    phrases = "|".join(phrase for group in groups for phrase in group)
    return re.compile(rf"(?:(?:{phrases})(?: |\Z|(?<=[ぁ-んァ-ヶ一-龠])))+")


_SAYS_THANKS: Final = _compile(_THANKS, _BESIDE)
_SAYS_GOODBYE: Final = _compile(_GOODBYE, _THANKS, _BESIDE)
_HAS_THANKS: Final = re.compile(_BETWEEN_WORDS.format("|".join(_THANKS)))
_HAS_GOODBYE: Final = re.compile(_BETWEEN_WORDS.format("|".join(_GOODBYE)))
_MENTION: Final = re.compile(r"<@[^<>\s]*>")
_EMOJI_NAME: Final = re.compile(r":[a-z0-9_+'-]{1,50}:(?::skin-tone-[2-6]:)?")
_APOSTROPHES: Final = str.maketrans("’‘´`", "''''")  # noqa: RUF001  # as keyboards write them
_QUESTION: Final = re.compile(r"[?？¿]")  # noqa: RUF001  # as Chinese and Japanese write it
_NO_WORD: Final = re.compile(r"[^\w']+|_+")


def says_goodbye(text: str) -> bool:
    """Tell whether all that a message says is that we may leave: "thanks, that's all".

    Args:
        text: As Slack has it, or in plain words; whom it mentions makes no difference.
    """
    plain = _put_plainly(text)
    return bool(_SAYS_GOODBYE.fullmatch(plain) and _HAS_GOODBYE.search(plain))


def says_thanks(text: str) -> bool:
    """Tell whether all that a message says is thanks, which wants no long answer.

    Args:
        text: As for `says_goodbye`.
    """
    plain = _put_plainly(text)
    return bool(_SAYS_THANKS.fullmatch(plain) and _HAS_THANKS.search(plain))


def _put_plainly(text: str) -> str:
    """Return the words with one space between them; "" if there are too many, or a question."""
    if len(text) > _MOST_CHARACTERS or _QUESTION.search(text):
        return ""
    folded = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    unnamed = _EMOJI_NAME.sub(" ", _MENTION.sub(" ", folded))
    words = _NO_WORD.sub(" ", unnamed).split()
    return " ".join(words) if len(words) <= _MOST_WORDS else ""
