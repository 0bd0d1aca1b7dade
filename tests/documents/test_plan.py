from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.budget import estimate_tokens
from bot.conversation.messages import Passage
from bot.documents.plan import Estimate, Part, cap, estimate, group_notes, plan_parts


def pages(*costs: int) -> list[Passage]:
    return [Passage(at, f"Text of page {at}.", tokens=cost) for at, cost in enumerate(costs, 1)]


def page_numbers(parts: list[Part]) -> list[list[int]]:
    return [[passage.page for passage in part.passages] for part in parts]


def plan(passages: list[Passage], part_tokens: int, overlap_tokens: int = 0) -> list[Part]:
    return plan_parts(passages, part_tokens=part_tokens, overlap_tokens=overlap_tokens)


@st.composite
def documents(draw: st.DrawFn) -> list[Passage]:
    lines = st.text("abc déf 12 漢字", max_size=60)
    passages = []
    for page in range(1, draw(st.integers(0, 25)) + 1):
        for piece in range(draw(st.integers(1, 4))):
            text = "\n".join(draw(st.lists(lines, max_size=6)))
            passages.append(Passage(page, text, piece=piece, tokens=draw(st.integers(0, 1_500))))
    return passages


@given(documents(), st.integers(300, 3_000), st.integers(0, 200))
def test_every_passage_is_in_one_part_in_order_and_no_part_is_too_large(
    passages: list[Passage], part_tokens: int, overlap_tokens: int
) -> None:
    parts = plan(passages, part_tokens, overlap_tokens)

    assert [passage for part in parts for passage in part.passages] == passages
    for part in parts:
        assert part.passages
        assert part.tokens <= part_tokens or len(part.passages) == 1
        assert not part.lead or estimate_tokens(part.lead) <= overlap_tokens


@given(documents(), st.integers(300, 3_000), st.integers(0, 200))
def test_a_page_is_in_two_parts_only_if_it_is_larger_than_one(
    passages: list[Passage], part_tokens: int, overlap_tokens: int
) -> None:
    parts = plan(passages, part_tokens, overlap_tokens)

    for one, other in pairwise(parts):
        last = one.passages[-1].page
        if last == other.passages[0].page:
            page = sum(each.tokens for each in passages if each.page == last)
            assert page > part_tokens - overlap_tokens


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(1, 1_000))
def test_notes_are_grouped_in_order_and_get_fewer(costs: list[int], room: int) -> None:
    groups = group_notes(costs, room)

    assert [at for group in groups for at in group] == list(range(len(costs)))
    assert all(groups)
    assert len(groups) < len(costs) or len(costs) <= 1
    if any(sum(costs[at] for at in group) > room and len(group) > 1 for group in groups):
        assert all(one + other > room for one, other in pairwise(costs))


def test_parts_are_even() -> None:
    assert page_numbers(plan(pages(*[100] * 7), 600)) == [[1, 2, 3, 4], [5, 6, 7]]
    assert [len(part.passages) for part in plan(pages(*[100] * 10), 300)] == [3, 2, 3, 2]
    assert page_numbers(plan(pages(500, 100, 100, 100, 100), 600)) == [[1], [2, 3, 4, 5]]


def test_what_fits_is_one_part_without_a_lead() -> None:
    [part] = plan(pages(300, 300), 600, 100)

    assert (part.lead, part.tokens) == ("", 600)
    assert page_numbers([part]) == [[1, 2]]


def test_nothing_needs_no_part() -> None:
    assert plan([], 600) == []
    assert group_notes([], 100) == []
    assert estimate([], 400, 12_000) == Estimate(0, 0)


def test_a_huge_page_is_divided_by_its_pieces_and_a_small_one_is_not() -> None:
    sheet = [Passage(2, f"rows {piece}", piece=piece, tokens=400) for piece in range(4)]
    passages = [*pages(100), *sheet, Passage(3, "end", tokens=100)]

    parts = plan(passages, 900)

    assert page_numbers(parts) == [[1, 2, 2], [2, 2, 3]]


def test_a_piece_larger_than_a_part_stands_alone() -> None:
    assert page_numbers(plan(pages(50, 5_000, 50), 1_000)) == [[1], [2], [3]]


def test_blank_pages_belong_to_a_part() -> None:
    assert page_numbers(plan(pages(0, 0, 500, 0, 500, 0), 600)) == [[1, 2, 3, 4], [5, 6]]


def test_the_lead_is_the_end_of_the_page_before_in_whole_lines() -> None:
    text = "\n".join(f"This is line number {at} of the page." for at in range(50))
    passages = [Passage(1, text, tokens=600), Passage(2, "More.", tokens=600)]

    first, second = plan(passages, 800, 60)

    assert first.lead == ""
    assert text.endswith("\n" + second.lead)
    assert second.lead.startswith("This is line number")
    assert 30 < estimate_tokens(second.lead) <= 60
    assert second.tokens == 600 + estimate_tokens(second.lead)


def test_the_lead_of_one_long_line_begins_with_a_whole_word() -> None:
    text = "several different words " * 300
    passages = [Passage(1, text, tokens=600), Passage(2, "More.", tokens=600)]

    lead = plan(passages, 800, 60)[1].lead

    assert lead.split()[0] in {"several", "different", "words"}
    assert 30 < estimate_tokens(lead) <= 60


def test_the_lead_of_a_text_without_spaces_is_cut_by_its_cost() -> None:
    passages = [Passage(1, "漢字仮名交文" * 500, tokens=600), Passage(2, "続", tokens=600)]

    assert 30 < estimate_tokens(plan(passages, 800, 60)[1].lead) <= 60


def test_one_part_takes_one_call() -> None:
    assert estimate(plan(pages(500), 600), 400, 12_000) == Estimate(1, 900)


def test_parts_and_their_merge_are_counted() -> None:
    parts = plan(pages(*[500] * 5), 600)

    # Five times 500 read and 400 written, then one merge of five times 400 into 400.
    assert estimate(parts, 400, 12_000) == Estimate(6, 4_500 + 2_400)


def test_notes_too_many_for_one_merge_are_merged_as_a_tree() -> None:
    parts = plan(pages(*[500] * 9), 600)

    # 9 notes → 3 merges → 1 merge
    assert estimate(parts, 400, 1_200).calls == 9 + 3 + 1


def test_a_tree_ends_even_if_no_two_notes_fit_in_one_merge() -> None:
    assert group_notes([900, 900, 900], 1_000) == [range(2), range(2, 3)]
    assert estimate(plan(pages(*[500] * 3), 600), 900, 1_000).calls == 3 + 2


def test_as_many_parts_are_kept_as_the_calls_can_read_and_merge() -> None:
    parts = plan(pages(*[500] * 9), 600)

    assert cap(parts, 100, 400, 12_000) == parts
    assert cap(parts, 4, 400, 12_000) == parts[:3]
    assert cap(parts, 0, 400, 12_000) == parts[:1]
    # 6 notes → 2 merges → 1 merge
    assert cap(parts, 9, 400, 1_200) == parts[:6]


def test_a_thousand_pages_are_planned_at_once() -> None:
    parts = plan(pages(*[740] * 1_000), 10_000, 400)

    sizes = {len(part.passages) for part in parts}
    assert max(sizes) - min(sizes) <= 1
