/** Zones on the drawing table: drawn, changed, taken from a file, and put in force as a whole by a person with a reason. */
import { useEffect, useState } from "react";
import { send } from "../../api/client";
import type { ZoneCheck } from "../../api/types";
import { nameOf, t, useLanguage, word } from "../../i18n";
import { listed } from "../../i18n/format";
import { MistakeWords, ProblemBox } from "../../shared/ProblemBox";
import { BecauseMoves } from "../Because";
import { useAction, useDesk, useDeskTopics } from "../hooks";
import { Field } from "./Field";
import { FilePicker } from "./FilePicker";
import { useZoneEditor } from "./hooks";
import { NewerZones } from "./NewerZones";
import { comingIn, isDrawable, withFreeIds, ZONE_KINDS } from "./zone_draft";
import type { Coming, DraftZone, ZoneProperties } from "./zone_draft";

export function ZonesPanel() {
  useLanguage();
  const desk = useDesk();
  const editor = useZoneEditor();
  const action = useAction();
  const { run } = action;
  const inForce = (desk.zones as { revision?: number } | null)?.revision;
  useDeskTopics(desk, "zones");
  // Read anew when somebody else puts others in force.
  useEffect(() => void run(() => desk.zoneEditor.open()), [desk, run, inForce]);
  useEffect(() => () => desk.zoneEditor.activate(null), [desk]);
  if (!desk.may("edit_zones")) return <p className="empty">{t("zones.may_not")}</p>;
  return (
    <article className="panel planning">
      <header>
        <h1>{t("zones.title")}</h1>
        <p className="state-words">{editor.isChanged ? t("zones.changed") : t("zones.in_force", { n: editor.revision })}</p>
      </header>
      <ProblemBox error={action.error} onClose={action.clear} />
      {editor.isShelfFull && (
        <p className="note" role="alert">
          {t("plan.shelf_full")}
        </p>
      )}
      <NewerZones />
      <Add />
      <ZoneList />
      {(editor.isChanged || editor.check) && (
        <div className="outcome">
          <Check />
          {editor.isChanged && <Approve />}
        </div>
      )}
    </article>
  );
}

function Add() {
  const editor = useZoneEditor();
  return (
    <section>
      <div className="buttons">
        {ZONE_KINDS.map((kind) => (
          <button key={kind} type="button" onClick={() => editor.add(kind)}>
            + {word("zone_kind", kind)}
          </button>
        ))}
      </div>
      <ImportZones />
      <div className="buttons">
        <button type="button" className="quiet" disabled={!editor.canUndo} onClick={() => editor.undo()}>
          {t("plan.undo")}
        </button>
      </div>
      {editor.activeKey && editor.task() && (
        <p className="hint">{editor.task()?.geometry ? t("plan.hint_mend") : word("plan_hint", "area")}</p>
      )}
    </section>
  );
}

/** A file of any format that the server reads: its zones come into the draft, with what was assumed and what is wrong. */
function ImportZones() {
  const desk = useDesk();
  const editor = useZoneEditor();
  const action = useAction();
  const [told, setTold] = useState<Imported | null>(null);
  const [kind, setKind] = useState("keep_out");
  const read = (file: File): void =>
    void action.run(async () => {
      const choices = new URLSearchParams({ kind });
      if (desk.site) {
        choices.set("ground_amsl_m", String(desk.site.ground_amsl_m));
        choices.set("time_zone", desk.site.time_zone);
      }
      const answer = await send<ZoneCheck>("POST", `/zones/check?${choices.toString()}`, file);
      // Half a file could leave out the very zone that keeps vehicles away.
      const features = answer.is_good ? (answer.features as unknown as GeoJSON.Feature[]) : [];
      const coming = withFreeIds(features, editor.zones ?? [], await file.text());
      setTold({ fileName: file.name, check: answer, ...comingIn(editor.zones ?? [], coming) });
      if (answer.is_good) editor.merge(coming);
    });
  return (
    <details className="import">
      <summary>{t("zones.import")}</summary>
      <label>
        {t("zones.import_kind")}
        <select value={kind} onChange={(event) => setKind(event.target.value)}>
          {ZONE_KINDS.map((one) => (
            <option key={one} value={one}>
              {word("zone_kind", one)}
            </option>
          ))}
        </select>
      </label>
      <FilePicker label={t("zones.import")} accept=".geojson,.json,.kml,.kmz,.plan" isDisabled={action.isBusy} onPick={read} />
      <ProblemBox error={action.error} onClose={action.clear} />
      {told && <WhatCame told={told} />}
    </details>
  );
}

interface Imported extends Coming {
  fileName: string;
  check: ZoneCheck;
}

/** Which file it was, and what it brought: a zone with a known number takes the place of the one that was there. */
function WhatCame({ told }: { told: Imported }) {
  const { fileName, check, added, replaced } = told;
  // The file needs no keep-in zone of its own where the draft has one; the check of the whole tells when none is left.
  const warnings = check.warnings.filter((one) => one["code"] !== "no_keep_in");
  return (
    <div aria-live="polite">
      <p>{check.is_good ? t("zones.came", { file: fileName, n: added.length + replaced.length }) : t("zones.came_not", { file: fileName })}</p>
      {added.length > 0 && <p className="hint">{t("zones.added", { names: namesOf(added) })}</p>}
      {replaced.length > 0 && <p className="note">{t("zones.replaced", { names: namesOf(replaced) })}</p>}
      <Findings check={{ ...check, warnings }} />
    </div>
  );
}

