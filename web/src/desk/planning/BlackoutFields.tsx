/** Days on which nothing starts: a fair, an examination, a closed road; each with its reason. */
import { t } from "../../i18n";
import { Field } from "./Field";
import type { Blackout } from "./schedule_rule";

interface Props {
  blackouts: Blackout[];
  /** The site's today, where a new one begins. */
  today: () => string;
  onChange: (blackouts: Blackout[]) => void;
}

export function BlackoutFields({ blackouts, today, onChange }: Props) {
  const set = (at: number, changes: Partial<Blackout>): void =>
    onChange(blackouts.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  return (
    <fieldset className="blackouts">
      <legend>{t("plan.blackouts")}</legend>
      {blackouts.map((one, index) => (
        <div key={index} className="fields">
          <Day label={t("plan.first_day")} value={one.first_day} onChange={(first_day) => set(index, moved(one, first_day))} />
          <Day label={t("plan.last_day")} min={one.first_day} value={one.last_day} onChange={(last_day) => set(index, { last_day })} />
          <Field label={t("moves.because")} value={one.because} onChange={(because) => set(index, { because })} />
          <button type="button" className="quiet" onClick={() => onChange(blackouts.filter((_, at) => at !== index))}>
            ✕ {t("plan.blackout_remove")}
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...blackouts, { first_day: today(), last_day: today(), because: "" }])}>
        + {t("plan.blackout_add")}
      </button>
    </fieldset>
  );
}

/** The last day never lies before the first. */
function moved(one: Blackout, first_day: string): Partial<Blackout> {
  return { first_day, last_day: one.last_day < first_day ? first_day : one.last_day };
}

function Day({ label, value, min, onChange }: { label: string; value: string; min?: string; onChange: (day: string) => void }) {
  return (
    <label>
      {label}
      <input type="date" value={value} min={min} onChange={(event) => event.target.value && onChange(event.target.value)} />
    </label>
  );
}
