"""What people see of reasoning."""

from bot.demo.workspace import Message


def read_trace(message: Message) -> str:
    """The text of a message's reasoning, unfolded; "" if it shows none."""
    return "\n".join(
        child["text"]["text"]
        for block in message.blocks
        if block["type"] == "container"
        for child in block["child_blocks"]
        if child["type"] == "section"
    )
