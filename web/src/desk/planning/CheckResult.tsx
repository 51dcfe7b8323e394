/** What the plan would be: minutes, metres, battery, coverage, what stands against it, and what a failure would do. */
import { becauseWords, saidWords } from "../../i18n/said";
import { ProblemWords } from "../ProblemWords";
import { get } from "../../api/client";
import type { Failsafes, PatrolCheck } from "../../api/types";
import { t, word } from "../../i18n";
import { colon, metres, percent, shareSeen, span } from "../../i18n/format";
import { ProblemBox } from "../../shared/ProblemBox";
import { useDesk, useLoaded } from "../hooks";
import { FailsafeRows } from "../VehiclePanel";
import { usePlanner } from "./hooks";
import { isDrawn } from "./patrol_draft";

/** Less of the drawn ground than this is worth a word: a route that can be flown may still leave most of it out. */
const ENOUGH = 0.95;

export function CheckResult() {
  const { check, error, isChecking, draft } = usePlanner();
  const isAnyDrawn = draft?.parts.some(isDrawn) ?? false;
  return (
    <section className="check" aria-live="polite" aria-busy={isChecking}>
      <h2>
        {t("plan.result")} {isChecking && <span className="muted">· {t("plan.checking")}</span>}
      </h2>
      {!isAnyDrawn && <p className="empty">{t("plan.draw_first")}</p>}
      <ProblemBox error={error} />
      {check && <Result check={check} />}
    </section>
  );
}

function Result({ check }: { check: PatrolCheck }) {
  const desk = useDesk();
  return (
    <>
      <p className={`verdict ${check.is_flyable ? "good" : "bad"}`}>
        {check.is_flyable ? `✓ ${t("import.good")}` : `✕ ${t("import.bad")}`}
      </p>
      <dl className="numbers">
        <dt>{t("patrol.vehicle")}</dt>
        <dd>{desk.names.vehicle(check.vehicle_id)}</dd>
        <dt>{t("plan.duration")}</dt>
        <dd>
          {span(check.duration_s)} · {metres(check.distance_m)}
        </dd>
        <dt>{t("vehicle.battery")}</dt>
        <dd>
          <Battery check={check} />
        </dd>
        {check.covered_ratio !== null && (
          <>
            <dt>{t("plan.covered")}</dt>
            <dd>{shareSeen(check.covered_ratio)}</dd>
          </>
        )}
      </dl>
      {check.covered_ratio !== null && check.covered_ratio < ENOUGH && (
        <p className="note">{t("plan.covered_little", { share: percent(check.covered_ratio) })}</p>
      )}
      <Against check={check} />
      <details>
        <summary>{t("failsafes.title")}</summary>
        <VehicleFailsafes vehicleId={check.vehicle_id} />
      </details>
    </>
  );
}

function Battery({ check }: { check: PatrolCheck }) {
  const share = check.usable_s > 0 ? check.duration_s / check.usable_s : 1;
  const text = t("plan.battery_used", { percent: percent(share), span: span(check.usable_s) });
  return (
    <>
      <meter min={0} max={1} high={0.85} optimum={0.4} value={Math.min(1, share)} aria-label={text} /> {text}
    </>
  );
}

/** Each reason leads to its place on the map. */
function Against({ check }: { check: PatrolCheck }) {
  const desk = useDesk();
  return (
    <ul className="reasons">
      {check.problems.map((one, index) => (
        <li key={`p${index}`}>
          <ProblemWords one={one} />
        </li>
      ))}
      {check.violations.map((one, index) => (
        <li key={`v${index}`}>
          {one.place ? (
            <button type="button" className="quiet place" onClick={() => desk.showPlace(one.place as [number, number])}>
              ◎ {index + 1}
            </button>
          ) : null}{" "}
          {one.leg === null ? word("phase", one.phase) : t("plan.leg", { n: one.leg })}
          {colon()}
          {becauseWords(one)}{" "}
          {one.remedy && `→ ${saidWords(one.remedy, one.remedy_said)}`}
        </li>
      ))}
    </ul>
  );
}

function VehicleFailsafes({ vehicleId }: { vehicleId: string }) {
  const path = `/vehicles/${encodeURIComponent(vehicleId)}/failsafes`;
  const { value, error } = useLoaded(() => get<Failsafes>(path), "", vehicleId);
  return (
    <>
      <ProblemBox error={error} />
      <FailsafeRows rows={value?.rows ?? []} />
    </>
  );
}
