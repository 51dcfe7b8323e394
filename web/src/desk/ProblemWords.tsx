/** What stands against a plan apart from zones: where, what, and what to do about it. */
import type { PatrolCheck } from "../api/types";
import { hasWord, t, word } from "../i18n";
import { colon } from "../i18n/format";
import { saidWords } from "../i18n/said";
import { useDesk } from "./hooks";

export function ProblemWords({ one }: { one: PatrolCheck["problems"][number] }) {
  const desk = useDesk();
  const { place } = one;
  // Nobody reads degrees: the place is shown.
  const where = place ? one.where.replace(/\s*\([^()]*\)/, "") : one.where;
  return (
    <>
      {place && (
        <button type="button" className="quiet place" aria-label={t("rounds.show_place")} onClick={() => desk.showPlace(place)}>
          ◎
        </button>
      )}
      {hasWord("problem_where", where) ? word("problem_where", where) : where}
      {colon()}
      {saidWords(one.what, one.what_said)}{" "}
      {one.remedy && `→ ${saidWords(one.remedy, one.remedy_said)}`}
    </>
  );
}
