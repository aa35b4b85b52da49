"""Text from files, shown as letters and never as markup."""

from __future__ import annotations

import html

__all__ = ["plain_tip"]


def plain_tip(text: str) -> str:
    """Return a tooltip that shows `text` letter by letter.

    Qt takes whatever looks like markup for rich text, and loads the files that it names.
    """
    if "<" not in text:
        return text
    return f"<p style='white-space:pre-wrap'>{html.escape(text)}</p>"
