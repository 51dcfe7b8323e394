/** How much of what is left of an interrupted run is flown when it is taken up again: told before somebody lets it go on. */
import { becauseWords } from "../../i18n/said";
import { get } from "../../api/client";
import type { Coverage, Run, RunRemainder } from "../../api/types";
import { t } from "../../i18n";
import { shareSeen } from "../../i18n/format";
import { ProblemBox } from "../../shared/ProblemBox";
import { useDesk, useLive, useLoaded } from "../hooks";

const LEAST = 0.001;

/** The run that the vehicle was taken from, if any: it goes on with it after what it does now. */
export function RemainderOfVehicle({ vehicleId }: { vehicleId: string }) {
  const desk = useDesk();
  const store = useLive("runs");
  const run = store.activeRuns().find((one) => one.state === "interrupted" && one.vehicle_id === vehicleId);
  if (!run) return null;
  return (
    <section className="remainder">
      <p>{t("remainder.waits", { run: desk.names.run(run) })}</p>
      <RemainderOfRun run={run} />
    </section>
  );
}

export function RemainderOfRun({ run }: { run: Run }) {
  const key = `${run.revision} ${run.state}`;
  const { value, error } = useLoaded(() => get<RunRemainder>(`/runs/${run.id}/remainder`), key, run.id);
  if (error) return <ProblemBox error={error} />;
  return value ? <RemainderWords told={value} /> : <p className="muted">{t("remainder.asking")}</p>;
}

export function RemainderWords({ told }: { told: RunRemainder }) {
  if (told.flown_ratio === null) return <p className="note">{t("remainder.not", { because: becauseWords(told) })}</p>;
  if (told.flown_ratio >= 1) return <p className="muted">{t("remainder.whole")}</p>;
  return <p className="note">{t("remainder.part", { share: shareSeen(told.flown_ratio) })}</p>;
}

/** Whether less is planned than at the start, since it was taken up again. */
export function isLowered(one: { planned_ratio: number | null; resumed_ratio: number | null }): boolean {
  return one.resumed_ratio !== null && one.planned_ratio !== null && one.resumed_ratio < one.planned_ratio - LEAST;
}

/** What taking it up again has cost, in the run's record. */
export function Lowered({ told }: { told: Pick<Coverage, "planned_ratio" | "resumed_ratio"> }) {
  if (!isLowered(told)) return null;
  const shares = { now: shareSeen(told.resumed_ratio ?? 0), first: shareSeen(told.planned_ratio ?? 0) };
  return <p className="note">{t("remainder.lowered", shares)}</p>;
}
