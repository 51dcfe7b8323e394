/** The usual recurrence rules by name, so that nobody has to know RFC 5545; any other rule is kept as it is. */
import type { DraftSchedule } from "./patrol_draft";

/** Local days, both included, on which nothing starts. */
export interface Blackout {
  first_day: string;
  last_day: string;
  because: string;
}

export function blackoutsOf(schedule: object | null): Blackout[] {
  const told: unknown = schedule && "blackouts" in schedule ? schedule.blackouts : [];
  return Array.isArray(told) ? (told as Blackout[]) : [];
}

/** Those of them that lie on one of these days. */
export function blackoutsOn(days: readonly string[], schedule: object | null): Blackout[] {
  return blackoutsOf(schedule).filter((one) => days.some((day) => one.first_day <= day && day <= one.last_day));
}

export type Rhythm = "by_hand" | "minutes" | "daily" | "weekdays" | "own";
export const RHYTHMS: readonly Rhythm[] = ["by_hand", "minutes", "daily", "weekdays", "own"];

const MINUTES = /^FREQ=MINUTELY;INTERVAL=(\d+)$/;
const RULES: Partial<Record<Rhythm, string>> = {
  minutes: "FREQ=MINUTELY;INTERVAL=30",
  daily: "FREQ=DAILY",
  weekdays: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
};

export function rhythmOf(schedule: DraftSchedule | null): Rhythm {
  if (schedule === null) return "by_hand";
  if (MINUTES.test(schedule.rule)) return "minutes";
  const known = RHYTHMS.find((rhythm) => RULES[rhythm] === schedule.rule);
  return known ?? "own";
}

const EVERY = /^FREQ=(SECONDLY|MINUTELY|HOURLY)(?:;INTERVAL=(\d+))?$/;
const UNITS_S: Record<string, number> = { SECONDLY: 1, MINUTELY: 60, HOURLY: 3600 };

/** The seconds between two starts of a rule that says only that; null for all others. */
export function everyS(rule: string): number | null {
  const [, unit, count] = EVERY.exec(rule) ?? [];
  return unit ? UNITS_S[unit]! * Number(count ?? 1) : null;
}

export function minutesOf(schedule: DraftSchedule): number {
  return Number(MINUTES.exec(schedule.rule)?.[1] ?? 30);
}

export function everyMinutes(minutes: number): string {
  return `FREQ=MINUTELY;INTERVAL=${Math.max(1, Math.round(minutes))}`;
}

/** The schedule in another rhythm; its first start and zone stay. */
export function inRhythm<T extends DraftSchedule>(
  rhythm: Rhythm,
  before: T | null,
  timeZone: string,
  nowMs: number,
): T | DraftSchedule | null {
  if (rhythm === "by_hand") return null;
  const first = { first_start_local: localText(nowMs, timeZone), time_zone: timeZone };
  const rule = RULES[rhythm] ?? before?.rule ?? "FREQ=DAILY";
  return { ...first, ...before, rule };
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone as "2026-11-21T20:05", the form that a `datetime-local` field wants. */
export function localText(ms: number, timeZone: string): string {
  return clockOf(timeZone).format(new Date(ms)).replace(" ", "T");
}

/** To make a formatter takes longer than to use it a hundred times. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const digits = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const clock = clocks.get(timeZone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", ...digits });
  clocks.set(timeZone, clock);
  return clock;
}
