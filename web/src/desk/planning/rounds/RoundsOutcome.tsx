/** What was found: how long places stay unseen, who walks where, whether it can be flown, and the patrols of it. */
import { useEffect, useRef, useState } from "react";
import { ApiError } from "../../../api/client";
import type { Rounds } from "../../../api/types";
import { nameOf, t, word } from "../../../i18n";
import { colon, metres, percent, span } from "../../../i18n/format";
import { becauseWords, saidWords } from "../../../i18n/said";
import { walkColour } from "../../../map/style";
import { HoldButton } from "../../../shared/HoldButton";
import { ProblemBox } from "../../../shared/ProblemBox";
import { useAction, useDesk, useLive, useNow } from "../../hooks";
import { ProblemWords } from "../../ProblemWords";
import { select } from "../../selection";
import { Field } from "../Field";
import { useRounds } from "../hooks";
import type { RoundsDraft } from "./rounds_draft";
import type { Checked, FoundRounds } from "./rounds_table";
import type { Walk } from "./walks";

export function RoundsFound({ draft }: { draft: RoundsDraft }) {
  const { found } = useRounds();
  const section = useRef<HTMLElement>(null);
  // What was asked for comes into sight; what is typed later stays where it is.
  useEffect(() => {
    if (found) section.current?.scrollIntoView({ block: "start" });
  }, [found]);
  if (!found) return null;
  return (
    <section ref={section} aria-label={t("rounds.walks")}>
      <Found draft={draft} found={found} />
    </section>
  );
}

export function RoundsSearch({ draft }: { draft: RoundsDraft }) {
  const table = useRounds();
  const isDrawn = (table.network?.nodes.length ?? 0) > 0;
  const isMissing = draft.items.some((item) => !item.shape);
  return (
    <section aria-live="polite" aria-busy={table.searchingSinceMs !== null}>
      {table.searchingSinceMs === null ? (
        <div className="buttons">
          <button type="button" className="primary" disabled={!isDrawn || isMissing} onClick={() => void table.search()}>
            {table.found ? t("rounds.find_again") : t("rounds.find")}
          </button>
        </div>
      ) : (
        <Searching sinceMs={table.searchingSinceMs} searchS={draft.search_s} />
      )}
      {(!isDrawn || isMissing) && <p className="hint">{isMissing ? t("rounds.draw_all") : t("rounds.draw_first")}</p>}
      <ProblemBox error={table.error} />
    </section>
  );
}

function Searching({ sinceMs, searchS }: { sinceMs: number; searchS: number }) {
  const table = useRounds();
  const passedS = (useNow(250) - sinceMs) / 1000;
  return (
    <>
      <p>{passedS <= searchS ? t("rounds.searching", { s: Math.max(0, Math.ceil(searchS - passedS)) }) : t("rounds.finishing")}</p>
      <progress max={searchS} value={Math.min(searchS, Math.max(0, passedS))} aria-label={t("rounds.progress")} />
      <div className="buttons">
        <button type="button" onClick={() => table.stop()}>
          {t("rounds.stop")}
        </button>
      </div>
    </>
  );
}

function Found({ draft, found }: { draft: RoundsDraft; found: FoundRounds }) {
  const { rounds } = found;
  return (
    <>
      <Figures rounds={rounds} />
      <Legend worstS={rounds.worst_idleness_s} />
      {rounds.notes.map((note, index) => (
        <p key={note} className="hint">
          {saidWords(note, rounds.notes_said?.[index])}
        </p>
      ))}
      <Lanes rounds={rounds} />
      <Walks draft={draft} found={found} />
      <Store draft={draft} />
    </>
  );
}

