import time

import pytest

from bot.conversation.farewell import says_goodbye, says_thanks


@pytest.mark.parametrize(
    "text",
    [
        "thanks, that's all",
        "That\u2019s all, thank you! 🙏",
        "<@U0BOT00001> Thanks everyone — we'll take it from here :wave:",
        "you can go now",
        "Please stop replying here.",
        "please don't answer in this thread anymore",
        "No, thanks, that's it.",
        "ok great, that will be all for now",
        "bye!",
        "danke, das war's",
        "Das wäre alles, vielen Dank!",
        "bitte antworte hier nicht mehr",
        "Du kannst jetzt gehen",
        "merci, c'est tout",
        "Merci beaucoup, ce sera tout pour aujourd\u2019hui.",
        "ne réponds plus ici s'il te plaît",
        "gracias, eso es todo",
        "por favor no respondas más aquí",
        "ありがとう、以上です",
        "ありがとうございました。以上です\uff01",
        "もう返信しなくていいです",
        "もう大丈夫です",
    ],
)
def test_it_hears_that_it_may_leave(text: str) -> None:
    assert says_goodbye(text)
    assert not says_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thanks",
        "thanks! and what about X",
        "that's all?",
        "is that all",
        "that's all wrong",
        "that's all I know about it",
        "thanks! that's not all",
        "you can go to the next page",
        "stop",
        "goodbye letter",
        "write a goodbye letter to Bob",
        "das war's mit der Einleitung, weiter mit Kapitel 2",
        "das war es nicht",
        "c'est tout ce que tu sais",
        "以上の点をまとめて",
        "これで大丈夫ですか",
        "大丈夫です",
        "I'm done",
        "thanks, that's all " * 5,
    ],
)
def test_anything_more_is_no_farewell(text: str) -> None:
    assert not says_goodbye(text)


@pytest.mark.parametrize(
    "text",
    [
        "thanks!",
        "Thank you so much 🙏",
        "ok, perfect, thanks for your help",
        "<@U0BOT00001> thx :+1:",
        "Vielen Dank!",
        "Danke schön",
        "merci beaucoup",
        "muchas gracias",
        "ありがとうございます",
        "はい、ありがとう",
    ],
)
def test_it_hears_thanks(text: str) -> None:
    assert says_thanks(text)
    assert not says_goodbye(text)


@pytest.mark.parametrize(
    "text",
    ["ok", "thanks for the summary of q3", "thanks, shorter please?", "thanks, and the costs"],
)
def test_what_is_not_only_thanks_is_answered(text: str) -> None:
    assert not says_thanks(text)


@pytest.mark.parametrize("text", ["bye " * 11 + "x", "もう" * 59, "all " * 12, "はい" * 55 + "x"])
def test_long_messages_cost_nothing(text: str) -> None:
    begun = time.process_time()
    says_goodbye(text)
    says_thanks(text)
    assert time.process_time() - begun < 0.2
