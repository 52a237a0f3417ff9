"""Spans of time in the spelling of ISO 8601."""

import pytest

from smalt.kit import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5400, "PT1H30M"),
        (0, "PT0S"),
        (61.5, "PT1M1.5S"),
        (0.1, "PT0.1S"),
        (86400, "PT24H"),
        (1e-310, "PT0S"),
        (59.9999999999, "PT1M"),
    ],
)
def test_a_span_is_spelled_without_powers_of_ten(seconds, text):
    assert duration.to_iso(seconds) == text


@pytest.mark.parametrize("seconds", [0, 1, 59.25, 3600, 10**9])
def test_a_span_comes_back_as_it_was(seconds):
    assert duration.from_iso(duration.to_iso(seconds)) == seconds


def test_a_span_beyond_all_numbers_is_refused():
    with pytest.raises(ValueError, match="longer than any number"):
        duration.from_iso("P" + "9" * 400 + "D")
