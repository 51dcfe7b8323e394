/** The first stops of Tab: over long lists straight to one of the desk's parts. */
import { t } from "../i18n";

const PARTS = [
  [".needs-me", "left.title"],
  [".map canvas", "map.title"],
  [".selected-pane", "right.title"],
  [".strip", "strip.title"],
] as const;

export function Skips() {
  return (
    <nav className="skips" aria-label={t("skips.title")}>
      {PARTS.map(([part, title]) => (
        <button key={part} type="button" onClick={() => document.querySelector<HTMLElement>(part)?.focus()}>
          {t("skips.to", { part: t(title) })}
        </button>
      ))}
    </nav>
  );
}