function Figures({ rounds }: { rounds: Rounds }) {
  const { worst_idleness_s: worstS, lower_bound_s: boundS, worst_weighted_idleness_s: weightedS } = rounds;
  const better = worstS > 0 ? 1 - boundS / worstS : 0;
  return (
    <dl className="numbers">
      <dt>{t("rounds.worst")}</dt>
      <dd>
        <strong>{seconds(worstS)}</strong>
      </dd>
      <dt>{t("rounds.mean")}</dt>
      <dd>{seconds(rounds.mean_idleness_s)}</dd>
      <dt>{t("rounds.bound")}</dt>
      <dd>
        {seconds(boundS)} {better > 0.005 ? t("rounds.over", { percent: percent(better) }) : t("rounds.best")}
      </dd>
      {typeof weightedS === "number" && (
        <>
          <dt>{t("rounds.weighted")}</dt>
          <dd>{seconds(weightedS)}</dd>
        </>
      )}
    </dl>
  );
}

/** Rounds are compared by seconds: half a minute is a difference. */
function seconds(s: number): string {
  return s < 600 ? t("span.seconds", { n: Math.round(s) }) : span(s);
}

function Legend({ worstS }: { worstS: number }) {
  return (
    <p className="idle-legend">
      <span>{t("rounds.legend")}</span>
      <span>0</span>
      <span className="idle-scale" aria-hidden="true" />
      <span>{seconds(worstS)}</span>
    </p>
  );
}

function Lanes({ rounds }: { rounds: Rounds }) {
  const lanes = rounds.single_lanes;
  if (!lanes) return null;
  const meetings = Array.isArray(lanes["conflicts"]) ? lanes["conflicts"].length : 0;
  const waited = Number(lanes["waited_ratio"]);
  const worstS = Number(lanes["worst_idleness_with_waiting_s"]);
  return (
    <p className={meetings > 0 ? "note" : "hint"}>
      {meetings === 0 ? t("rounds.lanes_free") : t("rounds.lanes", { n: meetings, percent: percent(waited), worst: seconds(worstS) })}
    </p>
  );
}

function Walks({ draft, found }: { draft: RoundsDraft; found: FoundRounds }) {
  const table = useRounds();
  const total = found.walks.length;
  return (
    <>
      <h2>
        {t("rounds.walks")}
        {table.isChecking && <span className="muted"> · {t("rounds.checking", { n: table.checks.length, total })}</span>}
      </h2>
      <ol className="walks">
        {found.walks.map((walk, index) => (
          <WalkRow key={index} walk={walk} index={index} draft={draft} check={table.checks[index]} />
        ))}
      </ol>
      <p className="hint">{t("rounds.every", { n: table.everyMin })}</p>
    </>
  );
}

function WalkRow({ walk, index, draft, check }: { walk: Walk; index: number; draft: RoundsDraft; check: Checked | undefined }) {
  const table = useRounds();
  const store = useLive("vehicles");
  const choose = (id: string): void => {
    const vehicle_ids = Array.from({ length: draft.vehicles }, (_, number) => (number === index ? id : (draft.vehicle_ids[number] ?? "")));
    table.change({ vehicle_ids });
  };
  return (
    <li>
      <span className="walk-sign" style={{ borderColor: walkColour(walk.group) }}>
        {index + 1}
      </span>
      <span>
        {t("rounds.lap", { length: metres(walk.lapM), span: seconds(walk.lapM / draft.speed_m_s) })}
        <span className="muted"> · {t("rounds.offset", { offset: metres(walk.startM) })}</span>
      </span>
      <select aria-label={t("rounds.flown_by", { n: index + 1 })} value={draft.vehicle_ids[index] ?? ""} onChange={(event) => choose(event.target.value)}>
        <option value="">{t("patrol.any_vehicle")}</option>
        {[...store.vehicles.values()].map((one) => (
          <option key={one.id} value={one.id}>
            {nameOf(one)}
          </option>
        ))}
      </select>
      {check && <Verdict check={check} />}
    </li>
  );
}

