/** Endless rounds on the drawing table: roads on the map, how many go round, what comes of it, and the patrols of it. */
import { useEffect } from "react";
import { t, useLanguage, word } from "../../../i18n";
import { listed } from "../../../i18n/format";
import { ProblemBox } from "../../../shared/ProblemBox";
import { useAction, useDesk, useDeskTopics } from "../../hooks";
import { Amount, Field } from "../Field";
import { FilePicker } from "../FilePicker";
import { useRounds } from "../hooks";
import { itemsOf } from "./import_roads";
import { SPOT_M } from "./road_graph";
import { RoundsFound, RoundsSearch } from "./RoundsOutcome";
import type { RoundsDraft, RoundsItem, RoundsItemType } from "./rounds_draft";

const TYPES: readonly RoundsItemType[] = ["road", "spot"];

export function RoundsPanel() {
  useLanguage();
  const desk = useDesk();
  const table = useRounds();
  useDeskTopics(desk, "site");
  const { site } = desk;
  useEffect(() => {
    if (site) desk.rounds.settle({ origin: site.origin, zone: site.time_zone });
  }, [desk, site]);
  useEffect(() => () => desk.rounds.activate(null), [desk]);
  if (!desk.may("plan_patrols")) return <p className="empty">{t("plan.may_not")}</p>;
  if (!site) return <p className="empty">{t("loading")}</p>;
  const { draft } = table;
  return (
    <article className="panel planning">
      <header>
        <h1>{t("rounds.title")}</h1>
        <p className="muted">{t("rounds.what")}</p>
      </header>
      {table.isShelfFull && (
        <p className="note" role="alert">
          {t("plan.shelf_full")}
        </p>
      )}
      <Roads draft={draft} />
      <Who draft={draft} />
      <RoundsFound draft={draft} />
      <div className="outcome">
        <RoundsSearch draft={draft} />
      </div>
    </article>
  );
}

function Roads({ draft }: { draft: RoundsDraft }) {
  const table = useRounds();
  const active = draft.items.find((item) => item.key === table.activeKey);
  return (
    <section>
      <h2>{t("rounds.roads")}</h2>
      {draft.items.length === 0 && <p className="empty">{t("rounds.none")}</p>}
      <ol className="parts">
        {draft.items.map((item, index) => (
          <Item key={item.key} item={item} index={index} />
        ))}
      </ol>
      <div className="buttons">
        {TYPES.map((type) => (
          <button key={type} type="button" onClick={() => table.add(type)}>
            + {word("rounds_item", type)}
          </button>
        ))}
        <button type="button" className="quiet" disabled={!table.canUndo} onClick={() => table.undo()}>
          {t("plan.undo")}
        </button>
        <button type="button" className="quiet" disabled={table.isEmpty} onClick={() => table.clear()}>
          {t("rounds.clear")}
        </button>
      </div>
      {active && <p className="hint">{active.shape ? t("plan.hint_mend") : word("rounds_hint", active.type)}</p>}
      <ImportRoads />
      <NetworkWords />
    </section>
  );
}

/** What the drawing means: how many places, and what does not hang together. */
function NetworkWords() {
  const { network } = useRounds();
  if (!network || network.nodes.length === 0) return null;
  return (
    <>
      <p className="hint">{t("rounds.network", { places: network.nodes.length, ways: network.edges.length })}</p>
      {network.parts > 1 && <p className="note">{t("rounds.parts", { n: network.parts })}</p>}
      {network.stuck.length > 0 && <p className="note">{t("rounds.stuck", { names: names(network.stuck) })}</p>}
      {network.loose.length > 0 && (
        <p className="note">{t("rounds.loose", { names: names(network.loose), m: SPOT_M })}</p>
      )}
    </>
  );
}

function names(items: readonly RoundsItem[]): string {
  return listed(items.map((item) => item.name || word("rounds_item", item.type)));
}

