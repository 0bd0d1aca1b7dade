"""The demo as a newcomer meets it: the real program, its page in a real browser."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Locator, Page, async_playwright, expect

from tests.chromium import ARGUMENTS, CHROMIUM, browser_needed
from tests.documents.samples import make_pdf

CORPUS_PDF = Path(__file__).parents[2] / "shared/corpus/pdf/plumber-2023-06-20-PV.pdf"
SHOTS = os.environ.get("ALOUD_TEST_SHOTS")  # noqa: TID251  # where to leave screenshots, if wanted


@asynccontextmanager
async def demo(
    folder: Path, port: int = 0, settings: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Run `aloud demo` until the block ends; yields its page's address."""
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}  # noqa: TID251  # nothing else
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", "--port", str(port), "--keep", folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment | dict(settings or {}),
    )  # fmt: skip
    assert process.stdout
    try:
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line
        yield found[0], process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.wait()


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        yield page
        await browser.close()


async def write(page: Page, where: str, text: str) -> None:
    await page.fill(f"{where} textarea", text)
    await page.press(f"{where} textarea", "Enter")


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png")


def replies(page: Page) -> Locator:
    return page.locator("#replies .message")


async def drop_pdf(page: Page, name: str, content: bytes) -> None:
    await page.set_input_files(
        "#composer input[type=file]",
        files=[FilePayload(name=name, mimeType="application/pdf", buffer=content)],
    )
    await write(page, "#composer", "")


@browser_needed
async def test_a_newcomer_asks_shares_a_file_and_looks_into_the_reasoning(
    page: Page, tmp_path: Path
) -> None:
    async with demo(tmp_path) as (url, process):
        await page.goto(url)
        await expect(page.locator("#banner")).to_contain_text("No language model")
        await write(page, "#composer", "@aloud our code word is marmalade")
        await expect(replies(page)).to_have_count(2)
        await expect(
            replies(page).last.get_by_role("button", name="Show reasoning")
        ).to_be_visible()
        await write(page, "#thread-composer", "what is our code word?")
        await expect(replies(page)).to_have_count(4)
        await expect(replies(page).last).to_contain_text("marmalade")

        await replies(page).last.get_by_role("button", name="Show reasoning").click()
        await expect(replies(page)).to_have_count(5)
        await expect(replies(page).last).to_contain_text("reasoning")
        await shoot(page, "demo-1-mention")
        await page.get_by_role("button", name="Hide reasoning").click()
        await expect(replies(page)).to_have_count(4)

        await page.get_by_role("button", name="Aloud APP").click()
        pages = ["The launch moves to July.", "The budget is 40,000 euros."]
        await drop_pdf(page, "plan.pdf", make_pdf(pages))
        await expect(replies(page)).to_have_count(2)
        await expect(replies(page).last).to_contain_text("of 2.")
        await shoot(page, "demo-2-file")

        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    async with demo(tmp_path, int(url.split(":")[2].strip("/"))):
        await page.reload()
        await expect(replies(page)).to_have_count(2)
        await write(page, "#thread-composer", "how big is the budget?")
        await expect(replies(page)).to_have_count(4)
        await expect(replies(page).last).to_contain_text("40,000 euros")
        await expect(replies(page).last).to_contain_text("p. 2")
        await replies(page).nth(1).get_by_role("button", name="Show reasoning").click()
        await expect(replies(page)).to_have_count(5)
        await shoot(page, "demo-3-restart")


@browser_needed
async def test_a_newcomer_is_at_home(page: Page, tmp_path: Path) -> None:
    async with demo(tmp_path) as (url, _):
        await page.goto(url)
        await write(page, "#composer", "@aloud our code word is marmalade")
        await expect(replies(page)).to_have_count(2)
        answer = replies(page).last
        await answer.get_by_role("button", name="This answer is bad; you may say why").click()
        dialog = page.get_by_role("dialog", name="Feedback")
        await dialog.get_by_label("What was wrong with this answer?").fill("Too short.")
        await shoot(page, "demo-10-feedback")
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog).to_have_count(0)

        await write(page, "#composer", "/aloud help")
        await expect(page.locator("#timeline .ephemeral")).to_contain_text("/aloud settings")

        question = page.locator("#timeline .message").first
        await question.hover()
        await question.get_by_role("button", name="More actions").click()
        await page.get_by_role("menuitem", name="Ask Aloud about this").click()
        dialog = page.get_by_role("dialog", name="Ask Aloud")
        await dialog.get_by_label("Your question about this message").fill("What is our code word?")
        await dialog.get_by_label("In the thread of the message").check()
        await dialog.get_by_role("button", name="Ask", exact=True).click()
        await expect(replies(page).last).to_contain_text("marmalade")
        await shoot(page, "demo-11-asked-by-shortcut")

        await page.get_by_role("button", name="Aloud APP").click()
        await expect(page.locator("#timeline")).to_contain_text("Hi! I'm Aloud.")
        await write(page, "#composer", "our launch is in July")
        await expect(replies(page)).to_have_count(2)
        await expect(page.locator("#thread-title")).not_to_have_text("Thread")
        await shoot(page, "demo-12-direct")

        await page.get_by_role("tab", name="Home").click()
        home = page.get_by_role("tabpanel", name="Home")
        await expect(home).to_contain_text("our launch is in July")
        await home.get_by_role("combobox", name="Length of answers").select_option(label="Short")
        await expect(home).to_contain_text("Saved.")
        await shoot(page, "demo-13-home")
        await home.get_by_role("button", name="Forget").first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
        await expect(home).to_contain_text("Forgotten.")
        await expect(home).not_to_contain_text("our launch is in July")


