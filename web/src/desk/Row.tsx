/** One line of a list: reachable by Tab, arrows go up and down, Enter opens. */
import type { KeyboardEvent, ReactNode } from "react";
import type { Selection } from "./selection";
import { select, useSelection } from "./selection";

interface Props {
  selection: Selection;
  tone?: "alarm" | "decision" | "plain";
  children: ReactNode;
}

export function Row({ selection, tone = "plain", children }: Props) {
  const current = useSelection();
  const isCurrent = current?.kind === selection.kind && current.id === selection.id;
  return (
    <button
      type="button"
      className={`row ${tone}${isCurrent ? " current" : ""}`}
      aria-current={isCurrent}
      data-row={`${selection.kind}/${selection.id}`}
      onClick={() => select(selection)}
    >
      {children}
    </button>
  );
}

/** Arrow keys walk through all rows of a column; the one to the right leads to what is selected. */
export function walkRows(event: KeyboardEvent<HTMLElement>): void {
  if (event.key === "ArrowRight" && (event.target as HTMLElement).matches("[data-row]")) {
    document.querySelector<HTMLElement>(".selected-pane")?.focus();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  rows[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}
