/** What a vehicle does, in words. */
import type { Reason, Vehicle } from "../api/types";
import { hasWord, language, t, word } from "../i18n";
import { saidWords } from "../i18n/said";
import type { Desk } from "./desk";

const DONE_OR_NONE = new Set(["done", "failed", "aborted", "timed_out"]);

/** "Patrolling, leg 3 of 12": the state in one sentence. */
export function doingWords(vehicle: Vehicle): string {
  const { state } = vehicle;
  if (vehicle.out_of_service !== null) return t("vehicle.out_of_service");
  if (state.age_s === null) return t("vehicle.never_heard");
  if (!state.link_up) return state.is_airborne ? t("vehicle.lost_in_flight") : t("vehicle.lost");
  if (vehicle.doing === "nothing" && !state.is_airborne) {
    return vehicle.readiness.is_ready ? t("vehicle.ready") : t("vehicle.not_ready");
  }
  const what = word("doing", vehicle.doing);
  return state.is_airborne ? what : `${what} · ${word("order", vehicle.order_state ?? "")}`;
}

/** What comes next: the leg under way, or nothing planned. */
export function nextWords(vehicle: Vehicle, desk: Desk): string {
  if (!vehicle.order_id || DONE_OR_NONE.has(vehicle.order_state ?? "")) return t("vehicle.nothing_planned");
  const leg = hasWord("leg", vehicle.current_leg) ? word("leg", vehicle.current_leg) : desk.names.part(vehicle.current_leg);
  return t("vehicle.next", { leg, done: vehicle.legs_done, total: vehicle.legs_total });
}

export function reasonWords(reason: Reason): string {
  const told = reason.params ?? {};
  // What a reason quotes (the word of a link, of an autopilot) is translated with it.
  const isQuoting = language() === "zh" && "because" in told;
  if (isQuoting || !hasWord("ready", reason.code)) return saidWords(reason.text, reason.text_said);
  const { state } = told;
  const params = typeof state === "string" ? { ...told, state: word("order", state) } : told;
  return word("ready", reason.code, params);
}
