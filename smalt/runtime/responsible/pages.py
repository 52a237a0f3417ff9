"""A scorecard as one page of HTML, without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from smalt.runtime.responsible.blocks import Bars, Block, Heading, Paragraph, Table

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .3rem .8rem; text-align: left }
tr + tr td, thead + tbody td { border-top: 1px solid #d0d0d0 }
dl { display: grid; grid-template-columns: 12rem 1fr 14rem; gap: .3rem .8rem; align-items: center } dd { margin: 0 }
.bar { display: block; height: .8rem; background: #2b6cb0; border-radius: 2px }
@media print { body { margin: 0 } h2 { break-after: avoid } }
"""


def html(title: str, blocks: Iterable[Block]) -> str:
    """The page."""
    body = "\n".join(_block(each) for each in blocks)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Table):
        top = f"<thead>{_row(block.head, 'th')}</thead>" if block.head else ""
        return f"<table>{top}<tbody>{''.join(_row(each, 'td') for each in block.rows)}</tbody></table>"
    return _bars(block)


def _bars(block: Bars) -> str:
    lines = "".join(
        f'<dt>{escape(each.label)}</dt><dd><span class="bar" style="width:{block.share(each):.1%}"></span></dd>'
        f"<dd>{escape(each.text)}</dd>"
        for each in block.bars
    )
    return (f"<h3>{escape(block.title)}</h3>" if block.title else "") + f"<dl>{lines}</dl>"


def _row(cells: Sequence[str], kind: str) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(each)}</{kind}>" for each in cells) + "</tr>"
