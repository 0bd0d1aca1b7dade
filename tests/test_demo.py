"""The demo as a newcomer meets it: the real program, its page in a real browser."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
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
    folder: Path, port: int = 0
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Run `aloud demo` until the block ends; yields its page's address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", "--port", str(port), "--keep", folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},  # noqa: TID251  # nothing else
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
