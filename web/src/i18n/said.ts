/** What the server says, in the language of the page: its sentences come with codes, and the catalogue has them in both. */
import catalogue from "../../../api/sentences.json";
import type { Said } from "../api/types";
import { language, stockWords, word } from "./index";
import type { Language } from "./index";
import { listed, time } from "./format";

const FORMS = catalogue as Record<string, Record<Language, string>>;
const AS_IT_IS = "as_it_is";
const BETWEEN: Record<Language, string> = { zh: "；", en: "; " };
const LONG_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Values that are words of ours. */
const GROUPS: Record<string, string> = {
  order_state: "order",
  run_state: "run",
  incident_state: "incident",
  alarm_state: "alarm",
  fate: "fate",
  mode: "mode",
  doing: "doing",
  command: "command",
  rule: "rule",
  list: "list",
};

/** Finds the name of a vehicle, a zone, a kind …, in the language of the page; undefined where there is none. */
type NameFinder = (what: string, value: string) => string | undefined;
let findName: NameFinder = () => undefined;

/** The desk knows the names of things. */
export function setNames(finder: NameFinder): void {
  findName = finder;
}

/** The sentence with the names of things in the language of the page, where all or some of it is known. */
export function saidWords(sentence: string, said: readonly Said[] | undefined): string {
  if (!said || said.length === 0) return stockWords(sentence);
  return said.map(formed).join(BETWEEN[language()]);
}

/** Why something is as it is. */
export function becauseWords(told: { because: string; because_said?: readonly Said[] }): string {
  return saidWords(told.because, told.because_said);
}

function formed(said: Said): string {
  if (said.code === AS_IT_IS) return typeof said.params["text"] === "string" ? stockWords(said.params["text"]) : said.code;
  const form = FORMS[said.code]?.[language()];
  if (form === undefined) return said.code;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => valueWords(name.replace(/^other_/, ""), said.params[name]) ?? whole);
}

function valueWords(name: string, value: string | Said[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return value.map(formed).join(BETWEEN[language()]);
  const group = GROUPS[name];
  if (group) return language() === "en" ? value : word(group, value.replaceAll(" ", "_"));
  if (name === "at" && !Number.isNaN(Date.parse(value))) return time(value, false);
  if (name === "vehicles") return listed(value.split(/, | and /).map((one) => findName("vehicle", one) ?? one));
  if (name === "names") return listed(value.split(", ").map((one) => findName("zone", one) ?? one));
  if (name === "docks") return listed(value.split(", ").map((one) => findName("dock", one) ?? one));
  // Enough of it to find it in a log; nobody reads the rest.
  if (LONG_ID.test(value)) return `…${value.slice(-6)}`;
  return findName(name, value) ?? value;
}
