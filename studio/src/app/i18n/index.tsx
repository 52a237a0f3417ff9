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

/** How English says of one what it says of many. Japanese says both alike. */
const OF_ONE: Partial<Record<Message, string>> = {
  "{count} cells": "{count} cell",
  "{count} days": "{count} day",
  "{count} files, {size}": "{count} file, {size}",
  "{count} jobs": "{count} job",
  "{count} lines, {size}": "{count} line, {size}",
  "{count} packages": "{count} package",
  "{count} problems": "{count} problem",
  "{count} rows": "{count} row",
  "{count} runs": "{count} run",
  "{count} steps": "{count} step",
  "{count} tokens": "{count} token",
  "{count} variants": "{count} variant",
  "from {count} requests on": "from {count} request on",
  "load {load}, {count} cores": "load {load}, {count} core",
};

const english: Translate = (message, values) => filled((values?.count === 1 && OF_ONE[message]) || message, values);

const Context = createContext<Words>({
  language: "en",
  t: english,
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
  const t: Translate = words ? (message, values) => filled(words[message], values) : english;
  const choose = (next: Language) => {
    localStorage.setItem(KEY, next);
    setLanguage(next);
  };
  return <Context value={{ language, t, choose }}>{children}</Context>;
}

export const useWords = (): Words => use(Context);
export const useT = (): Translate => use(Context).t;
