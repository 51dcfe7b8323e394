/** Which of the allowed steps the desk offers as buttons; the server has the last word. */
import { word } from "../i18n";
import type { Move } from "./Because";

/** Steps that vehicles, workers with their photos, or the merging of doubles take. */
const NOT_HERE = new Set(["merged", "accepted", "handling", "handled", "deferred", "handed_back", "verifying"]);

export function incidentMoves(nextStates: string[], hasWorker: boolean): Move[] {
  return nextStates
    .filter((to) => !NOT_HERE.has(to) && (to !== "dispatched" || hasWorker))
    .map((to) => ({ to, label: word("incident_move", to) }));
}
