/** A patrol on the drawing table: parts on the map, numbers beside it, and what the plan would be as one draws. */
import { useEffect } from "react";
import { nameOf, t, useLanguage, word, wordIn } from "../../i18n";
import { HoldButton } from "../../shared/HoldButton";
import { ProblemBox } from "../../shared/ProblemBox";
import { useAction, useDesk, useDeskTopics, useLive } from "../hooks";
import { select, selected } from "../selection";
import { CheckResult } from "./CheckResult";
import { Amount, Field } from "./Field";
import { usePlanner } from "./hooks";
import { PerimeterFields } from "./PerimeterFields";
import { isDrawn, moved, newPart } from "./patrol_draft";
import type { DraftPart, PartType, PatrolDraft } from "./patrol_draft";
import { ScheduleFields } from "./ScheduleFields";
import { Newer, Unsaved } from "./Unsaved";

const TYPES: readonly PartType[] = ["point", "line", "area", "perimeter"];

export function PlanPanel({ id }: { id: string }) {
  useLanguage();
  const desk = useDesk();
  const planner = usePlanner();
  useDeskTopics(desk, "patrols", "site");
  const wanted = id === "new" ? null : id;
  const stored = desk.patrols?.find((one) => one.id === wanted);
  useEffect(() => {
    const isOpen = desk.planner.draft !== null && desk.planner.draft.id === wanted;
    if (!isOpen && (stored || wanted === null)) desk.planner.open(stored ?? null);
    // Somebody else may have stored it since it was opened.
    else if (stored) desk.planner.meet(stored);
  }, [desk, wanted, stored]);
  // What is drawn stays when another panel is looked at, but the pencil is put down.
  useEffect(() => () => desk.planner.activate(null), [desk]);
  const draft = planner.draft;
  if (!desk.may("plan_patrols")) return <p className="empty">{t("plan.may_not")}</p>;
  if (!draft || draft.id !== wanted) return <p className="empty">{desk.patrols ? t("patrol.unknown") : t("loading")}</p>;
  return (
    <article className="panel planning">
      <header>
        <h1>{draft.id ? t("plan.change") : t("plan.new")}</h1>
        <p className="state-words">{draft.is_active ? t("plan.approved") : t("plan.draft")}</p>
      </header>
      <Unsaved />
      <Newer />
      <Names draft={draft} />
      <Parts draft={draft} />
      <Flight draft={draft} />
      <ScheduleFields draft={draft} />
      <div className="outcome">
        <CheckResult />
        <Store draft={draft} />
      </div>
    </article>
  );
}

function Names({ draft }: { draft: PatrolDraft }) {
  const planner = usePlanner();
  return (
    <section className="fields">
      <Field label={t("plan.name")} value={draft.name} onChange={(name) => planner.change({ name })} />
      <Field label={t("plan.name_zh")} value={draft.name_zh} onChange={(name_zh) => planner.change({ name_zh })} />
    </section>
  );
}

function Parts({ draft }: { draft: PatrolDraft }) {
  const planner = usePlanner();
  const add = (type: PartType): void => planner.addPart(newPart(type, wordIn("en", "part", type), wordIn("zh", "part", type)));
  return (
    <section>
      <h2>{t("plan.parts")}</h2>
      {draft.parts.length === 0 && <p className="empty">{t("plan.no_parts")}</p>}
      <ol className="parts">
        {draft.parts.map((part, index) => (
          <Part key={part.key} part={part} index={index} count={draft.parts.length} />
        ))}
      </ol>
      <div className="buttons">
        {TYPES.map((type) => (
          <button key={type} type="button" onClick={() => add(type)}>
            + {word("part", type)}
          </button>
        ))}
        <button type="button" className="quiet" disabled={!planner.canUndo} onClick={() => planner.undo()}>
          {t("plan.undo")}
        </button>
      </div>
      {planner.activeKey && <p className="hint">{hintFor(draft.parts.find((one) => one.key === planner.activeKey))}</p>}
    </section>
  );
}

function hintFor(part: DraftPart | undefined): string {
  if (!part) return "";
  return part.shape ? t("plan.hint_mend") : word("plan_hint", part.type);
}

function Part({ part, index, count }: { part: DraftPart; index: number; count: number }) {
  const planner = usePlanner();
  const isActive = planner.activeKey === part.key;
  const shift = (by: number): void => {
    if (planner.draft) planner.change({ parts: moved(planner.draft.parts, index, by) });
  };
  return (
    <li className={isActive ? "current" : ""}>
      <button
        type="button"
        className="part-name"
        aria-pressed={isActive}
        onClick={() => planner.activate(isActive ? null : part.key)}
      >
        {index + 1}. {nameOf(part) || word("part", part.type)}
        <PartMore part={part} />
      </button>
      <span className="part-tools">
        <Tool label={t("plan.up")} sign="↑" isOff={index === 0} onClick={() => shift(-1)} />
        <Tool label={t("plan.down")} sign="↓" isOff={index === count - 1} onClick={() => shift(1)} />
        <Tool label={t("plan.remove")} sign="✕" onClick={() => planner.removePart(part.key)} />
      </span>
      {isActive && <PartFields part={part} />}
    </li>
  );
}