def make_manual(pages: int) -> bytes:
    """Make a manual that says on each page what is said on no other."""
    return make_pdf(
        [
            f"The pump of station {page}\n\n"
            + "\n".join(
                f"Rule {rule} of station {page} says that valve {rule} has to be shut before "
                f"pump {page}\nis opened, and stays shut for {rule + page} minutes."
                for rule in range(6)
            )
            + f"\nThe filter of pump {page} is washed every {page * 7} days."
            for page in range(1, pages + 1)
        ]
    )


@browser_needed
async def test_a_manual_is_read_part_by_part_then_the_rest_then_questions(
    page: Page, tmp_path: Path
) -> None:
    limits = {"ALOUD_PART_TOKENS": "1500", "ALOUD_SUMMARY_CALLS": "16"}
    async with demo(tmp_path, settings=limits) as (url, _):
        await page.goto(url)
        await page.get_by_role("button", name="Aloud APP").click()
        await drop_pdf(page, "manual.pdf", make_manual(60))
        reading = re.compile(r"Reading manual\.pdf: \d+ of \d+ parts done|Summing up manual\.pdf")
        await expect(replies(page).last).to_contain_text(reading)
        await expect(replies(page).last.get_by_role("button", name="Stop")).to_be_visible()
        await shoot(page, "demo-5-progress")

        told = re.compile(r"manual\.pdf: Read pages 1–\d\d of 60, in \d+ parts; the rest can be")  # noqa: RUF001  # a range
        await expect(replies(page).last).to_contain_text(told, timeout=45_000)
        rest = replies(page).last.get_by_role("button", name="pages that were left out")
        await expect(rest).to_have_text("Read the rest")
        await shoot(page, "demo-6-part-of-it")
        await rest.click()
        whole = re.compile(r"manual\.pdf: Read pages 1–60 of 60, in \d+ parts\.")  # noqa: RUF001  # a range
        await expect(replies(page).last).to_contain_text(whole, timeout=45_000)
        await expect(replies(page)).to_have_count(2)
        await expect(rest).to_have_count(0)
        summary = await replies(page).last.inner_text()
        cited = [int(number) for number in re.findall(r"\[p\. (\d+)\]", summary)]
        assert len(cited) > 5
        assert cited == sorted(cited)
        assert cited[0] <= 10
        assert cited[-1] > 50
        assert "?]" not in summary
        await shoot(page, "demo-7-all-of-it")

        for count, pump in ((4, 4), (6, 58)):
            await write(page, "#thread-composer", f"How often is the filter of pump {pump} washed?")
            await expect(replies(page)).to_have_count(count)
            answer = f"is washed every {pump * 7} days. [p. {pump}]"
            await expect(replies(page).last).to_contain_text(answer)
            await expect(replies(page).last).to_contain_text("Searched all 60 pages")
        await shoot(page, "demo-8-questions")


@browser_needed
@pytest.mark.skipif(not CORPUS_PDF.exists(), reason="the corpus is not part of this project")
async def test_a_real_document_is_summarized_and_asked_about(page: Page, tmp_path: Path) -> None:
    async with demo(tmp_path) as (url, _):
        await page.goto(url)
        await page.get_by_role("button", name="Aloud APP").click()
        await drop_pdf(page, CORPUS_PDF.name, CORPUS_PDF.read_bytes())
        await expect(replies(page)).to_have_count(2)
        await expect(replies(page).last).to_contain_text("Read page")
        await write(page, "#thread-composer", "Quelle est la date du conseil ?")
        await expect(replies(page)).to_have_count(4)
        await expect(
            replies(page).last.get_by_role("button", name="Show reasoning")
        ).to_be_visible()
        await shoot(page, "demo-4-corpus")
