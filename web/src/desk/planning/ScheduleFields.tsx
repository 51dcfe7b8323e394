/** When a patrol starts: the usual rhythms by name, any other rule as it is written. */
import { t, word } from "../../i18n";
import { useDesk } from "../hooks";
import { Amount, Field } from "./Field";
import { usePlanner } from "./hooks";
import type { PatrolDraft } from "./patrol_draft";
import { everyMinutes, inRhythm, minutesOf, RHYTHMS, rhythmOf } from "./schedule_rule";
import type { Rhythm } from "./schedule_rule";

export function ScheduleFields({ draft }: { draft: PatrolDraft }) {
  const desk = useDesk();
  const planner = usePlanner();
  const schedule = draft.schedule;
  const rhythm = rhythmOf(schedule);
  const timeZone = schedule?.time_zone ?? desk.site?.time_zone ?? "UTC";
  const set = (changes: object): void => {
    if (schedule) planner.change({ schedule: { ...schedule, ...changes } });
  };
  const choose = (next: Rhythm): void => {
    const changed = inRhythm(next, schedule, timeZone, Date.now());
    planner.change({ schedule: changed && { ...changed } });
  };
  return (
    <section>
      <h2>{t("patrol.schedule")}</h2>
      <div className="fields">
        <label>
          {t("plan.rhythm")}
          <select value={rhythm} onChange={(event) => choose(event.target.value as Rhythm)}>
            {RHYTHMS.map((one) => (
              <option key={one} value={one}>
                {word("rhythm", one)}
              </option>
            ))}
          </select>
        </label>
        {schedule && (
          <>
            {rhythm === "minutes" && (
              <Amount
                label={t("plan.every")}
                unit="min"
                min={1}
                max={1440}
                value={minutesOf(schedule)}
                onChange={(minutes) => set({ rule: everyMinutes(minutes) })}
              />
            )}
            {rhythm === "own" && <Field label={t("plan.rule")} value={schedule.rule} onChange={(rule) => set({ rule })} />}
            <label>
              {t("plan.first_start", { zone: timeZone })}
              <input
                type="datetime-local"
                value={schedule.first_start_local.slice(0, 16)}
                onChange={(event) => event.target.value && set({ first_start_local: `${event.target.value}:00` })}
              />
            </label>
          </>
        )}
      </div>
    </section>
  );
}
