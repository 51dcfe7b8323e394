/** What a search finds: all that the desk knows, and the cases and alarms that have ended. Pure, but for what it opens. */
import type { Alarm, Incident, Place } from "../api/types";
import { nameOf, t, word } from "../i18n";
import { boundsOf } from "../map/shapes";
import type { Desk } from "./desk";
import type { Named } from "./names";
import { select } from "./selection";
import type { Selection } from "./selection";

const SHOWN = 12;

export interface Hit {
  key: string;
  title: string;
  more: string;
  /** Everything it is known by, in both languages. */
  known: string;
  open: () => void;
}

export interface Ended {
  incidents: readonly Incident[];
  alarms: readonly Alarm[];
}

/** What has all of the words, in the order of the list below. */
export function found(desk: Desk, ended: Ended, words: string): Hit[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  return everything(desk, ended)
    .filter((hit) => wanted.every((one) => hit.known.includes(one)))
    .slice(0, SHOWN);
}

function everything(desk: Desk, ended: Ended): Hit[] {
  const { store } = desk;
  const vehicles = [...store.vehicles.values()];
  // What the live line tells of a case is newer than what was asked for.
  const closed = ended.incidents.filter((one) => !store.incidents.has(one.id));
  const over = ended.alarms.filter((one) => !store.alarms.get(one.id)?.is_open);
  return [
    ...store.openAlarms().map(alarmHit),
    ...vehicles.map((one) => hit({ kind: "vehicle", id: one.id }, t("search.vehicle"), one, one.id)),
    ...[...store.incidents.values()].map((one) => incidentHit(desk, one)),
    ...(desk.patrols ?? []).map((one) => hit({ kind: "patrol", id: one.id }, t("search.patrol"), one)),
    ...places(desk),
    ...closed.map((one) => incidentHit(desk, one)),
    ...over.map(alarmHit),
  ];
}

function alarmHit(one: Alarm): Hit {
  const told = { name: one.panel_name, name_zh: one.panel_name_zh };
  return hit({ kind: "alarm", id: one.id }, t("search.alarm"), told, word("alarm", one.state), one.number);
}

function incidentHit(desk: Desk, one: Incident): Hit {
  const kind = desk.kinds.get(one.kind) ?? { name: one.kind };
  const found = hit({ kind: "incident", id: one.id }, word("incident", one.state), kind, one.number, desk.names.zone(one.zone_id));
  return { ...found, title: desk.names.kind(one.kind) };
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

function hit(selection: Selection, kind: string, told: Named, ...more: string[]): Hit {
  return { ...described(`${selection.kind}/${selection.id}`, kind, told, more), open: () => select(selection) };
}

function described(key: string, kind: string, told: Named, more: string[]): Omit<Hit, "open"> {
  const known = [told.name, told.name_zh, kind, ...more].join(" ").toLowerCase();
  return { key, title: nameOf(told) || more[0] || "", more: [kind, ...more].filter(Boolean).join(" · "), known };
}