function Verdict({ check }: { check: Checked }) {
  if (check instanceof ApiError) return <ProblemBox error={check} />;
  return (
    <div className="walk-verdict">
      <span className={`verdict ${check.is_flyable ? "good" : "bad"}`}>
        {check.is_flyable ? `✓ ${t("import.good")}` : `✕ ${t("import.bad")}`}
      </span>{" "}
      <span className="muted">{t("rounds.run_length", { span: span(check.duration_s) })}</span>
      {!check.is_flyable && <Against check={check} />}
    </div>
  );
}

const SHOWN_REASONS = 3;

function Against({ check }: { check: Exclude<Checked, ApiError> }) {
  const desk = useDesk();
  const [isAll, setAll] = useState(false);
  const violations = isAll ? check.violations : check.violations.slice(0, SHOWN_REASONS);
  return (
    <ul className="reasons">
      {check.problems.map((one, index) => (
        <li key={`p${index}`}>
          <ProblemWords one={one} />
        </li>
      ))}
      {violations.map((one, index) => (
        <li key={`v${index}`}>
          {one.place && (
            <button type="button" className="quiet place" onClick={() => desk.showPlace(one.place as [number, number])} aria-label={t("rounds.show_place")}>
              ◎
            </button>
          )}
          {one.leg === null ? word("phase", one.phase) : t("plan.leg", { n: one.leg })}
          {colon()}
          {becauseWords(one)}{" "}
          {one.remedy && `→ ${saidWords(one.remedy, one.remedy_said)}`}
        </li>
      ))}
      {check.violations.length > SHOWN_REASONS && (
        <li>
          <button type="button" className="quiet" onClick={() => setAll(!isAll)}>
            {isAll ? t("less") : t("rounds.more_reasons", { n: check.violations.length - SHOWN_REASONS })}
          </button>
        </li>
      )}
    </ul>
  );
}

function Store({ draft }: { draft: RoundsDraft }) {
  const desk = useDesk();
  const table = useRounds();
  const action = useAction();
  const total = table.found?.walks.length ?? 0;
  if (total > 0 && table.stored.length === total) return <Stored />;
  const isNamed = draft.name.trim() !== "";
  const store = (isActive: boolean): void =>
    void action.run(async () => {
      await table.store(isActive);
      await desk.loadPatrols();
    });
  return (
    <>
      <div className="fields">
        <Field label={t("plan.name")} value={draft.name} onChange={(name) => table.change({ name })} />
        <Field label={t("plan.name_zh")} value={draft.name_zh} onChange={(name_zh) => table.change({ name_zh })} />
      </div>
      {!isNamed && <p className="hint">{t("rounds.name_first")}</p>}
      <div className="buttons">
        <button type="button" disabled={!isNamed || action.isBusy} onClick={() => store(false)}>
          {t("rounds.store_drafts", { n: total })}
        </button>
        <HoldButton tone="acting" isDisabled={!isNamed || action.isBusy || !table.isFlyable} onFire={() => store(true)}>
          {t("rounds.approve", { n: total })}
        </HoldButton>
      </div>
      {action.isBusy && <p className="fate">{t("rounds.storing", { n: table.stored.length, total })}</p>}
      {!action.isBusy && table.stored.length > 0 && <p className="note">{t("rounds.stored_some", { n: table.stored.length, total })}</p>}
      {!table.isFlyable && !table.isChecking && <p className="hint">{t("plan.not_flyable")}</p>}
      <ProblemBox error={action.error} onClose={action.clear} />
    </>
  );
}

function Stored() {
  const { stored } = useRounds();
  const box = useRef<HTMLDivElement>(null);
  // The button that was held is gone: the keyboard goes on from here.
  useEffect(() => {
    if (document.activeElement === document.body) box.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div ref={box} tabIndex={-1} className="checked" role="status">
      <strong>{stored.every((one) => one.is_active) ? t("rounds.running", { n: stored.length }) : t("rounds.stored", { n: stored.length })}</strong>
      {stored.map((patrol) => (
        <button key={patrol.id} type="button" className="quiet" onClick={() => select({ kind: "patrol", id: patrol.id })}>
          {nameOf(patrol)} →
        </button>
      ))}
    </div>
  );
}
