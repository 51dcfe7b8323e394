/** How much of the ground that it was to see a run has really seen, and where it missed some. */
import { becauseWords } from "../../i18n/said";
import { useCallback, useEffect, useSyncExternalStore } from "react";
import type { Coverage, Run } from "../../api/types";
import { nameOf, t, useLanguage, word } from "../../i18n";
import { shareSeen, span } from "../../i18n/format";
import { ProblemBox } from "../../shared/ProblemBox";
import { useDesk, useDeskTopics } from "../hooks";
import { select } from "../selection";
import type { CoverageWatch } from "./coverage_watch";
import { flightOf, missedParts } from "./missed_draft";
import { isLowered, Lowered } from "./Remainder";

const SHOWN = 8;

export function useCoverage(): CoverageWatch {
  const { coverage } = useDesk();
  const listen = useCallback((listener: () => void) => coverage.on(["coverage"], listener), [coverage]);
  useSyncExternalStore(listen, () => coverage.version(["coverage"]));
  return coverage;
}

export function CoverageOfRun({ run }: { run: Run }) {
  useLanguage();
  const desk = useDesk();
  const { told, error } = useCoverage();
  const { id, ended_at, order_id } = run;
  useEffect(() => (order_id === null ? undefined : desk.coverage.look(id, ended_at)), [desk, id, ended_at, order_id]);
  if (order_id === null) return null;
  return (
    <section className="coverage" aria-label={t("coverage.title")}>
      <h3>{t("coverage.title")}</h3>
      {told && told.run_id === id && <Figures told={told} run={run} />}
      <ProblemBox error={error} />
    </section>
  );
}

function Figures({ told, run }: { told: Coverage; run: Run }) {
  if (told.seen_ratio === null) return <p className="muted">{becauseWords(told)}</p>;
  return (
    <>
      <p className="coverage-figure" role="status">
        <strong>{t("coverage.seen", { share: shareSeen(told.seen_ratio) })}</strong>
        {missedWords(told.missed_total)}
        {!told.is_final && <span className="muted"> · {t("coverage.so_far")}</span>}
      </p>
      <Lowered told={told} />
      <Parts told={told} />
      <Missed told={told} />
      <p className="hint">{t("coverage.on_map")}</p>
      <p className="muted">{t("coverage.assessed", { pictures: told.pictures, span: span(told.assessed_s) })}</p>
      {told.not_assessed
        .filter((one) => one.seconds >= 1)
        .map((one) => (
          <p key={one.why} className="muted">
            {t("coverage.unused", { why: word("view", one.why), span: span(one.seconds) })}
          </p>
        ))}
      {told.because && <p className="because">{becauseWords(told)}</p>}
      {told.is_final && told.missed_total > 0 && <PlanMissed told={told} run={run} />}
    </>
  );
}

function Parts({ told }: { told: Coverage }) {
  const desk = useDesk();
  useDeskTopics(desk, "patrols");
  const hasLost = told.parts.some(isLowered);
  return (
    <table className="coverage-parts">
      <thead>
        <tr>
          <th scope="col">{t("coverage.part")}</th>
          <th scope="col">{t("coverage.part_seen")}</th>
          <th scope="col">{t("coverage.part_planned")}</th>
          {hasLost && <th scope="col">{t("coverage.part_resumed")}</th>}
        </tr>
      </thead>
      <tbody>
        {told.parts.map((part, index) => (
          <tr key={index}>
            <th scope="row">{part.kind === "look" ? word("part", "look") : desk.names.part(part.name) || word("part", part.kind)}</th>
            <td>{shareSeen(part.seen_ratio)}</td>
            <td>{shareSeen(part.planned_ratio)}</td>
            {hasLost && <td>{part.resumed_ratio === null ? "–" : shareSeen(part.resumed_ratio)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Missed({ told }: { told: Coverage }) {
  const desk = useDesk();
  if (told.missed.length === 0) return null;
  return (
    <>
      <h4>{t("coverage.missed")}</h4>
      <ol className="coverage-missed">
        {told.missed.slice(0, SHOWN).map((one) => (
          <li key={one.number}>
            <button type="button" className="quiet" onClick={() => desk.showPlace(one.place)}>
              {desk.names.part(one.part) || "–"} · {t("coverage.area", { area: Math.round(one.area_m2) })}
            </button>
          </li>
        ))}
      </ol>
      {told.missed_total > SHOWN && <p className="muted">{t("coverage.more", { n: told.missed_total - SHOWN })}</p>}
    </>
  );
}

function PlanMissed({ told, run }: { told: Coverage; run: Run }) {
  const desk = useDesk();
  useDeskTopics(desk, "patrols");
  const patrol = desk.patrols?.find((one) => one.id === run.patrol_id);
  if (!patrol || !desk.may("plan_patrols")) return null;
  const plan = (): void => {
    const { planner } = desk;
    if (!planner.draft || planner.draft.id !== null) planner.open(null);
    const before = planner.draft;
    if (!before) return;
    const parts = [...before.parts, ...missedParts(told, patrol)];
    const named = before.name ? {} : { name: t("coverage.plan_name", { name: nameOf(patrol) }), ...flightOf(patrol) };
    planner.change({ ...named, parts });
    select({ kind: "plan", id: "new" });
  };
  return (
    <button type="button" onClick={plan}>
      {t("coverage.plan")}
    </button>
  );
}

function missedWords(count: number): string {
  if (count === 0) return t("coverage.missed_none");
  return t("coverage.missed_places", { n: count });
}
