import { describe, expect, it } from "vitest";
import type { Coverage, Patrol } from "../../api/types";
import { missedParts } from "./missed_draft";

const square = (lon: number): GeoJSON.Polygon => ({
  type: "Polygon",
  coordinates: [[[lon, 31.32], [lon + 0.0001, 31.32], [lon + 0.0001, 31.3201], [lon, 31.3201], [lon, 31.32]]],
});

const coverage = (...parts: string[]): Coverage =>
  ({
    missed: parts.map((part, n) => ({ number: n + 1, part, area_m2: 9, place: [121.4, 31.32] })),
    map: {
      type: "FeatureCollection",
      features: parts.map((_, n) => ({
        type: "Feature",
        geometry: square(121.4 + n / 1000),
        properties: { part: "missed", number: n + 1 },
      })),
    },
  }) as unknown as Coverage;

const patrol = {
  id: "p",
  parts: [
    { type: "line", name: "lane", line: [[121.4, 31.32], [121.401, 31.32]], camera: { pitch_deg: -38 } },
    { type: "line", name: "street", line: [[121.4, 31.32], [121.401, 31.32]], camera: { pitch_deg: -38 } },
    { type: "area", name: "yard", area: square(121.4), swath_m: 14, overlap: 0.3, camera: { pitch_deg: -50 } },
  ],
} as unknown as Patrol;

describe("a run over the missed places", () => {
  it("flies lines again that missed something", () => {
    const parts = missedParts(coverage("lane", "lane"), patrol);
    expect(parts.map((part) => [part.type, part.name, part.pitch_deg])).toEqual([["line", "lane", -38]]);
  });

  it("has a box around each place that an area missed, seen as the area was", () => {
    const [first, second, ...rest] = missedParts(coverage("yard", "yard"), patrol);
    expect(rest).toEqual([]);
    expect([first?.name, second?.name]).toEqual(["yard 1", "yard 2"]);
    expect([first?.swath_m, first?.overlap, first?.pitch_deg]).toEqual([14, 0.3, -50]);
    expect(first?.key).not.toBe(second?.key);
    const ring = (first?.shape as GeoJSON.Polygon).coordinates[0]!;
    const west = Math.min(...ring.map((place) => place[0]!));
    expect((121.4 - west) * 111_320 * Math.cos((31.32 * Math.PI) / 180)).toBeCloseTo(8, 1);
    expect(ring[0]).toEqual(ring.at(-1));
  });

  it("takes the largest when there are many", () => {
    expect(missedParts(coverage(...Array<string>(40).fill("yard")), patrol)).toHaveLength(12);
  });
});
