/** When a patrol starts, in words: "every day · 06:30". */
import { t, word } from "../../i18n";
import { span } from "../../i18n/format";
import type { DraftSchedule } from "./patrol_draft";
import { everyS, rhythmOf } from "./schedule_rule";

export function scheduleWords(schedule: DraftSchedule | null): string {
  const rhythm = rhythmOf(schedule);
  if (!schedule) return word("rhythm", rhythm);
  const s = everyS(schedule.rule);
  if (s !== null) return every(s);
  const first = schedule.first_start_local.slice(11, 16);
  return onSiteClock(`${rhythm === "own" ? schedule.rule : word("rhythm", rhythm)} · ${first}`, schedule.time_zone);
}

/** Starts are on the clock of the site: it is named where the reader's is another. */
function onSiteClock(when: string, zone: string): string {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === own ? when : t("schedule.site_clock", { when, zone });
}

/** Starts are told exactly: 90 min is not "2 h". */
function every(s: number): string {
  const isWhole = s % 60 === 0 && s >= 60;
  const told = isWhole && s % 3600 !== 0 ? t("span.minutes", { n: s / 60 }) : span(s);
  return t("schedule.every", { span: told });
}
