"""What became of mini-batches and items so far, and whether that is still tolerable. No I/O."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings


class Tally:
    """Counts of one job.

    Args:
        total: How many mini-batches there are.
        settings: The thresholds.
    """

    def __init__(self, total: int, settings: Settings) -> None:
        self.total = total
        self.processed_batches = 0
        self.failed_batches = 0
        self.processed_items = 0
        self.failed_items = 0
        self._settings = settings

    @property
    def remaining_batches(self) -> int:
        """Mini-batches without an end."""
        return self.total - self.processed_batches - self.failed_batches

    def note_result(self, items: int, rows: int) -> bool:
        """Count a mini-batch that returned `rows` for `items`; whether it is a failed one, as rows are missing.

        Where any number of failed items is tolerated, returning less than was given is the script's own affair.
        """
        missing = max(0, items - rows)
        self.processed_items += items - missing
        if missing and self._settings.error_threshold >= 0:
            self.failed_items += missing
            self.failed_batches += 1
            return True
        self.processed_batches += 1
        return False

    def note_failure(self, items: int) -> None:
        """Count a mini-batch that was given up."""
        self.failed_batches += 1
        self.failed_items += items

    def verdict(self) -> str | None:
        """Why the job cannot succeed any more, or None."""
        asked = self._settings
        if 0 <= asked.error_threshold < self.failed_items:
            return f"{self.failed_items} items failed; error_threshold tolerates {asked.error_threshold}."
        if 0 <= asked.mini_batch_error_threshold < self.failed_batches:
            return (
                f"{self.failed_batches} mini-batches failed; mini_batch_error_threshold tolerates "
                f"{asked.mini_batch_error_threshold}."
            )
        percent = 100 * self.failed_batches / self.total if self.total else 0
        if percent > asked.allowed_failed_percent:
            return (
                f"{self.failed_batches} of {self.total} mini-batches failed ({percent:.1f} %); "
                f"--allowed_failed_percent tolerates {asked.allowed_failed_percent:g}."
            )
        return None
