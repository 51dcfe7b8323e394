/** One run of a patrol, or a look. */
import { becauseWords } from "../i18n/said";
import { useCallback } from "react";
import { get } from "../api/client";
import type { ApiError } from "../api/client";
import type { Run } from "../api/types";
import { t, useLanguage, word } from "../i18n";
import { time } from "../i18n/format";
import { ProblemBox } from "../shared/ProblemBox";
import { BecauseMoves } from "./Because";
import { CoverageOfRun } from "./coverage/CoverageOfRun";
import { RemainderOfRun } from "./coverage/Remainder";
import { useDesk, useLive, useLoaded } from "./hooks";
import { select } from "./selection";

const ACTIVE = new Set(["planned", "running", "interrupted"]);

export function RunPanel({ id }: { id: string }) {
  useLanguage();
  const { run, error } = useRun(id);
  if (!run) return error ? <ProblemBox error={error} /> : <p className="empty">{t("loading")}</p>;
  return (
    <article className="panel">
      <RunBody run={run} isPage />
      <CoverageOfRun run={run} />
    </article>
  );
}

/** A run within the page of its patrol. */
export function RunOfPatrol({ id, onInHand }: { id: string; onInHand: (id: string, isInHand: boolean) => void }) {
  const { run, error } = useRun(id);
  const tell = useCallback((isInHand: boolean) => onInHand(id, isInHand), [onInHand, id]);
  return run ? <RunBody run={run} onInHand={tell} /> : <ProblemBox error={error} />;
}

function useRun(id: string): { run: Run | null; error: ApiError | null } {
  const live = useLive("runs").runs.get(id);
  const loaded = useLoaded(() => get<Run>(`/runs/${id}`), live?.state ?? "", id);
  return { run: live ?? loaded.value, error: loaded.error };
}

interface BodyProps {
  run: Run;
  isPage?: boolean;
  onInHand?: ((isInHand: boolean) => void) | undefined;
}

function RunBody({ run, isPage = false, onInHand }: BodyProps) {
  const desk = useDesk();
  const { vehicle_id, patrol_id } = run;
  const Title = isPage ? "h1" : "h2";
  return (
    <section className="run">
      <Title>
        {desk.names.run(run)} · {word("run", run.state)}
      </Title>
      <p className="because">{becauseWords(run)}</p>
      {run.legs_total > 0 && (
        <>
          <progress max={run.legs_total} value={run.legs_done} aria-label={t("legs.progress")} />
          <p className="muted">{t("legs.done", { done: run.legs_done, total: run.legs_total })}</p>
        </>
      )}
      {run.state === "interrupted" && run.order_id && <RemainderOfRun run={run} />}
      <dl className="numbers">
        <dt>{t("run.asked")}</dt>
        <dd>
          {desk.names.actor(run.asked_by)} · {time(run.planned_at)}
        </dd>
        <dt>{t("run.started")}</dt>
        <dd>{time(run.started_at)}</dd>
        {run.ended_at && (
          <>
            <dt>{t("run.ended")}</dt>
            <dd>{time(run.ended_at)}</dd>
          </>
        )}
      </dl>
      <div className="buttons">
        {vehicle_id && (
          <button type="button" onClick={() => select({ kind: "vehicle", id: vehicle_id })}>
            {desk.names.vehicle(vehicle_id)}
          </button>
        )}
        {patrol_id && (
          <button type="button" onClick={() => select({ kind: "patrol", id: patrol_id })}>
            {t("run.patrol")}
          </button>
        )}
      </div>
      {desk.may("start_runs") && (
        <BecauseMoves
          moves={[{ to: "cancel", label: cancelWords(run), usual: t("because.cancel") }]}
          hasEnded={!ACTIVE.has(run.state)}
          phrases={[]}
          onInHand={onInHand}
          onMove={(_to, because) => desk.requests.cancelRun(run.id, because)}
        />
      )}
    </section>
  );
}

/** What the press does: a vehicle comes home, or none is concerned. */
function cancelWords(run: Run): string {
  return t(run.state === "running" ? "run.cancel" : "run.cancel_waiting");
}
