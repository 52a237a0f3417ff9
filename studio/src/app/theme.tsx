import { webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { createContext, use, useEffect, useState, useSyncExternalStore } from "react";

export const themes = { light: webLightTheme, dark: webDarkTheme };

export type Shown = keyof typeof themes;

export interface ThemeChoice {
  shown: Shown;
  toggle: () => void;
}

const KEY = "smalt.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** The theme that was chosen here, or else the one the system prefers. */
export function useThemeChoice(): ThemeChoice {
  const preferred = useSyncExternalStore(
    (changed) => {
      dark.addEventListener("change", changed);
      return () => dark.removeEventListener("change", changed);
    },
    () => (dark.matches ? "dark" : "light"),
  );
  const [chosen, setChosen] = useState<Shown | null>(() => {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  });
  const shown = chosen ?? preferred;
  useEffect(() => {
    document.documentElement.style.colorScheme = shown;
  }, [shown]);
  const toggle = () => {
    const next = shown === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, next);
    setChosen(next);
  };
  return { shown, toggle };
}

export const ThemeContext = createContext<ThemeChoice>({ shown: "light", toggle: () => undefined });

export const useTheme = (): ThemeChoice => use(ThemeContext);
