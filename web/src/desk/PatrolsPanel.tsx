/** All patrols: what runs, what comes next, start one now, bring one in from a file. */
import { becauseWords, saidWords } from "../i18n/said";
import { ProblemWords } from "./ProblemWords";
import { useRef, useState } from "react";
import type { PatrolCheck, PatrolGiven, Run } from "../api/types";
import { ApiError } from "../api/client";
import { nameOf, t, useLanguage, word } from "../i18n";
import { metres, span, until } from "../i18n/format";
import { ProblemBox } from "../shared/ProblemBox";
import { useAction, useDesk, useDeskTopics, useLive, useNow } from "./hooks";
import { Row, walkRows } from "./Row";
import { select } from "./selection";

export function PatrolsPanel() {
  useLanguage();
  const desk = useDesk();
  useDeskTopics(desk, "patrols");
  const store = useLive("runs");
  const runs = store.activeRuns();
  return (
    <article className="panel" onKeyDown={walkRows}>
      <header>
        <h1>{t("patrols.title")}</h1>
      </header>
      {runs.length > 0 && (
        <section>
          <h2>{t("patrols.running")}</h2>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </section>
      )}
      <section>
        <h2>{t("patrols.all")}</h2>
        {desk.patrols?.length === 0 && <p className="empty">{t("patrols.none")}</p>}
        {desk.patrols === null && <p className="empty">{t("loading")}</p>}
        {desk.patrols?.map((patrol) => (
          <Row key={patrol.id} selection={{ kind: "patrol", id: patrol.id }}>
            <span className="row-title">{nameOf(patrol)}</span>
            <span className="row-more">
              <NextStart at={patrol.next_start_at} isActive={patrol.is_active} />
            </span>
          </Row>
        ))}
      </section>
      <div className="buttons">
        {desk.may("plan_patrols") && (
          <button type="button" onClick={() => select({ kind: "plan", id: "new" })}>
            {t("plan.new")}
          </button>
        )}
        {desk.may("plan_patrols") && (
          <button type="button" onClick={() => select({ kind: "rounds", id: "draw" })}>
            {t("rounds.title")}
          </button>
        )}
        {desk.may("edit_zones") && (
          <button type="button" onClick={() => select({ kind: "zones", id: "all" })}>
            {t("zones.title")}
          </button>
        )}
        <button type="button" onClick={() => select({ kind: "week", id: "now" })}>
          {t("week.title")}
        </button>
        <button type="button" onClick={() => select({ kind: "notice", id: "compare" })}>
          {t("notice.title")}
        </button>
      </div>
      {desk.may("plan_patrols") && <Import />}
    </article>
  );
}

function RunRow({ run }: { run: Run }) {
  const desk = useDesk();
  return (
    <Row selection={{ kind: "run", id: run.id }}>
      <span className="row-title">
        {desk.names.run(run)} · {word("run", run.state)}
      </span>
      <span className="row-more">
        {run.vehicle_id ? `${desk.names.vehicle(run.vehicle_id)} · ` : ""}
        {run.state === "planned" ? becauseWords(run) : t("legs.done", { done: run.legs_done, total: run.legs_total })}
      </span>
    </Row>
  );
}

export function NextStart({ at, isActive }: { at: string | null; isActive: boolean }) {
  const nowMs = useNow();
  if (!isActive) return <>{t("patrol.inactive")}</>;
  if (at === null) return <>{t("patrol.by_hand")}</>;
  return <>{Date.parse(at) > nowMs ? t("patrol.next", { when: until(at, nowMs) }) : t("patrol.now")}</>;
}

interface Candidate {
  fileName: string;
  patrol: PatrolGiven;
  check: PatrolCheck;
}

/** A patrol from a JSON file: checked first, with everything that is wrong, stored only when somebody says so. */
function Import() {
  const desk = useDesk();
  const action = useAction();
  const input = useRef<HTMLInputElement>(null);
  const [candidates, setCandidates] = useState<Candidate[]>([]);
  const read = (file: File): void => {
    setCandidates([]);
    void action.run(async () => {
      const found: Candidate[] = [];
      for (const patrol of await patrolsOf(file)) {
        found.push({ fileName: file.name, patrol, check: await desk.requests.checkPatrol(patrol) });
      }
      setCandidates(found);
    });
  };
  const store = (candidate: Candidate): void =>
    void action.run(async () => {
      await desk.requests.addPatrol(candidate.patrol);
      setCandidates((known) => known.filter((one) => one !== candidate));
    });
  return (
    <section>
      <h2>{t("import.title")}</h2>
      <p className="muted">{t("import.what")}</p>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        aria-label={t("import.title")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) read(file);
          event.target.value = "";
        }}
        hidden
      />
      <button type="button" onClick={() => input.current?.click()} disabled={action.isBusy}>
        {action.isBusy ? t("import.busy") : t("import.choose")}
      </button>
      <ProblemBox error={action.error} onClose={action.clear} />
      {candidates.map((candidate, index) => (
        <Checked key={index} candidate={candidate} onStore={() => store(candidate)} />
      ))}
    </section>
  );
}

function Checked({ candidate, onStore }: { candidate: Candidate; onStore: () => void }) {
  const { check, patrol } = candidate;
  return (
    <div className={`checked${check.is_flyable ? "" : " bad"}`}>
      <strong>{nameOf({ name: patrol.name, name_zh: patrol.name_zh ?? "" })}</strong>
      <span>
        {t("import.length", { duration: span(check.duration_s), distance: metres(check.distance_m) })} ·{" "}
        {check.is_flyable ? t("import.good") : t("import.bad")}
      </span>
      <ul className="reasons">
        {check.problems.map((one, index) => (
          <li key={index}>
            <ProblemWords one={one} />
          </li>
        ))}
        {check.violations.map((one, index) => (
          <li key={index}>
            {becauseWords(one)} {one.remedy && `→ ${saidWords(one.remedy, one.remedy_said)}`}
          </li>
        ))}
      </ul>
      <button type="button" onClick={onStore}>
        {check.is_flyable ? t("import.store") : t("import.store_anyway")}
      </button>
    </div>
  );
}

/** Reads one patrol, or a list of them; raises ApiError with what is wrong with the file. */
async function patrolsOf(file: File): Promise<PatrolGiven[]> {
  try {
    const read = JSON.parse(await file.text()) as PatrolGiven | PatrolGiven[];
    return Array.isArray(read) ? read : [read];
  } catch (error) {
    throw new ApiError({
      status: 0,
      code: "not_json",
      detail: String(error),
      where: file.name,
      remedy: t("import.not_json_remedy"),
    });
  }
}
