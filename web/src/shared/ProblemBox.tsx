/** What the server said no to, and what to do about it. */
import type { ApiError } from "../api/client";
import type { Problem, Said } from "../api/types";
import { hasWord, language, t, word } from "../i18n";
import { saidWords } from "../i18n/said";

type Mistake = NonNullable<Problem["problems"]>[number];

export function ProblemBox({ error, onClose }: { error: ApiError | null; onClose?: () => void }) {
  if (!error) return null;
  const { code, detail, detail_said, remedy, remedy_said, where, problems } = error.problem;
  const known = hasWord("problem", code) ? word("problem", code, error.problem.params) : null;
  return (
    <div className="problem" role="alert">
      {known && <strong>{known}</strong>}
      {!(known && code === "no_connection") && <span>{saidWords(detail, detail_said)}</span>}
      {where && <span className="muted">{hasWord("problem_where", where) ? word("problem_where", where) : where}</span>}
      {remedy && <span>→ {saidWords(remedy, remedy_said)}</span>}
      {problems && problems.length > 0 && (
        <ul>
          {problems.map((one, index) => (
            <li key={index}>
              <MistakeWords one={one} />
            </li>
          ))}
        </ul>
      )}
      {onClose && (
        <button type="button" className="quiet" onClick={onClose}>
          {t("close")}
        </button>
      )}
    </div>
  );
}

/** One mistake of many: a zone file tells its Chinese beside it, other things their codes. */
export function MistakeWords({ one }: { one: Mistake }) {
  const words = (field: string): string => {
    const chinese = language() === "zh" ? one[`${field}_zh`] : undefined;
    return typeof chinese === "string" ? chinese : saidWords(textOf(one[field]), one[`${field}_said`] as Said[] | undefined);
  };
  const remedy = words("remedy");
  return (
    <>
      <code>{words("where")}</code> {words("detail")}
      {remedy && ` → ${remedy}`}
    </>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
