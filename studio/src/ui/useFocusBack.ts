import { useEffect, useState } from "react";

/**
 * For a dialog that is there only while it is open: the keyboard goes on where it was before. Nothing is done where
 * somebody has taken the focus elsewhere, or where what had it is gone.
 */
export function useFocusBack(): void {
  // Kept while rendering: once the dialog is there, the focus is in it.
  const [before] = useState(() => lasting(document.activeElement));
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

/** An entry of a menu goes with it: what stays is the button that the menu belongs to. */
function lasting(element: Element | null): Element | null {
  const menu = element?.closest("[role=menu]");
  return menu ? document.getElementById(menu.getAttribute("aria-labelledby") ?? "") : element;
}
