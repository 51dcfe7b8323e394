/** When a patrol starts, in words: "every day · 06:30". */
import { t, word } from "../../i18n";
import { span } from "../../i18n/format";
import type { DraftSchedule } from "./patrol_draft";
import { minutesOf, rhythmOf } from "./schedule_rule";

export function scheduleWords(schedule: DraftSchedule | null): string {
  const rhythm = rhythmOf(schedule);
  if (!schedule) return word("rhythm", rhythm);
  const first = schedule.first_start_local.slice(11, 16);
  if (rhythm === "minutes") return t("schedule.every", { span: span(minutesOf(schedule) * 60) });
  return `${rhythm === "own" ? schedule.rule : word("rhythm", rhythm)} · ${first}`;
}
