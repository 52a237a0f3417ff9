"""How much slower a browser is at this moment than on the reference machine while that is idle.

Measured by a fixed piece of work of the kinds a page does, script and layout. What is slower by the same factor is no
slower page, but a slower or busier machine.
"""

from __future__ import annotations

from playwright.sync_api import Page

REFERENCE_MS = 80.0
"""What the work takes on the two cores on which the README's figures were taken, when they have nothing else to do."""

_WORK = """
() => {
  const begin = performance.now();
  const box = document.body.appendChild(document.createElement("div"));
  for (let round = 0; round < 6; round += 1) {
    const numbers = Array.from({ length: 8000 }, (_, n) => (n * 7919 + round) % 10007).sort((a, b) => a - b);
    const rows = numbers.slice(0, 250).map(n => `<tr><td>row ${n}</td><td>${n * round}</td><td>some text</td></tr>`);
    box.innerHTML = `<table>${rows.join("")}</table>`;
    box.offsetHeight;
  }
  box.remove();
  return performance.now() - begin;
}
"""


def slowness(page: Page) -> float:
    """A factor, 1 on the reference machine when idle and on all that are quicker."""
    return max(1.0, float(page.evaluate(_WORK)) / REFERENCE_MS)
