/** A zone as it lies on the drawing table, and what is written of it to the server. Pure. */
import type { Zones } from "../../api/types";

export const ZONE_KINDS = ["keep_in", "keep_out", "rule", "grid"] as const;

export interface ZoneProperties {
  id: string;
  kind: string;
  name: string;
  name_zh: string;
  floor_agl_m: number | null;
  ceiling_agl_m: number | null;
  [more: string]: unknown;
}

export interface DraftZone {
  key: string;
  properties: ZoneProperties;
  geometry: GeoJSON.Geometry | null;
}

export function newZone(kind: string, among: readonly DraftZone[]): DraftZone {
  const properties = { id: freeId(kind, among), kind, name: "", name_zh: "", floor_agl_m: null, ceiling_agl_m: null };
  return { key: crypto.randomUUID(), properties, geometry: null };
}

function freeId(kind: string, among: readonly DraftZone[]): string {
  return numbered(kind.replace("_", "-"), new Set(among.map((zone) => zone.properties.id)));
}

function numbered(word: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const id = `${word}-${number}`;
    if (!taken.has(id)) return id;
  }
}

/** The server numbers what a file gives no name to. */
const MADE_ID = /^(fence|zone|placemark)-\d+$/;

/** The zones of a file; an id that the file does not hold itself says nothing of which zone it is, and gives way to a free one. */
export function withFreeIds(features: readonly GeoJSON.Feature[], among: readonly DraftZone[], text: string): GeoJSON.Feature[] {
  const idOf = (one: GeoJSON.Feature): string => (one.properties as ZoneProperties).id;
  const inDraft = new Set(among.map((zone) => zone.properties.id));
  const taken = new Set([...inDraft, ...features.map(idOf)]);
  return features.map((one) => {
    const made = text.includes(idOf(one)) ? null : MADE_ID.exec(idOf(one));
    if (!made || !inDraft.has(idOf(one))) return one;
    const id = numbered(made[1]!, taken);
    taken.add(id);
    return { ...one, properties: { ...one.properties, id } };
  });
}

export function draftZone(feature: GeoJSON.Feature): DraftZone {
  return { key: crypto.randomUUID(), properties: feature.properties as ZoneProperties, geometry: feature.geometry };
}

export function zonesOf(told: Zones): DraftZone[] {
  return (told.features as unknown as GeoJSON.Feature[]).map(draftZone);
}

/** All drawn zones; the one in a person's hand can be left out. */
export function documentOf(zones: readonly DraftZone[], without?: string): GeoJSON.FeatureCollection {
  const drawn = zones.filter((zone) => zone.geometry !== null && zone.key !== without);
  return {
    type: "FeatureCollection",
    features: drawn.map(({ properties, geometry }) => ({ type: "Feature", properties, geometry: geometry! })),
  };
}

/** Shapes with holes or of several parts are shown, and changed by a file. */
export function isDrawable(geometry: GeoJSON.Geometry | null): geometry is GeoJSON.Polygon | null {
  return geometry === null || (geometry.type === "Polygon" && geometry.coordinates.length === 1);
}

/** The zones of a file: those that are new, and those that take the place of one with the same number. */
export interface Coming {
  added: ZoneProperties[];
  /** As they were. */
  replaced: ZoneProperties[];
}

export function comingIn(zones: readonly DraftZone[], features: readonly GeoJSON.Feature[]): Coming {
  const coming = features.map((one) => one.properties as ZoneProperties);
  const known = new Map(zones.map((zone) => [zone.properties.id, zone.properties]));
  return {
    added: coming.filter((one) => !known.has(one.id)),
    replaced: coming.flatMap((one) => known.get(one.id) ?? []),
  };
}
