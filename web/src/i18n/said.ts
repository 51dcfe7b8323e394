/** What the server says, in the language of the page: its sentences come with codes, and the catalogue has their Chinese. */
import catalogue from "../../../api/sentences.json";
import type { Said } from "../api/types";
import { language, word } from "./index";
import { time } from "./format";

const CHINESE = catalogue as Record<string, { zh: string }>;
const AS_IT_IS = "as_it_is";

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

/** The sentence as it came in English, or its Chinese where all or some of it is known. */
export function saidWords(sentence: string, said: readonly Said[] | undefined): string {
  if (language() !== "zh" || !said || said.length === 0) return sentence;
  return said.map(chinese).join("；");
}

/** Why something is as it is. */
export function becauseWords(told: { because: string; because_said?: readonly Said[] }): string {
  return saidWords(told.because, told.because_said);
}

function chinese(said: Said): string {
  const form = said.code === AS_IT_IS ? "{text}" : CHINESE[said.code]?.zh;
  if (form === undefined) return said.code;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => valueWords(name.replace(/^other_/, ""), said.params[name]) ?? whole);
}

function valueWords(name: string, value: string | Said[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return value.map(chinese).join("；");
  const group = GROUPS[name];
  if (group) return word(group, value.replaceAll(" ", "_"));
  if (name === "at" && !Number.isNaN(Date.parse(value))) return time(value, false);
  if (name === "vehicles") return value.split(/, | and /).map((one) => findName("vehicle", one) ?? one).join("、");
  if (name === "names") return value.split(", ").map((one) => findName("zone", one) ?? one).join("、");
  return findName(name, value) ?? value;
}
