/** What the server said no to, and what to do about it. */
import type { ApiError } from "../api/client";
import { hasWord, t, word } from "../i18n";

export function ProblemBox({ error, onClose }: { error: ApiError | null; onClose?: () => void }) {
  if (!error) return null;
  const { code, detail, remedy, where, problems } = error.problem;
  const known = hasWord("problem", code) ? word("problem", code, error.problem.params) : null;
  return (
    <div className="problem" role="alert">
      {known && <strong>{known}</strong>}
      {!(known && code === "no_connection") && <span>{detail}</span>}
      {where && <span className="muted">{where}</span>}
      {remedy && <span>→ {remedy}</span>}
      {problems && problems.length > 0 && (
        <ul>
          {problems.map((one, index) => (
            <li key={index}>
              <code>{String(one["where"] ?? "")}</code> {String(one["detail"] ?? "")}
              {one["remedy"] ? ` → ${String(one["remedy"])}` : ""}
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
