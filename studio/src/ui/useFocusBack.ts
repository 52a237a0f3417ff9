import { useEffect, useState } from "react";

/**
 * For a dialog that is there only while it is open: the keyboard goes on where it was before. Nothing is done where
 * somebody has taken the focus elsewhere, or where what had it is gone.
 */
export function useFocusBack(): void {
  // Kept while rendering: once the dialog is there, the focus is in it.
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After the dialog has left the page, which takes the focus with it.
      requestAnimationFrame(() => {
        const isLost = document.activeElement === null || document.activeElement === document.body;
        if (isLost && before instanceof HTMLElement && before.isConnected) before.focus();
      });
    },
    [before],
  );
}
