"""What people see: samples of all that the bot renders, in the page, in a real browser.

Set `ALOUD_TEST_SHOTS` to a folder to keep the pictures and look at them.
"""

import os
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot.conversation.messages import ThreadKey
from bot.conversation.preferences import (
    Defaults,
    PersonPreferences,
    Preferences,
    WorkspacePreferences,
)
from bot.conversation.recent import Recent, RecentDocument, RecentThread
from bot.demo.server import StandIn
from bot.demo.workspace import ALICE, ALICE_DM, GENERAL, TEAM_ID, Json
from bot.language import ENGLISH
from bot.slack.anchors import render_question, say_channel_summary
from bot.slack.commands import Shortcut
from bot.slack.controls import AnswerControls, Source
from bot.slack.dialogs import render_question_dialog
from bot.slack.feedback import Vote, render_reason_dialog
from bot.slack.home_view import (
    HomeState,
    Spent,
    WorkspaceSettings,
    render_channel_settings,
    render_home,
    render_workspace_settings,
)
from bot.slack.render import OutgoingMessage, render_answer, render_error, render_placeholder
from bot.slack.trace_view import Reasoning, render_trace
from bot.slack.welcome import write_channel_welcome, write_welcome
from tests.chromium import ARGUMENTS, CHROMIUM, browser_needed
from tests.demo.apps import over_http
from tests.slack.gallery import SAMPLES

SHOTS = os.environ.get("ALOUD_TEST_SHOTS")  # noqa: TID251  # where to leave pictures, if wanted
TURN = "0192f0c1-7d3a-7000-8000-000000000001"
CONTROLS = AnswerControls(
    TURN,
    reasoning="hidden",
    regenerate=True,
    complete=True,
    sources=(Source("q3-report.pdf", "https://acme.example/q3"), Source("notes.docx")),
)

TRACE = """\
Okay, the user asks for prices. The report has them:

| Year | Price |
|---|---:|
| 2025 | 100 |
| 2026 | 104 |

1. Compare both years.
2. `104 / 100` is a rise of **4 %**.

```python
print(104 / 100)
```
"""

# What a sample must have become, as selectors; code may hold any signs, prose none of these.
SHAPES = {
    "paragraphs": ["p strong", "p em", "p s", "p code"],
    "headings": [".md-heading", "hr"],
    "lists": ["ol > li > ul > li", "li.task input:checked", "li.task input:not(:checked)"],
    "quotes": ["blockquote blockquote"],
    "code": ['pre[data-language="python"] code', 'pre[data-language="sh"] code', "p code"],
    "links": ['a[href="https://docs.example.com/start?x=1&y=2"]'],
    "table": ["table.native thead th", "table.native td.align-right", "table.native td strong"],
    "two tables": ["table.native", ".markdown table"],
    "ragged table": ["table td"],
    "large table": ["table td"],
    "long code": ['pre[data-language="python"]'],
}
RAW = re.compile(
    r"\|\s*:?-{2,}|\*\*|~~|```|\$\$|\\(?:frac|sqrt|sum|begin|text|alpha|le)\b|<br>|\[\^\d"
)

FIND_OVERFLOW = """(message) => {
  const edge = message.querySelector(".content").getBoundingClientRect().right + 1;
  return [...message.querySelectorAll(".body *")]
    .filter((node) => !node.parentElement.closest(".table-scroll, pre"))
    .filter((node) => node.getBoundingClientRect().right > edge)
    .map((node) => node.outerHTML.slice(0, 120));
}"""
SCROLLS_SIDEWAYS = "(pane) => pane.scrollWidth > pane.clientWidth"
READ_PROSE = """(message) => {
  const copy = message.querySelector(".body").cloneNode(true);
  for (const code of copy.querySelectorAll("pre, code")) code.remove();
  return copy.textContent;
}"""

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),  # one browser for all: it starts slowly
    pytest.mark.timeout(240),
]

