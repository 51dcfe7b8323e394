/** Nothing drawn is lost: drafts that were put aside, and what somebody else stored meanwhile. */
import { nameOf, t, word } from "../../i18n";
import { colon, listed } from "../../i18n/format";
import { useDesk } from "../hooks";
import { select } from "../selection";
import { changesOf } from "./draft_changes";
import type { DraftField } from "./draft_changes";
import { NEW } from "./draft_shelf";
import { usePlanner } from "./hooks";
import type { PatrolDraft } from "./patrol_draft";
import { scheduleWords } from "./schedule_words";

/** The drafts that were left with changes; the open one says so too, and can be put back. */
export function Unsaved() {
  const planner = usePlanner();
  const open = planner.draft;
  return (
    <>
      {planner.isShelfFull && (
        <p className="note" role="alert">
          {t("plan.shelf_full")}
        </p>
      )}
      {planner.unsaved.map(({ draft }) => (
        <p key={draft.id ?? NEW} className="note unsaved" role="status">
          {t("plan.unsaved", { name: nameOf(draft) || t("plan.new") })}
          <button type="button" onClick={() => select({ kind: "plan", id: draft.id ?? NEW })}>
            {t("plan.go_on")}
          </button>
          <button type="button" className="quiet" onClick={() => planner.discard(draft.id)}>
            {t("plan.discard")}
          </button>
        </p>
      ))}
      {open && planner.isChanged && (
        <p className="hint unsaved">
          {t("plan.not_stored")}
          <button type="button" className="quiet" onClick={() => planner.discard(open.id)}>
            {t("plan.discard")}
          </button>
        </p>
      )}
    </>
  );
}

/** Somebody else stored this patrol while it was changed here. */
export function Newer() {
  const desk = useDesk();
  const planner = usePlanner();
  const { base, draft, theirs } = planner;
  if (!base || !draft || !theirs) return null;
  const told = (one: PatrolDraft, field: DraftField): string => valueWords(one, field, (id) => desk.names.vehicle(id));
  return (
    <section className="note newer" role="alert">
      <h2>{t("plan.newer", { n: theirs.revision })}</h2>
      <ul className="reasons">
        {changesOf(base, draft, theirs).map(({ field, isMineToo }) => (
          <li key={field}>
            {word("draft_field", field)}
            {colon()}
            {told(base, field)} → {told(theirs, field)}
            {isMineToo && <strong> · {t("plan.mine_too", { mine: told(draft, field) })}</strong>}
          </li>
        ))}
      </ul>
      <Choice onTheirs={() => planner.takeTheirs()} onMine={() => planner.putMineOnTop()} />
    </section>
  );
}

export function Choice({ onTheirs, onMine }: { onTheirs: () => void; onMine: () => void }) {
  return (
    <>
      <div className="buttons">
        <button type="button" onClick={onMine}>
          {t("plan.mine_on_top")}
        </button>
        <button type="button" onClick={onTheirs}>
          {t("plan.take_theirs")}
        </button>
      </div>
      <p className="hint">{t("plan.choice_hint")}</p>
    </>
  );
}

function valueWords(draft: PatrolDraft, field: DraftField, vehicleName: (id: string) => string): string {
  if (field === "parts") return listed(draft.parts.map((part) => nameOf(part) || word("part", part.type))) || "–";
  if (field === "vehicle_ids") return listed(draft.vehicle_ids.map(vehicleName)) || t("patrol.any_vehicle");
  if (field === "is_active") return draft.is_active ? t("plan.approved") : t("plan.draft");
  if (field === "schedule") return scheduleWords(draft.schedule);
  if (field === "height_agl_m") return `${draft.height_agl_m} m`;
  if (field === "speed_m_s") return `${draft.speed_m_s} m/s`;
  return draft[field] || "–";
}
