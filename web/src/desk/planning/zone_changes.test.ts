import { describe, expect, it } from "vitest";
import { mergedZones, zoneChanges } from "./zone_changes";
import { newZone } from "./zone_draft";
import type { DraftZone, ZoneProperties } from "./zone_draft";

const shape = (side: number): GeoJSON.Polygon => ({ type: "Polygon", coordinates: [[[0, 0], [side, 0], [side, side], [0, 0]]] });
const zone = (id: string, more: Partial<ZoneProperties> = {}, side = 1): DraftZone => ({
  key: `${id}-${side}`,
  properties: { ...newZone("keep_out", []).properties, id, name: id, ...more },
  geometry: shape(side),
});
const base = [zone("crane"), zone("pond")];

describe("one zone that two people changed", () => {
  it("keeps what each of them changed where it is not the same", () => {
    const mine = [zone("crane", { name: "Tower crane" }), zone("pond")];
    const theirs = [zone("crane", { ceiling_agl_m: 60 }, 2), zone("pond")];
    expect(zoneChanges(base, mine, theirs)).toMatchObject([
      { id: "crane", what: "changed", isMineToo: false, fields: [{ field: "ceiling_agl_m", was: null, theirs: 60 }, { field: "shape" }] },
    ]);
    const [crane, pond] = mergedZones(base, mine, theirs);
    expect([crane!.properties.name, crane!.properties.ceiling_agl_m, crane!.geometry]).toEqual(["Tower crane", 60, shape(2)]);
    expect([crane!.key, pond]).toEqual([mine[0]!.key, theirs[1]]);
  });

  it("tells both where it is the same, and ours stays", () => {
    const mine = [zone("crane", { ceiling_agl_m: 45 }, 3), zone("pond")];
    const theirs = [zone("crane", { ceiling_agl_m: 60, name: "Crane" }, 2), zone("pond")];
    const [change] = zoneChanges(base, mine, theirs);
    expect(change!.isMineToo).toBe(true);
    expect(change!.fields).toEqual([
      { field: "name", was: "crane", theirs: "Crane" },
      { field: "ceiling_agl_m", was: null, theirs: 60, mine: 45 },
      { field: "shape", was: shape(1), theirs: shape(2), mine: shape(3) },
    ]);
    const [crane] = mergedZones(base, mine, theirs);
    expect([crane!.properties.name, crane!.properties.ceiling_agl_m, crane!.geometry]).toEqual(["Crane", 45, shape(3)]);
  });

  it("is no quarrel where both did the same", () => {
    const both = [zone("crane", { ceiling_agl_m: 60 }), zone("pond")];
    expect(zoneChanges(base, both, both).map((one) => one.isMineToo)).toEqual([false]);
    expect(mergedZones(base, both, both)).toEqual(both);
  });

  it("stays where one removed what the other changed, and says so", () => {
    const changed = [zone("crane", { ceiling_agl_m: 60 }), zone("pond")];
    const removed = [zone("pond")];
    expect(zoneChanges(base, changed, removed)).toMatchObject([{ id: "crane", what: "removed", isMineToo: true, theirs: null }]);
    expect(mergedZones(base, changed, removed).map((one) => one.properties.id)).toEqual(["pond", "crane"]);
    expect(zoneChanges(base, removed, changed)).toMatchObject([{ id: "crane", what: "changed", isMineToo: true }]);
    expect(mergedZones(base, removed, changed).map((one) => one.properties.id)).toEqual(["pond"]);
  });
});