AROUND = 260
"""Pixels of the page above and below what it scrolls."""

TALLEST = 2400
"""Pixels of a picture that one still wants to look at."""


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks at the page."""

    theme: Literal["light", "dark"]
    width: int
    height: int = 900

    @override
    def __str__(self) -> str:
        return f"{self.theme}-{self.width}"


LOOKS = (Look("light", 1280), Look("dark", 1280), Look("light", 390))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def standin() -> AsyncIterator[StandIn]:
    async with StandIn() as standin:
        yield standin


@dataclass
class Gallery:
    """The page, and what is hung in it."""

    page: Page
    standin: StandIn
    client: AsyncWebClient
    folder: Path
    look: Look
    errors: list[str] = field(default_factory=list)

    async def hang(self, question: str, messages: Sequence[OutgoingMessage]) -> Locator:
        """Post the messages as answer to a question, open their thread, and return them."""
        root = await self.standin.post(ALICE, GENERAL, question)
        for message in messages:
            await self.client.chat_postMessage(
                channel=GENERAL, thread_ts=root, text=message.text, blocks=message.blocks,
                unfurl_links=False, unfurl_media=False,
            )  # fmt: skip
        await self.page.goto(f"{self.standin.page_url}#{GENERAL}/{root}")
        shown = self.page.locator("#replies .message")
        await expect(shown.first).to_contain_text(question)
        await expect(shown).to_have_count(1 + len(messages))
        return shown

    async def open_dialog(self, view: Json) -> None:
        """Open a modal as an app does, with the trigger of a press."""
        async with over_http(self.standin) as app:
            button = {
                "type": "button",
                "action_id": "go",
                "text": {"type": "plain_text", "text": "Go"},
            }
            posted = await self.client.chat_postMessage(
                channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [button]}]
            )
            await self.page.goto(self.standin.page_url)
            await self.standin.press(ALICE, GENERAL, posted["ts"], "go")
            trigger = (await app.pressed())["trigger_id"]
            await self.client.views_open(trigger_id=trigger, view=view)

    async def shoot(self, name: str, part: Locator | None = None) -> None:
        """Take a picture of the page, or of a part of it with all that it scrolls."""
        path = self.folder / f"{name.replace(' ', '-')}-{self.look}.png"
        if part is None:
            await self.page.screenshot(path=path)
            return
        wanted = await part.evaluate("(part) => part.offsetHeight") + AROUND
        await self.resize(min(max(wanted, self.look.height), TALLEST))
        shown = part if wanted <= TALLEST else self.page.locator("#replies")
        end = "end" if name.endswith(" end") else "start"
        await part.evaluate("(part, block) => part.scrollIntoView({ block })", end)
        await shown.screenshot(path=path)
        await self.resize(self.look.height)

    async def resize(self, height: int) -> None:
        await self.page.set_viewport_size({"width": self.look.width, "height": height})


@pytest_asyncio.fixture(loop_scope="module", params=LOOKS, ids=str)
async def gallery(
    request: pytest.FixtureRequest, browser: Browser, standin: StandIn, tmp_path: Path
) -> AsyncIterator[Gallery]:
    look: Look = request.param
    page = await browser.new_page(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.theme,
        reduced_motion="reduce",
    )
    client = AsyncWebClient(token=standin.bot_token, base_url=standin.api_url)
    gallery = Gallery(page, standin, client, Path(SHOTS) if SHOTS else tmp_path, look)
    page.on("pageerror", lambda error: gallery.errors.append(str(error)))
    yield gallery
    await page.close()
    assert gallery.errors == []


async def find_faults(message: Locator) -> list[str]:
    """List what sticks out of the message, and what of its source shows in its prose."""
    outside: list[str] = await message.evaluate(FIND_OVERFLOW)
    return outside + RAW.findall(await message.evaluate(READ_PROSE))


@browser_needed
async def test_every_sample_answer_looks_as_it_was_meant(gallery: Gallery) -> None:
    faults: dict[str, list[str]] = {}
    for name, markdown in SAMPLES.items():
        messages = render_answer(markdown, CONTROLS)
        shown = await gallery.hang(f"@aloud {name}", messages)
        answers = [shown.nth(index) for index in range(1, 1 + len(messages))]
        await gallery.shoot(name, answers[0])
        if len(answers) > 1:
            await gallery.shoot(f"{name} end", answers[-1])
        found = [await find_faults(answer) for answer in answers]
        missing = [
            shape for shape in SHAPES.get(name, []) if not await shown.locator(shape).count()
        ]
        live = await shown.locator("script, .body img, a[href^=javascript]").count()
        faults[name] = [*chain.from_iterable(found), *missing, *["live"] * live]
    assert {name: fault for name, fault in faults.items() if fault} == {}


@browser_needed
async def test_the_row_under_an_answer_is_compact_and_labelled(gallery: Gallery) -> None:
    messages = render_answer("The budget is **40,000 euros** [p. 2].", CONTROLS)
    answer = (await gallery.hang("@aloud how big is the budget?", messages)).last
    await expect(answer.get_by_role("button", name="Show reasoning")).to_be_visible()
    await expect(answer.get_by_role("group", name="Feedback").get_by_role("button")).to_have_count(
        2
    )
    await expect(answer).to_contain_text("Sources: q3-report.pdf · notes.docx")
    await answer.get_by_role("button", name="More", exact=True).click()
    menu = gallery.page.get_by_role("menu", name="More", exact=True)
    await expect(menu.get_by_role("menuitem")).to_have_text(
        ["Shorter", "Longer", "Think harder", "Without reasoning"]
    )
    assert await find_faults(answer) == []
    await gallery.shoot("controls")
    await gallery.page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)


@browser_needed
async def test_what_stands_before_and_instead_of_an_answer(gallery: Gallery) -> None:
    waiting = render_placeholder(TURN, "Reading q3.pdf, pages 41 to 80")
    failed = render_error("The model did not answer in time. Try again in a minute.", "a1b2", TURN)
    shown = await gallery.hang("@aloud what now?", [waiting, failed])
    await expect(shown.nth(1).get_by_role("button", name="Stop")).to_be_visible()
    await expect(shown.nth(2).get_by_role("button", name="Retry")).to_be_visible()
    assert await find_faults(shown.nth(2)) == []
    await gallery.shoot("waiting-and-failed")


@browser_needed
async def test_reasoning_is_folded_up_and_opens(gallery: Gallery) -> None:
    reasoning = Reasoning(
        TURN,
        text=TRACE,
        answer_permalink=f"{gallery.standin.page_url}archives/{GENERAL}/p1",
        seconds=12.4,
        tokens=1_840,
        model="nemotron-nano-9b-v2",
        parts=(("Pages 1–40", "Prices rise by *4 %*."), ("Pages 41–80", "Nothing on prices.")),  # noqa: RUF001  # a range of pages
    )
    trace = render_trace(reasoning)
    assert isinstance(trace, list)
    message = (await gallery.hang("@aloud why?", trace)).last
    assert await find_faults(message) == []
    inside = message.get_by_role("button", name="Attach this reasoning")
    await expect(message.locator("summary")).to_contain_text("Reasoning")
    await expect(inside).to_be_hidden()
    await gallery.shoot("reasoning folded", message)
    await message.locator("summary").click()
    await expect(inside).to_be_visible()
    assert await find_faults(message) == []
    await gallery.shoot("reasoning open", message)


@browser_needed
@pytest.mark.parametrize("is_admin", [False, True], ids=["member", "admin"])
async def test_the_home_tab_is_no_wall(gallery: Gallery, is_admin: bool) -> None:
    dm = ThreadKey(TEAM_ID, ALICE_DM, "1794268800.000100")
    threads = tuple(
        RecentThread(
            dm, words, "1794268800.000100", f"{gallery.standin.page_url}archives/{ALICE_DM}/p1"
        )
        for words in ("What changed in the budget?", "How do I renew the contract " * 5)
    )
    documents = (RecentDocument("F1", "q3-report.pdf", dm, "1794268800.000100"),)
    settings = WorkspaceSettings(WorkspacePreferences(retention_days=30), Defaults(), 90)
    state = HomeState(
        person=PersonPreferences(language="de"),
        now=datetime(2026, 11, 23, 22, 0, tzinfo=UTC),
        own=Spent(37, 412_300, 1_000_000),
        everyone=Spent(410, 5_240_000),
        recent=Recent(threads, documents),
        workspace=settings if is_admin else None,
        note="chosen",
    )
    await gallery.client.views_publish(user_id=ALICE, view=render_home(state, ENGLISH))
    page = gallery.page
    await page.goto(f"{gallery.standin.page_url}#{ALICE_DM}/home")
    body = page.locator("#home .home-body")
    await expect(body).to_be_visible()
    await expect(body).to_contain_text("q3-report.pdf")
    assert await page.locator("#home").evaluate(SCROLLS_SIDEWAYS) is False
    await gallery.shoot(f"home {'admin' if is_admin else 'member'}", body)


@browser_needed
async def test_dialogs_fit_the_screen(gallery: Gallery) -> None:
    shortcut = Shortcut(
        name="ask_about", team=TEAM_ID, user=ALICE, user_team=TEAM_ID, channel=GENERAL, ts="1.2",
        thread_ts="1.2", author=ALICE, text="See here.", trigger_id="", action_ts="",
    )  # fmt: skip
    settings = WorkspaceSettings(WorkspacePreferences(), Defaults(), 90)
    vote = Vote(TURN, ThreadKey(TEAM_ID, GENERAL, "1.2"), "1.2", ALICE, "bad")
    dialogs = {
        "ask dialog": render_question_dialog(shortcut, ENGLISH),
        "feedback dialog": render_reason_dialog(vote),
        "channel dialog": render_channel_settings(
            Preferences(), Defaults(), channel=GENERAL, may_choose=True, language=ENGLISH
        ),
        "workspace dialog": render_workspace_settings(settings, ENGLISH),
    }
    for name, view in dialogs.items():
        await gallery.open_dialog(view)
        dialog = gallery.page.get_by_role("dialog")
        await expect(dialog.locator("h2")).to_have_text(view["title"]["text"])
        assert await dialog.locator(".modal-body").evaluate(SCROLLS_SIDEWAYS) is False
        box = await dialog.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= gallery.look.width
        assert box["y"] + box["height"] <= gallery.look.height
        await gallery.shoot(name)


@browser_needed
async def test_a_catch_up_names_what_it_rests_on(gallery: Gallery) -> None:
    link = f"{gallery.standin.page_url}archives/{GENERAL}/p1"
    anchor = render_question("", say_channel_summary(GENERAL, "Sunday, 22 November", ENGLISH))
    mark = f"[↗]({link})"
    points = f"**Decided**\n\n- The launch is in July {mark}\n\n**Open**\n\n- Legal {mark} {mark}"
    shown = await gallery.hang("catch-up", [anchor, *render_answer(points, CONTROLS)])
    await expect(shown.last.get_by_role("link", name="↗")).to_have_count(3)
    assert await find_faults(shown.last) == []
    await gallery.shoot("catch-up")


@browser_needed
async def test_the_welcomes_are_short(gallery: Gallery) -> None:
    texts = (
        write_welcome(ENGLISH, shows_reasoning=True),
        write_channel_welcome(ENGLISH, name="aloud", files="summarize"),
    )
    shown = await gallery.hang("welcome", [OutgoingMessage(text, []) for text in texts])
    await expect(shown.last).to_contain_text("@aloud")
    assert await find_faults(shown.last) == []
    await gallery.shoot("welcomes")
