/** When a patrol starts: the usual rhythms by name, any other rule as it is written. */
import { t, word } from "../../i18n";
import { useDesk } from "../hooks";
import { BlackoutFields } from "./BlackoutFields";
import { Amount, Field } from "./Field";
import { usePlanner } from "./hooks";
import type { PatrolDraft } from "./patrol_draft";
import { blackoutsOf, everyMinutes, inRhythm, localText, minutesOf, RHYTHMS, rhythmOf } from "./schedule_rule";
import type { Rhythm } from "./schedule_rule";

const DAYS = ["every_day", "working_days", "days_off"];
const OVERLAPS = ["skip", "wait", "together"];
const MISSED = ["skip", "once"];

interface Chance {
  window_s: number;
  reverses?: boolean;
}

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
            <Choice label={t("plan.days")} group="days" values={DAYS} value={schedule["days"]} onChange={(days) => set({ days })} />
            <Choice
              label={t("plan.on_overlap")}
              group="on_overlap"
              values={OVERLAPS}
              value={schedule["on_overlap"]}
              onChange={(on_overlap) => set({ on_overlap })}
            />
            <Choice
              label={t("plan.on_missed")}
              group="on_missed"
              values={MISSED}
              value={schedule["on_missed"]}
              onChange={(on_missed) => set({ on_missed })}
            />
            <ChanceFields chance={schedule["chance"] as Chance | null} onChange={(chance) => set({ chance })} />
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
      {schedule && (
        <BlackoutFields
          blackouts={blackoutsOf(schedule)}
          today={() => localText(Date.now(), timeZone).slice(0, 10)}
          onChange={(blackouts) => set({ blackouts })}
        />
      )}
    </section>
  );
}

interface ChoiceProps {
  label: string;
  group: string;
  values: string[];
  value: unknown;
  onChange: (value: string) => void;
}

/** One of a few words; the first is what the server takes when nothing is said. */
function Choice({ label, group, values, value, onChange }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={typeof value === "string" ? value : values[0]} onChange={(event) => onChange(event.target.value)}>
        {values.map((one) => (
          <option key={one} value={one}>
            {word(group, one)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Rounds that cannot be foreseen; no minutes and no other way round means none of it. */
function ChanceFields({ chance, onChange }: { chance: Chance | null | undefined; onChange: (chance: Chance | null) => void }) {
  const minutes = Math.round((chance?.window_s ?? 0) / 60);
  const put = (window_s: number, reverses: boolean): void =>
    onChange(window_s > 0 || reverses ? { ...chance, window_s, reverses } : null);
  return (
    <>
      <Amount
        label={t("plan.chance")}
        unit="min"
        min={0}
        max={1440}
        value={minutes}
        onChange={(next) => put(next * 60, chance?.reverses ?? false)}
      />
      <label className="tick">
        <input
          type="checkbox"
          checked={chance?.reverses ?? false}
          onChange={(event) => put(chance?.window_s ?? 0, event.target.checked)}
        />
        {t("plan.reverses")}
      </label>
    </>
  );
}
