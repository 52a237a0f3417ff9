import type { AriaLabelConfig } from "@xyflow/react";
import { useMemo } from "react";
import { useT } from "../../app/i18n";

/**
 * What a graph says to those who do not see it, and on its buttons.
 *
 * @param isEditable Whether its nodes can be moved and removed.
 */
export function useGraphWords(isEditable: boolean): Partial<AriaLabelConfig> {
  const t = useT();
  return useMemo(() => {
    const choose = t("Press Enter or the space bar to choose it.");
    const change = isEditable ? `${choose} ${t("Arrow keys move it, Delete removes it, Escape lets it go.")}` : choose;
    return {
      "node.a11yDescription.default": change,
      "node.a11yDescription.keyboardDisabled": change,
      "node.a11yDescription.ariaLiveMessage": ({ x, y }) => t("Moved to {x}, {y}.", { x, y }),
      "edge.a11yDescription.default": isEditable ? t("Press Enter to choose it, then Delete to remove it.") : choose,
      "controls.ariaLabel": t("View of the graph"),
      "controls.zoomIn.ariaLabel": t("Zoom in"),
      "controls.zoomOut.ariaLabel": t("Zoom out"),
      "controls.fitView.ariaLabel": t("Show the whole graph"),
      "minimap.ariaLabel": t("Overview"),
      "handle.ariaLabel": t("Port"),
    };
  }, [t, isEditable]);
}
