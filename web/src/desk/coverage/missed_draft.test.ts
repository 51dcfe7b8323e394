import { describe, expect, it } from "vitest";
import type { Coverage } from "../../api/types";
import { missedFeatures, missedParts } from "./missed_draft";

const square = (lon: number): GeoJSON.Polygon => ({
  type: "Polygon",
  coordinates: [[[lon, 31.32], [lon + 0.0001, 31.32], [lon + 0.0001, 31.3201], [lon, 31.3201], [lon, 31.32]]],
});

const feature = (part: string, geometry: GeoJSON.Geometry): GeoJSON.Feature => ({ type: "Feature", geometry, properties: { part } });

const coverage = (count: number): Coverage =>
  ({
    map: {
      type: "FeatureCollection",
      features: [
        feature("wanted", { type: "MultiPolygon", coordinates: [square(121).coordinates] }),
        ...Array.from({ length: count }, (_, n) => feature("missed", square(121.4 + n / 1000))),
      ],
    },
  }) as unknown as Coverage;

describe("a run over the missed places", () => {
  it("has an area around each of them, with some room", () => {
    const [first, second, ...rest] = missedParts(coverage(2), (number) => `missed ${number}`);
    expect(rest).toEqual([]);
    expect([first?.name, second?.name]).toEqual(["missed 1", "missed 2"]);
    const ring = (first?.shape as GeoJSON.Polygon).coordinates[0]!;
    const lons = ring.map((place) => place[0]!);
    const metres = (121.4 - Math.min(...lons)) * 111_320 * Math.cos((31.32 * Math.PI) / 180);
    expect(metres).toBeCloseTo(8, 1);
    expect(ring[0]).toEqual(ring.at(-1));
  });

  it("takes the largest when there are many", () => {
    expect(missedFeatures(coverage(40))).toHaveLength(40);
    expect(missedParts(coverage(40), String)).toHaveLength(12);
  });
});
