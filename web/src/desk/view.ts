/** What of the desk a page shows: on a screen with two pages one holds the map and the other the lists. The address bar
 * holds it, so that a bookmark leads back to it. */
import { useSyncExternalStore } from "react";
import type { Selection } from "./selection";

export const VIEWS = ["all", "map", "lists"] as const;
export type View = (typeof VIEWS)[number];

const NAME = "view";
/** What is drawn on the map needs the map and the table beside it. */
const DRAWN: readonly Selection["kind"][] = ["plan", "zones", "rounds"];
const listeners = new Set<() => void>();

export function viewOf(search: string): View {
  const told = new URLSearchParams(search).get(NAME);
  return VIEWS.find((one) => one === told) ?? "all";
}

/** What is shown for a selection: drawing needs all of it. */
export function shownView(wanted: View, selection: Selection | null): View {
  return selection && DRAWN.includes(selection.kind) ? "all" : wanted;
}

export function nextView(): void {
  const next = VIEWS[(VIEWS.indexOf(viewOf(location.search)) + 1) % VIEWS.length]!;
  const address = new URL(location.href);
  if (next === "all") address.searchParams.delete(NAME);
  else address.searchParams.set(NAME, next);
  history.replaceState(null, "", address);
  listeners.forEach((listener) => listener());
}

function onView(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useView(): View {
  return useSyncExternalStore(onView, () => viewOf(location.search));
}