function namesOf(zones: ZoneProperties[]): string {
  return listed(zones.map((one) => nameOf(one) || one.id));
}

/** What is wrong stands before what was only assumed. */
function Findings({ check }: { check: ZoneCheck }) {
  return (
    <ul className="reasons">
      {check.problems.map((one, index) => (
        <li key={`p${index}`}>
          ✕ <MistakeWords one={one} />
        </li>
      ))}
      {check.warnings.map((one, index) => (
        <li key={`w${index}`}>
          {t("zones.assumed")} <MistakeWords one={one} />
        </li>
      ))}
    </ul>
  );
}

function ZoneList() {
  const editor = useZoneEditor();
  if (!editor.zones) return <p className="empty">{t("loading")}</p>;
  return (
    <section>
      <h2>{t("zones.all", { n: editor.zones.length })}</h2>
      <ol className="parts">
        {editor.zones.map((zone) => (
          <ZoneRow key={zone.key} zone={zone} />
        ))}
      </ol>
    </section>
  );
}

function ZoneRow({ zone }: { zone: DraftZone }) {
  const editor = useZoneEditor();
  const isActive = editor.activeKey === zone.key;
  const { id, kind } = zone.properties;
  return (
    <li className={isActive ? "current" : ""}>
      <button type="button" className="part-name" aria-pressed={isActive} onClick={() => editor.activate(isActive ? null : zone.key)}>
        {nameOf(zone.properties) || id}
        <span className="muted"> · {zone.geometry ? word("zone_kind", kind) : t("plan.not_drawn")}</span>
      </button>
      <span className="part-tools">
        <button type="button" className="quiet" aria-label={t("plan.remove")} title={t("plan.remove")} onClick={() => editor.remove(zone.key)}>
          ✕
        </button>
      </span>
      {isActive && <ZoneFields zone={zone} />}
    </li>
  );
}

function ZoneFields({ zone }: { zone: DraftZone }) {
  const editor = useZoneEditor();
  const set = (changes: Partial<ZoneProperties>): void => editor.set(zone.key, changes);
  const { properties } = zone;
  const isAir = properties.kind === "keep_in" || properties.kind === "keep_out";
  return (
    <div className="fields">
      {!isDrawable(zone.geometry) && <p className="note">{t("zones.not_drawable")}</p>}
      <Field label={t("zones.id")} value={properties.id} onChange={(id) => set({ id })} />
      <Field label={t("plan.name")} value={properties.name ?? ""} onChange={(name) => set({ name })} />
      <Field label={t("plan.name_zh")} value={properties.name_zh ?? ""} onChange={(name_zh) => set({ name_zh })} />
      {isAir && (
        <>
          <Height label={t("zones.floor")} value={properties.floor_agl_m} onChange={(floor_agl_m) => set({ floor_agl_m })} />
          <Height label={t("zones.ceiling")} value={properties.ceiling_agl_m} onChange={(ceiling_agl_m) => set({ ceiling_agl_m })} />
        </>
      )}
      {properties.kind === "rule" && <p className="hint">{t("zones.rules", { rules: ruleNames(properties) })}</p>}
    </div>
  );
}

function ruleNames(properties: ZoneProperties): string {
  return Object.keys((properties["rules"] ?? {})).join(", ") || "–";
}

interface HeightProps {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
}

/** An empty field is no limit. */
function Height({ label, value, onChange }: HeightProps) {
  return (
    <label>
      {label} (m)
      <input
        type="number"
        placeholder={t("zones.no_limit")}
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value === "" ? null : Number(event.target.value))}
      />
    </label>
  );
}

function Check() {
  const { check, error } = useZoneEditor();
  if (!check && !error) return null;
  return (
    <section className="check" aria-live="polite">
      <h2>{t("zones.check")}</h2>
      <ProblemBox error={error} />
      {check && (
        <>
          <p className={`verdict ${check.is_good ? "good" : "bad"}`}>
            {check.is_good ? `✓ ${t("zones.good", { n: check.zones })}` : `✕ ${t("zones.bad")}`}
          </p>
          <Findings check={check} />
        </>
      )}
    </section>
  );
}

function Approve() {
  const editor = useZoneEditor();
  const action = useAction();
  const missing = editor.zones?.some((zone) => zone.geometry === null) ?? true;
  const isReady = !missing && editor.check?.is_good && editor.theirs === null;
  return (
    <>
      {missing && <p className="hint">{t("zones.missing")}</p>}
      {editor.theirs && <p className="hint">{t("plan.settle_first")}</p>}
      <BecauseMoves
        moves={[{ to: "force", label: t("zones.approve") }]}
        isDisabled={!isReady}
        phrases={[]}
        onMove={(_to, because) => editor.approve(because)}
      />
      <button type="button" className="quiet" disabled={action.isBusy} onClick={() => void action.run(() => editor.discard())}>
        {t("zones.discard")}
      </button>
      <ProblemBox error={action.error} onClose={action.clear} />
    </>
  );
}
