/** One patrol: when, with what, start it now, its runs. */
import { becauseWords } from "../i18n/said";
import { useCallback, useState } from "react";
import { get } from "../api/client";
import type { Patrol, Run } from "../api/types";
import { nameOf, t, useLanguage, word } from "../i18n";
import { metres, time } from "../i18n/format";
import { HoldButton } from "../shared/HoldButton";
import { ProblemBox } from "../shared/ProblemBox";
import { useAction, useDesk, useDeskTopics, useLive, useLoaded } from "./hooks";
import { NextStart } from "./PatrolsPanel";
import { scheduleWords } from "./planning/schedule_words";
import { Row } from "./Row";
import { runsShown, withHeld } from "./held_runs";
import { RunOfPatrol } from "./RunPanel";
import { select } from "./selection";
import { doingWords } from "./vehicle_words";

const SHOWN_RUNS = 8;

export function PatrolPanel({ id }: { id: string }) {
  useLanguage();
  const desk = useDesk();
  useDeskTopics(desk, "patrols");
  const store = useLive("runs");
  const patrol = desk.patrols?.find((one) => one.id === id);
  const active = store.activeRuns().filter((run) => run.patrol_id === id);
  const { shown, hold } = useHeld(active.map((run) => run.id));
  if (!patrol) return <p className="empty">{desk.patrols ? t("patrol.unknown") : t("loading")}</p>;
  return (
    <article className="panel">
      <PatrolHead patrol={patrol} />
      {desk.may("plan_patrols") && (
        <button type="button" onClick={() => select({ kind: "plan", id })}>
          {t("plan.open")}
        </button>
      )}
      {shown.map((runId) => (
        <RunOfPatrol key={runId} id={runId} onInHand={hold} />
      ))}
      {desk.may("start_runs") && active.length === 0 && <Start patrol={patrol} />}
      <PastRuns patrolId={id} />
    </article>
  );
}

/** The runs under way, and those that ended while somebody had words in hand for them: those stay until they are put away. */
function useHeld(active: string[]): { shown: string[]; hold: (id: string, isInHand: boolean) => void } {
  const [held, setHeld] = useState<string[]>([]);
  const hold = useCallback((id: string, isInHand: boolean) => setHeld((old) => withHeld(old, id, isInHand)), []);
  return { shown: runsShown(active, held), hold };
}

function PatrolHead({ patrol }: { patrol: Patrol }) {
  const desk = useDesk();
  return (
    <header>
      <h1>{nameOf(patrol)}</h1>
      <p className="state-words">
        <NextStart at={patrol.next_start_at} isActive={patrol.is_active} />
      </p>
      <dl className="numbers">
        <dt>{t("patrol.parts")}</dt>
        <dd>{patrol.parts.map((part) => desk.names.part(String(part["name"] ?? part["type"]))).join(" → ")}</dd>
        <dt>{t("vehicle.height")}</dt>
        <dd>{metres(patrol.height_agl_m)}</dd>
        <dt>{t("vehicle.speed")}</dt>
        <dd>{patrol.speed_m_s} m/s</dd>
        <dt>{t("patrol.schedule")}</dt>
        <dd>{patrol.schedule ? scheduleWords(patrol.schedule) : t("patrol.by_hand")}</dd>
      </dl>
    </header>
  );
}

function Start({ patrol }: { patrol: Patrol }) {
  const desk = useDesk();
  const store = useLive("vehicles");
  const action = useAction();
  const [vehicleId, setVehicleId] = useState("");
  const mayFly = [...store.vehicles.values()].filter(
    (one) => patrol.vehicle_ids.length === 0 || patrol.vehicle_ids.includes(one.id),
  );
  return (
    <section>
      <h2>{t("patrol.start_title")}</h2>
      <label>
        {t("patrol.vehicle")}
        <select value={vehicleId} onChange={(event) => setVehicleId(event.target.value)}>
          <option value="">{t("patrol.any_vehicle")}</option>
          {mayFly.map((one) => (
            <option key={one.id} value={one.id}>
              {nameOf(one)} · {doingWords(one)}
            </option>
          ))}
        </select>
      </label>
      <HoldButton onFire={() => void action.run(() => desk.requests.startPatrol(patrol.id, vehicleId || null))} tone="acting">
        {t("patrol.start")}
      </HoldButton>
      <p className="hint">{t("hold.how")}</p>
      {action.isBusy && <p className="fate">{t("fate.sending")}</p>}
      <ProblemBox error={action.error} onClose={action.clear} />
    </section>
  );
}

function PastRuns({ patrolId }: { patrolId: string }) {
  const store = useLive("runs");
  const states = [...store.runs.values()].filter((run) => run.patrol_id === patrolId).map((run) => run.state);
  const past = useLoaded(() => get<{ runs: Run[] }>("/runs?limit=100"), states.join(), patrolId);
  const own = past.value?.runs.filter((run) => run.patrol_id === patrolId && run.ended_at) ?? [];
  return (
    <section>
      <h2>{t("patrol.past")}</h2>
      {past.value && own.length === 0 && <p className="empty">{t("patrol.no_runs")}</p>}
      {own.slice(0, SHOWN_RUNS).map((run) => (
        <Row key={run.id} selection={{ kind: "run", id: run.id }}>
          <span className="row-title">
            {word("run", run.state)} · {time(run.started_at ?? run.planned_at)}
          </span>
          <span className="row-more">{becauseWords(run)}</span>
        </Row>
      ))}
      <ProblemBox error={past.error} />
    </section>
  );
}
