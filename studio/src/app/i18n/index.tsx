/** The words of the pages. English is the key; every other language has to have all of them, or it does not compile. */
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import type { ja } from "./ja";

export type Message = keyof typeof ja;
export type Language = "en" | "ja";
export type Translate = (message: Message, values?: Record<string, string | number>) => string;

interface Words {
  language: Language;
  t: Translate;
  choose: (language: Language) => void;
}

const KEY = "smalt.language";

const filled = (text: string, values: Record<string, string | number> = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

const Context = createContext<Words>({
  language: "en",
  t: (message, values) => filled(message, values),
  choose: () => undefined,
});

function preferred(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === "en" || kept === "ja") return kept;
  return navigator.language.startsWith("ja") ? "ja" : "en";
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(preferred);
  const [table, setTable] = useState<Record<Message, string> | null>(null);
  useEffect(() => {
    document.documentElement.lang = language;
    if (language === "ja") void import("./ja").then((module) => setTable(module.ja));
  }, [language]);
  const words = language === "ja" ? table : null;
  const t: Translate = (message, values) => filled(words?.[message] ?? message, values);
  const choose = (next: Language) => {
    localStorage.setItem(KEY, next);
    setLanguage(next);
  };
  return <Context value={{ language, t, choose }}>{children}</Context>;
}

export const useWords = (): Words => use(Context);
export const useT = (): Translate => use(Context).t;