/** What kind of part it is where its name does not say so, whose border it is, or that it is not drawn yet. */
function PartMore({ part }: { part: DraftPart }) {
  const desk = useDesk();
  const kind = word("part", part.type);
  const more = !isDrawn(part) ? t("plan.not_drawn") : part.type === "perimeter" ? desk.names.zone(part.zone) : kind;
  return more === nameOf(part) ? null : <span className="muted"> · {more}</span>;
}

function Tool({ label, sign, isOff, onClick }: { label: string; sign: string; isOff?: boolean; onClick: () => void }) {
  return (
    <button type="button" className="quiet" aria-label={label} title={label} disabled={isOff} onClick={onClick}>
      {sign}
    </button>
  );
}

function PartFields({ part }: { part: DraftPart }) {
  const planner = usePlanner();
  const set = (changes: Partial<DraftPart>): void => planner.changePart(part.key, changes);
  return (
    <div className="fields">
      <Field label={t("plan.name")} value={part.name} onChange={(name) => set({ name })} />
      <Field label={t("plan.name_zh")} value={part.name_zh} onChange={(name_zh) => set({ name_zh })} />
      {part.type === "point" && (
        <Amount label={t("plan.dwell")} unit="s" min={0} max={3600} value={part.dwell_s} onChange={(dwell_s) => set({ dwell_s })} />
      )}
      {part.type === "area" && (
        <>
          <Amount label={t("plan.swath")} unit="m" min={1} max={500} value={part.swath_m} onChange={(swath_m) => set({ swath_m })} />
          <Amount
            label={t("plan.overlap")}
            unit="%"
            min={0}
            max={95}
            value={Math.round(part.overlap * 100)}
            onChange={(percent) => set({ overlap: percent / 100 })}
          />
        </>
      )}
      {part.type === "perimeter" && <PerimeterFields part={part} onChange={set} />}
      <Amount label={t("plan.pitch")} unit="°" min={-90} max={30} value={part.pitch_deg} onChange={(pitch_deg) => set({ pitch_deg })} />
      {part.pitch_deg < -50 && <p className="note">{t("plan.too_steep")}</p>}
      <label>
        {t("plan.yaw")}
        <input
          type="number"
          min={0}
          max={359}
          placeholder={t("plan.yaw_ahead")}
          value={part.yaw_deg ?? ""}
          onChange={(event) => set({ yaw_deg: event.target.value === "" ? null : Number(event.target.value) })}
        />
      </label>
    </div>
  );
}

function Flight({ draft }: { draft: PatrolDraft }) {
  const planner = usePlanner();
  const store = useLive("vehicles");
  const toggle = (id: string): void => {
    const isIn = draft.vehicle_ids.includes(id);
    planner.change({ vehicle_ids: isIn ? draft.vehicle_ids.filter((one) => one !== id) : [...draft.vehicle_ids, id] });
  };
  return (
    <section>
      <h2>{t("plan.flight")}</h2>
      <div className="fields">
        <Amount
          label={t("vehicle.height")}
          unit="m"
          min={2}
          max={500}
          value={draft.height_agl_m}
          onChange={(height_agl_m) => planner.change({ height_agl_m })}
        />
        <Amount
          label={t("vehicle.speed")}
          unit="m/s"
          min={0.2}
          max={30}
          value={draft.speed_m_s}
          onChange={(speed_m_s) => planner.change({ speed_m_s })}
        />
      </div>
      <fieldset>
        <legend>{t("plan.vehicles")}</legend>
        {[...store.vehicles.values()].map((one) => (
          <label key={one.id} className="tick">
            <input type="checkbox" checked={draft.vehicle_ids.includes(one.id)} onChange={() => toggle(one.id)} />
            {nameOf(one)}
          </label>
        ))}
        {draft.vehicle_ids.length === 0 && <p className="hint">{t("patrol.any_vehicle")}</p>}
      </fieldset>
    </section>
  );
}

/** A draft is kept and never flies; an approval is a person's held press, and the server keeps whose. */
function Store({ draft }: { draft: PatrolDraft }) {
  const desk = useDesk();
  const planner = usePlanner();
  const action = useAction();
  const missing = draft.parts.length === 0 || !draft.parts.every(isDrawn) || !draft.name.trim();
  const store = (isActive: boolean): void =>
    void action.run(async () => {
      const stored = await desk.planner.store(isActive);
      await desk.loadPatrols();
      // Who has opened something else meanwhile is not pulled back.
      if (desk.planner.draft?.id === stored.id && selected()?.kind === "plan") {
        select({ kind: isActive && !desk.planner.isChanged ? "patrol" : "plan", id: stored.id });
      }
    });
  return (
    <section>
      {missing && <p className="hint">{t("plan.missing")}</p>}
      <div className="buttons">
        <button type="button" disabled={missing || action.isBusy || planner.theirs !== null} onClick={() => store(false)}>
          {t("plan.store_draft")}
        </button>
        <HoldButton
          tone="acting"
          isDisabled={missing || action.isBusy || planner.theirs !== null || planner.isChecking || !planner.check?.is_flyable}
          onFire={() => store(true)}
        >
          {t("plan.approve")}
        </HoldButton>
      </div>
      {planner.theirs && <p className="hint">{t("plan.settle_first")}</p>}
      {!missing && planner.check && !planner.check.is_flyable && <p className="hint">{t("plan.not_flyable")}</p>}
      <ProblemBox error={action.error} onClose={action.clear} />
    </section>
  );
}
