/** Why a rule fired, in the language of the page where its numbers allow it. */
import { becauseWords } from "../i18n/said";
import type { Sighting } from "../api/types";
import { hasWord, word } from "../i18n";
import { percent } from "../i18n/format";

export function ruleWords(sighting: Sighting): string {
  if (!hasWord("rule_fired", sighting.rule)) return becauseWords(sighting);
  const facts = sighting.facts as Record<string, string | number>;
  const share = facts["full_share"];
  const sentence = word("rule_fired", sighting.rule, typeof share === "number" ? { ...facts, full_share: percent(share) } : facts);
  // A number that the rule does not tell any more leaves its place open: then the sentence of the rule itself is right.
  return /\{\w+\}/.test(sentence) ? becauseWords(sighting) : sentence;
}
