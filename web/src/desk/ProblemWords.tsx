/** What stands against a plan apart from zones: where, what, and what to do about it. */
import type { PatrolCheck } from "../api/types";
import { hasWord, word } from "../i18n";
import { saidWords } from "../i18n/said";

export function ProblemWords({ one }: { one: PatrolCheck["problems"][number] }) {
  return (
    <>
      {hasWord("problem_where", one.where) ? word("problem_where", one.where) : one.where}: {saidWords(one.what, one.what_said)}{" "}
      {one.remedy && `→ ${saidWords(one.remedy, one.remedy_said)}`}
    </>
  );
}