function Item({ item, index }: { item: RoundsItem; index: number }) {
  const table = useRounds();
  const isActive = table.activeKey === item.key;
  const kind = word("rounds_item", item.type);
  return (
    <li className={isActive ? "current" : ""}>
      <button type="button" className="part-name" aria-pressed={isActive} onClick={() => table.activate(isActive ? null : item.key)}>
        {index + 1}. {item.name || kind}
        <span className="muted"> · {item.shape ? marks(item) : t("plan.not_drawn")}</span>
      </button>
      <span className="part-tools">
        <button type="button" className="quiet" aria-label={t("plan.remove")} title={t("plan.remove")} onClick={() => table.remove(item.key)}>
          ✕
        </button>
      </span>
      {isActive && <ItemFields item={item} />}
    </li>
  );
}

function marks(item: RoundsItem): string {
  if (item.type === "spot") return `${t("rounds.weight")} ${item.weight}`;
  const told = [item.isOneWay ? t("rounds.one_way") : "", item.isSingleLane ? t("rounds.single_lane") : ""].filter(Boolean);
  return told.join(" · ") || word("rounds_item", "road");
}

function ItemFields({ item }: { item: RoundsItem }) {
  const table = useRounds();
  const set = (changes: Partial<RoundsItem>): void => table.set(item.key, changes);
  return (
    <div className="fields">
      <Field label={t("plan.part_name")} value={item.name} onChange={(name) => set({ name })} />
      {item.type === "spot" ? (
        <Amount label={t("rounds.weight")} unit="×" min={0.1} max={100} value={item.weight} onChange={(weight) => set({ weight })} />
      ) : (
        <div>
          <label className="tick">
            <input type="checkbox" checked={item.isOneWay} onChange={(event) => set({ isOneWay: event.target.checked })} />
            {t("rounds.one_way")}
          </label>
          <label className="tick">
            <input type="checkbox" checked={item.isSingleLane} onChange={(event) => set({ isSingleLane: event.target.checked })} />
            {t("rounds.single_lane")}
          </label>
        </div>
      )}
    </div>
  );
}

function ImportRoads() {
  const desk = useDesk();
  const table = useRounds();
  const action = useAction();
  const read = (file: File): void =>
    void action.run(async () => {
      if (desk.site) table.merge(itemsOf(await file.text(), file.name, desk.site.origin));
    });
  return (
    <details className="import">
      <summary>{t("rounds.import")}</summary>
      <p className="hint">{t("rounds.import_what")}</p>
      <FilePicker label={t("rounds.import")} accept=".geojson,.json" isDisabled={action.isBusy} onPick={read} />
      <ProblemBox error={action.error} onClose={action.clear} />
    </details>
  );
}

function Who({ draft }: { draft: RoundsDraft }) {
  const table = useRounds();
  const set = (changes: Partial<RoundsDraft>): void => table.change(changes);
  return (
    <section>
      <h2>{t("rounds.who")}</h2>
      <div className="fields">
        <Amount label={t("rounds.vehicles")} unit={t("rounds.vehicles_unit")} min={1} max={100} value={draft.vehicles} onChange={(vehicles) => set({ vehicles: Math.round(vehicles) })} />
        <Amount label={t("vehicle.speed")} unit="m/s" min={0.2} max={30} value={draft.speed_m_s} onChange={(speed_m_s) => set({ speed_m_s })} />
        <Amount label={t("vehicle.height")} unit="m" min={2} max={500} value={draft.height_agl_m} onChange={(height_agl_m) => set({ height_agl_m })} />
        <Amount label={t("plan.pitch")} unit="°" min={-90} max={30} value={draft.pitch_deg} onChange={(pitch_deg) => set({ pitch_deg })} />
        {draft.pitch_deg < -50 && <p className="note">{t("plan.too_steep")}</p>}
        <Amount label={t("rounds.search")} unit="s" min={1} max={30} value={draft.search_s} onChange={(search_s) => set({ search_s })} />
        <Amount label={t("rounds.laps")} unit="×" min={1} max={50} value={draft.laps} onChange={(laps) => set({ laps: Math.round(laps) })} />
      </div>
      <p className="hint">{t("rounds.laps_hint")}</p>
    </section>
  );
}
