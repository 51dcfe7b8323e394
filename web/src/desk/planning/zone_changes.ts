/** What two people changed of one set of zones: pure, zone by zone and within a zone field by field. */
import type { DraftZone } from "./zone_draft";

export const SHAPE = "shape";

export interface ZoneField {
  /** A property of the zone, or `SHAPE`. */
  field: string;
  was: unknown;
  theirs: unknown;
  /** Where it was changed here to something else: what was done here stays when it is put on top. */
  mine?: unknown;
}

export interface ZoneChange {
  id: string;
  name: string;
  name_zh: string;
  what: "added" | "changed" | "removed";
  /** Both changed the zone so that only one of the two can be: ours stays when it is put on top. */
  isMineToo: boolean;
  /** What was changed of a zone that is still there. */
  fields: ZoneField[];
  theirs: DraftZone | null;
}

/** What `theirs` has that `base` had not, or had otherwise. */
export function zoneChanges(base: DraftZone[], mine: DraftZone[], theirs: DraftZone[]): ZoneChange[] {
  const [was, here, there] = [byId(base), byId(mine), byId(theirs)];
  const touched = [...new Set([...there.keys(), ...was.keys()])].filter((id) => textOf(was.get(id)) !== textOf(there.get(id)));
  return touched.map((id) => changeOf(id, was.get(id), here.get(id), there.get(id)));
}

function changeOf(id: string, was: DraftZone | undefined, here: DraftZone | undefined, there: DraftZone | undefined): ZoneChange {
  const fields = was && there ? fieldsOf(was, here ?? was, there) : [];
  const isOneOnly = !was || !here || !there;
  const isMineToo = isOneOnly ? textOf(was) !== textOf(here) && textOf(here) !== textOf(there) : fields.some((one) => "mine" in one);
  const what = !was ? "added" : there ? "changed" : "removed";
  const { name, name_zh } = (there ?? was)!.properties;
  return { id, name, name_zh, what, isMineToo, fields, theirs: there ?? null };
}

function fieldsOf(was: DraftZone, here: DraftZone, there: DraftZone): ZoneField[] {
  const names = [...new Set([...Object.keys(was.properties), ...Object.keys(there.properties)]), SHAPE];
  return names.flatMap((field) => {
    const [before, ours, theirs] = [was, here, there].map((zone) => valueOf(zone, field));
    if (isSame(before, theirs)) return [];
    const isBoth = !isSame(before, ours) && !isSame(ours, theirs);
    return [{ field, was: before, theirs, ...(isBoth ? { mine: ours } : {}) }];
  });
}

/** `theirs` with everything on it that was added, changed or removed here; of a zone that both changed, field by field. */
export function mergedZones(base: DraftZone[], mine: DraftZone[], theirs: DraftZone[]): DraftZone[] {
  const [was, here, there] = [byId(base), byId(mine), byId(theirs)];
  const isMine = (id: string): boolean => textOf(was.get(id)) !== textOf(here.get(id));
  const kept = theirs.flatMap((zone) => {
    const id = zone.properties.id;
    if (!isMine(id)) return [zone];
    const own = here.get(id);
    return own ? [joined(was.get(id), own, zone)] : [];
  });
  return [...kept, ...mine.filter((zone) => !there.has(zone.properties.id) && isMine(zone.properties.id))];
}

/** Our zone with what only the other person changed of it. */
function joined(was: DraftZone | undefined, own: DraftZone, theirs: DraftZone): DraftZone {
  if (!was) return own;
  const onlyTheirs = fieldsOf(was, own, theirs).filter((one) => !("mine" in one));
  const properties = { ...own.properties, ...Object.fromEntries(onlyTheirs.map((one) => [one.field, one.theirs])) };
  const { [SHAPE]: geometry = own.geometry, ...rest } = properties;
  return { ...own, properties: rest, geometry: geometry as DraftZone["geometry"] };
}

function byId(zones: DraftZone[]): Map<string, DraftZone> {
  return new Map(zones.map((zone) => [zone.properties.id, zone]));
}

function valueOf(zone: DraftZone, field: string): unknown {
  return field === SHAPE ? zone.geometry : zone.properties[field];
}

/** The server tells properties in one order; a person's change keeps it. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function textOf(zone: DraftZone | undefined): string {
  return zone ? JSON.stringify([zone.properties, zone.geometry]) : "";
}
