/** What two people changed of one set of zones: pure, zone by zone. */
import type { DraftZone } from "./zone_draft";

export interface ZoneChange {
  id: string;
  name: string;
  what: "added" | "changed" | "removed";
  /** It was changed here as well: what was done here stays when it is put on top. */
  isMineToo: boolean;
}

/** What `theirs` has that `base` had not, or had otherwise. */
export function zoneChanges(base: DraftZone[], mine: DraftZone[], theirs: DraftZone[]): ZoneChange[] {
  const [was, here, there] = [byId(base), byId(mine), byId(theirs)];
  const touched = [...new Set([...there.keys(), ...was.keys()])].filter((id) => textOf(was.get(id)) !== textOf(there.get(id)));
  return touched.map((id) => {
    const zone = there.get(id) ?? was.get(id)!;
    const what = !was.has(id) ? "added" : there.has(id) ? "changed" : "removed";
    return { id, name: zone.properties.name || id, what, isMineToo: textOf(was.get(id)) !== textOf(here.get(id)) };
  });
}

/** `theirs` with every zone on it that was added, changed or removed here; what is not drawn yet stays as well. */
export function mergedZones(base: DraftZone[], mine: DraftZone[], theirs: DraftZone[]): DraftZone[] {
  const [was, here, there] = [byId(base), byId(mine), byId(theirs)];
  const isMine = (id: string): boolean => textOf(was.get(id)) !== textOf(here.get(id));
  const kept = theirs.flatMap((zone) => {
    const id = zone.properties.id;
    if (!isMine(id)) return [zone];
    const own = here.get(id);
    return own ? [own] : [];
  });
  return [...kept, ...mine.filter((zone) => !there.has(zone.properties.id) && isMine(zone.properties.id))];
}

function byId(zones: DraftZone[]): Map<string, DraftZone> {
  return new Map(zones.map((zone) => [zone.properties.id, zone]));
}

/** The server tells properties in one order; a person's change keeps it. */
function textOf(zone: DraftZone | undefined): string {
  return zone ? JSON.stringify([zone.properties, zone.geometry]) : "";
}
