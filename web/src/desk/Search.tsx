/** `/` finds anything by its name or number: vehicles, patrols, cases, alarms, zones and help panels. */
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { Place } from "../api/types";
import { nameOf, t, useLanguage, word } from "../i18n";
import { boundsOf } from "../map/shapes";
import type { Desk } from "./desk";
import { useDesk } from "./hooks";
import { select } from "./selection";
import type { Selection } from "./selection";

const SHOWN = 12;

interface Hit {
  key: string;
  title: string;
  more: string;
  /** Everything it is known by, in both languages. */
  known: string;
  open: () => void;
}

interface Named {
  name: string;
  name_zh?: string | null;
}

export function Search({ onClose }: { onClose: () => void }) {
  useLanguage();
  const desk = useDesk();
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  // Not modal: an alarm that rings meanwhile can be answered with a click.
  useEffect(() => dialog.current?.show(), []);
  const hits = found(desk, words);
  const current = Math.min(at, hits.length - 1);
  const open = (hit: Hit | undefined): void => {
    if (!hit) return;
    onClose();
    hit.open();
  };
  const press = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0) setAt(Math.max(0, Math.min(hits.length - 1, current + by)));
    else if (event.nativeEvent.isComposing) return;
    else if (event.key === "Enter") open(hits[current]);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="floating search" onClose={onClose} onBlur={onClose} aria-label={t("search.title")}>
      <input
        autoFocus
        value={words}
        placeholder={t("search.what")}
        aria-label={t("search.title")}
        role="combobox"
        aria-expanded={hits.length > 0}
        aria-controls="search-hits"
        aria-activedescendant={hits[current] ? `hit-${current}` : undefined}
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div id="search-hits" role="listbox" aria-label={t("search.hits")} onMouseDown={(event) => event.preventDefault()}>
        {hits.map((hit, index) => (
          <div key={hit.key} id={`hit-${index}`} role="option" aria-selected={index === current} className={`row${index === current ? " current" : ""}`} onClick={() => open(hit)}>
            <span className="row-title">{hit.title}</span>
            <span className="row-more">{hit.more}</span>
          </div>
        ))}
      </div>
      {words.trim() !== "" && hits.length === 0 && <p className="empty">{t("search.nothing")}</p>}
    </dialog>
  );
}

/** What has all of the words, in the order of the list below. */
function found(desk: Desk, words: string): Hit[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  return everything(desk)
    .filter((hit) => wanted.every((one) => hit.known.includes(one)))
    .slice(0, SHOWN);
}

function everything(desk: Desk): Hit[] {
  const { store } = desk;
  const hit = (selection: Selection, kind: string, told: Named, ...more: string[]): Hit => ({
    ...described(`${selection.kind}/${selection.id}`, kind, told, more),
    open: () => select(selection),
  });
  return [
    ...store.openAlarms().map((one) => hit({ kind: "alarm", id: one.id }, t("search.alarm"), { name: one.panel_name, name_zh: one.panel_name_zh }, one.number)),
    ...[...store.vehicles.values()].map((one) => hit({ kind: "vehicle", id: one.id }, t("search.vehicle"), one, one.id)),
    ...[...store.incidents.values()].map((one) =>
      hit({ kind: "incident", id: one.id }, word("incident", one.state), desk.kinds.get(one.kind) ?? { name: one.kind }, one.number, desk.zoneName(one.zone_id)),
    ),
    ...(desk.patrols ?? []).map((one) => hit({ kind: "patrol", id: one.id }, t("search.patrol"), one)),
    ...places(desk),
  ];
}

/** Zones and help panels have no page of their own: the map goes there. */
function places(desk: Desk): Hit[] {
  const at = (key: string, kind: string, told: Named, place: Place, id: string): Hit => ({
    ...described(key, kind, told, [id]),
    open: () => desk.showPlace(place),
  });
  const zones = desk.zones?.features.flatMap((zone) => {
    const [[west, south], [east, north]] = boundsOf({ type: "FeatureCollection", features: [zone] }) ?? [[NaN, 0], [0, 0]];
    const told = zone.properties as Named & { id: string; kind: string };
    const middle: Place = [(west + east) / 2, (south + north) / 2];
    return Number.isNaN(west) ? [] : [at(`zone/${told.id}`, word("zone_kind", told.kind), told, middle, told.id)];
  });
  const panels = desk.site?.panels.map((one) => at(`panel/${one.id}`, t("search.panel"), one, one.place, one.id));
  return [...(zones ?? []), ...(panels ?? [])];
}

function described(key: string, kind: string, told: Named, more: string[]): Omit<Hit, "open"> {
  const known = [told.name, told.name_zh, kind, ...more].join(" ").toLowerCase();
  return { key, title: nameOf(told) || more[0] || "", more: [kind, ...more].filter(Boolean).join(" · "), known };
}
