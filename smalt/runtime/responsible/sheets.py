"""A scorecard as a PDF, written with reportlab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from smalt.runtime.responsible.blocks import Block, Heading, Paragraph, Table

_BLUE = colors.HexColor("#2b6cb0")
_GREY = colors.HexColor("#d0d0d0")
_WIDTH = 170 * mm
_BAR = 70 * mm
_WIDE_FONT = "HeiseiKakuGo-W5"
"""Every reader of PDFs has it; it is asked for where the text is not Latin."""

Flowable = Any
"""A piece of a page; reportlab brings no types."""


def write_pdf(path: Path, title: str, blocks: Iterable[Block]) -> None:
    """Write the file."""
    pdfmetrics.registerFont(UnicodeCIDFont(_WIDE_FONT))
    styles = getSampleStyleSheet()
    for level in (1, 2, 3):
        styles[f"Heading{level}"].keepWithNext = 1
    margins = {f"{side}Margin": 20 * mm for side in ("left", "right", "top", "bottom")}
    document = SimpleDocTemplate(str(path), pagesize=A4, title=title, author="smalt", **margins)
    document.build([each for block in blocks for each in _flow(block, styles)])


def _flow(block: Block, styles: Any) -> Iterator[Flowable]:
    if isinstance(block, Heading):
        yield _text(block.text, styles[f"Heading{block.level}"])
    elif isinstance(block, Paragraph):
        yield _text(block.text, styles["BodyText"])
    elif isinstance(block, Table):
        rows = ([block.head] if block.head else []) + block.rows
        cells = [[_text(each, styles["BodyText"]) for each in row] for row in rows]
        yield from _grid(cells, [_WIDTH / len(cells[0])] * len(cells[0]) if cells else [], _lines(bool(block.head)))
    else:
        if block.title:
            yield _text(block.title, styles["Heading3"])
        body = styles["BodyText"]
        cells = [[_text(each.label, body), _bar(block.share(each)), _text(each.text, body)] for each in block.bars]
        side = (_WIDTH - _BAR) / 2
        yield from _grid(cells, [side, _BAR, side], [("VALIGN", (0, 0), (-1, -1), "MIDDLE")])


def _grid(cells: list[list[Flowable]], widths: list[float], style: list[tuple[Any, ...]]) -> Iterator[Flowable]:
    if cells:
        yield Grid(cells, colWidths=widths, style=style)
    yield Spacer(1, 4 * mm)


def _text(text: str, style: Any) -> Flowable:
    inner = escape(text)
    is_latin = all(ord(each) < 256 for each in text)
    return Text(inner if is_latin else f'<font name="{_WIDE_FONT}">{inner}</font>', style)


def _bar(share: float) -> Flowable:
    drawn = Drawing(_BAR - 4 * mm, 4 * mm)
    drawn.add(Rect(0, 0, max(share, 0.002) * (_BAR - 4 * mm), 3 * mm, fillColor=_BLUE, strokeColor=None))
    return drawn


def _lines(has_head: bool) -> list[tuple[Any, ...]]:
    style: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -2), 0.5, _GREY)]
    return [*style, ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef2f7"))] if has_head else style
