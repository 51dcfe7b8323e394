/** What is selected; the address bar holds it, so that a link or a reload leads back to it. */
import { useSyncExternalStore } from "react";

export type SelectionKind = "vehicle" | "patrol" | "incident" | "alarm" | "sighting" | "run" | "plan" | "zones" | "rounds" | "week" | "notice";

export interface Selection {
  kind: SelectionKind;
  id: string;
}

const KINDS: readonly string[] = ["vehicle", "patrol", "incident", "alarm", "sighting", "run", "plan", "zones", "rounds", "week", "notice"];
let parsed: { hash: string; selection: Selection | null } = { hash: "", selection: null };

export function parseHash(hash: string): Selection | null {
  const [kind, id] = hash.replace(/^#\/?/, "").split("/");
  if (!kind || !id || !KINDS.includes(kind)) return null;
  return { kind: kind as SelectionKind, id: decodeURIComponent(id) };
}

export function select(selection: Selection | null): void {
  const hash = selection ? `#/${selection.kind}/${encodeURIComponent(selection.id)}` : "#/";
  if (location.hash !== hash) location.hash = hash;
}

export function selected(): Selection | null {
  if (parsed.hash !== location.hash) parsed = { hash: location.hash, selection: parseHash(location.hash) };
  return parsed.selection;
}

export function onSelection(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

export function useSelection(): Selection | null {
  return useSyncExternalStore(onSelection, selected);
}
