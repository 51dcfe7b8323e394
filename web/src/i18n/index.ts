/** Texts in Chinese and English; the browser's language decides until somebody switches. */
import { useSyncExternalStore } from "react";
import en from "./en.json";
import zh from "./zh.json";

export type Language = "zh" | "en";
export type Key = keyof typeof en;
type Params = Record<string, string | number | boolean | null | undefined>;

const CATALOGUES: Record<Language, Record<string, string>> = { zh, en };
const REMEMBERED = "roundsman.language";
const listeners = new Set<() => void>();
let current: Language = firstLanguage();
showLanguage();

function firstLanguage(): Language {
  const remembered = localStorage.getItem(REMEMBERED);
  if (remembered === "zh" || remembered === "en") return remembered;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function showLanguage(): void {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
}

export function language(): Language {
  return current;
}

export function setLanguage(wanted: Language): void {
  current = wanted;
  localStorage.setItem(REMEMBERED, wanted);
  showLanguage();
  listeners.forEach((listener) => listener());
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(onLanguage, language);
}

/** Returns the text of `key`, its {placeholders} filled in; one of something has a text of its own where it needs one. */
export function t(key: Key, params: Params = {}): string {
  const texts = CATALOGUES[current];
  const one = params["n"] === 1 ? texts[`${key}.one`] : undefined;
  return fill(one ?? texts[key] ?? key, params);
}

/** Returns the text in a given language: a panel shows both. */
export function tIn(wanted: Language, key: Key, params: Params = {}): string {
  return fill(CATALOGUES[wanted][key] ?? key, params);
}

/** Returns the word for a value that the server names ("mode", "hold"); an unknown value is shown as it is. */
export function word(group: string, value: string, params: Params = {}): string {
  const text = CATALOGUES[current][`${group}.${value}`];
  return text === undefined ? value.replaceAll("_", " ") : fill(text, params);
}

/** Returns the word in a given language: a new thing has a name in both. */
export function wordIn(wanted: Language, group: string, value: string): string {
  return CATALOGUES[wanted][`${group}.${value}`] ?? value;
}

/** Reasons that the desk writes for people, or lays ready for them: whoever reads them may read the other language. */
const STOCK = /^(?:because|phrase)\./;
const stockKeys = new Map(
  Object.values(CATALOGUES).flatMap((texts) => Object.entries(texts).flatMap(([key, text]) => (STOCK.test(key) ? [[text, key] as const] : []))),
);

/** Returns a reason that was laid ready in the language of the page; what a person typed stays as it was typed. */
export function stockWords(text: string): string {
  const key = stockKeys.get(text);
  return key === undefined ? text : CATALOGUES[current][key] ?? text;
}

/** Says whether there is a word for a value. */
export function hasWord(group: string, value: string): boolean {
  return `${group}.${value}` in CATALOGUES[current];
}

/** Returns the name in the language of the page, or the other one where that is empty. */
export function nameOf(thing: { name: string; name_zh?: string | null }): string {
  return (current === "zh" ? thing.name_zh || thing.name : thing.name || thing.name_zh) ?? "";
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}
