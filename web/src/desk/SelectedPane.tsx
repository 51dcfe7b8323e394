/** The right column: what is selected; the patrols when nothing is. */
import { useEffect, useRef } from "react";
import type { RefObject } from "react";
import { t, useLanguage } from "../i18n";
import { AlarmPanel } from "./AlarmPanel";
import { useFocusAfterStep } from "./focus_after_step";
import { IncidentPanel } from "./IncidentPanel";
import { PatrolPanel } from "./PatrolPanel";
import { PatrolsPanel } from "./PatrolsPanel";
import { NoticePanel } from "./planning/NoticePanel";
import { PlanPanel } from "./planning/PlanPanel";
import { RoundsPanel } from "./planning/rounds/RoundsPanel";
import { WeekPanel } from "./planning/WeekPanel";
import { ZonesPanel } from "./planning/ZonesPanel";
import { RunPanel } from "./RunPanel";
import { select, useSelection } from "./selection";
import type { Selection } from "./selection";
import { SightingPanel } from "./SightingPanel";
import { VehiclePanel } from "./VehiclePanel";

/** No thing is selected: the patrols are shown. */
const NOTHING = "patrols";

export function SelectedPane() {
  useLanguage();
  const selection = useSelection();
  const key = selection ? `${selection.kind}/${selection.id}` : NOTHING;
  const pane = useRef<HTMLElement>(null);
  useFocusWhenLost(pane, key);
  useFocusAfterStep(pane);
  return (
    <aside ref={pane} tabIndex={-1} className="selected-pane" aria-label={t("right.title")}>
      {selection && (
        <button type="button" className="quiet close" onClick={() => select(null)} title="Esc">
          ✕ {t("close")}
        </button>
      )}
      {/* Another thing selected is another panel: what was typed for one never lands at another. */}
      <Panel key={key} selection={selection} />
    </aside>
  );
}

/** What was opened from something that went away with it (a search, a button of the panel before) has the keyboard; what
 * was closed gives it back to the line or tile that stands for it. */
function useFocusWhenLost(pane: RefObject<HTMLElement | null>, key: string): void {
  const shown = useRef(key);
  useEffect(() => {
    const { activeElement } = document;
    const before = shown.current;
    shown.current = key;
    if (before === key) return;
    const place = key === NOTHING ? standingFor(before) : null;
    if (activeElement === document.body || (place && activeElement === pane.current)) {
      (place ?? pane.current)?.focus({ preventScroll: place === null });
    }
  }, [pane, key]);
}

function standingFor(key: string): HTMLElement | null {
  const [kind, id] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
  const place = kind === "vehicle" ? `.tile[data-vehicle="${CSS.escape(id)}"]` : `[data-row="${CSS.escape(key)}"]`;
  return document.querySelector<HTMLElement>(place);
}

function Panel({ selection }: { selection: Selection | null }) {
  if (!selection) return <PatrolsPanel />;
  const { kind, id } = selection;
  if (kind === "vehicle") return <VehiclePanel id={id} />;
  if (kind === "patrol") return <PatrolPanel id={id} />;
  if (kind === "incident") return <IncidentPanel id={id} />;
  if (kind === "alarm") return <AlarmPanel id={id} />;
  if (kind === "run") return <RunPanel id={id} />;
  if (kind === "plan") return <PlanPanel id={id} />;
  if (kind === "zones") return <ZonesPanel />;
  if (kind === "rounds") return <RoundsPanel />;
  if (kind === "notice") return <NoticePanel />;
  if (kind === "week") return <WeekPanel />;
  return <SightingPanel id={id} />;
}
