import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Place, Rounds } from "../../../api/types";
import type * as FileReading from "./import_roads";
import { apartM, Plane } from "./plane";
import { networkOf } from "./road_graph";
import { emptyRounds, newItem } from "./rounds_draft";
import type { RoundsItem } from "./rounds_draft";
import { patrolsOf, walksOf } from "./walks";

const ORIGIN: Place = [121.4, 31.32];
const plane = new Plane(ORIGIN);
const at = (x: number, y: number): Place => plane.place({ x, y });

function road(name: string, ...points: [number, number][]): RoundsItem {
  return newItem("road", name, { type: "LineString", coordinates: points.map(([x, y]) => at(x, y)) });
}

function spot(name: string, x: number, y: number): RoundsItem {
  return newItem("spot", name, { type: "Point", coordinates: at(x, y) });
}

const network = (...items: RoundsItem[]) => networkOf(items, ORIGIN);
const lengths = (net: ReturnType<typeof network>): number[] => net.edges.map((edge) => Math.round(edge.length_m)).sort((a, b) => a - b);

describe("the road graph of what was drawn", () => {
  it("counts metres like the ellipsoid", () => {
    expect(apartM(plane.metres([121.41, 31.32]), { x: 0, y: 0 })).toBeCloseTo(951.8, 0);
    expect(apartM(plane.metres([121.4, 31.33]), { x: 0, y: 0 })).toBeCloseTo(1108.7, 0);
  });

  it("joins an end that nearly meets a corner, or the middle of a road", () => {
    const street = road("street", [0, 0], [100, 0]);
    const net = network(street, road("lane", [50, 6], [50, 80]), road("path", [103, 4], [160, 0]));
    expect([net.nodes.length, net.edges.length, net.parts]).toEqual([5, 4, 1]);
    // The street's end is drawn to the path's beginning, four metres beside it.
    expect(lengths(net)).toEqual([50, 53, 57, 78]);
  });

  it("makes a place where roads cross, and leaves apart what is apart", () => {
    const net = network(road("a", [-50, 0], [50, 0]), road("b", [0, -50], [0, 50]), road("c", [0, 90], [50, 90]));
    expect([net.nodes.length, net.edges.length, net.parts]).toEqual([7, 5, 2]);
  });

  it("closes a ring whose ends nearly meet", () => {
    const net = network(road("ring", [0, 0], [60, 0], [60, 60], [3, 4]));
    expect([net.nodes.length, net.edges.length]).toEqual([3, 3]);
  });

  it("puts a spot of weight on its road, and names one that is off", () => {
    const net = network(road("street", [0, 0], [100, 0]), { ...spot("gate", 30, 9), weight: 3 }, spot("roof", 30, 60));
    expect(lengths(net)).toEqual([30, 70]);
    expect(net.nodes.map((node) => node.weight).sort()).toEqual([1, 1, 3]);
    expect([[...net.names.values()], net.loose.map((item) => item.name)]).toEqual([["gate"], ["roof"]]);
  });

  it("joins spots straight where there is no road", () => {
    expect(lengths(network(spot("a", 0, 0), spot("b", 30, 0), spot("c", 30, 40)))).toEqual([30, 40, 50]);
  });

  it("names a one-way road without a way back, and not one in a ring", () => {
    const way = { ...road("way", [0, 0], [50, 0]), isOneWay: true };
    expect(network(way, road("on", [50, 0], [90, 0])).stuck.map((item) => item.name)).toEqual(["way"]);
    expect(network(way, road("back", [50, 0], [25, 40], [0, 0])).stuck).toEqual([]);
  });
});

describe("the patrols of rounds", () => {
  const net = network(road("square", [0, 0], [30, 0], [30, 30], [0, 30], [0, 0]));
  const ids = net.nodes.map((node) => node.id);
  const told = (walks: [string[], number][]): Rounds =>
    ({ vehicles: walks.map(([walk, start_offset_m]) => ({ walk, start_offset_m })) }) as unknown as Rounds;

  it("begin where their vehicle begins, and end there", () => {
    const round = [...ids, ids[0]!];
    const walks = walksOf(told([[round, 0], [round, 45], [round, 60]]), net, ORIGIN);
    const metres = walks.map((walk) => walk.line.map((place) => plane.metres(place)).map(({ x, y }) => `${Math.round(x)},${Math.round(y)}`));
    expect(metres[0]!.join(" ")).toBe("0,0 30,0 30,30 0,30 0,0");
    expect(metres[1]!.join(" ")).toBe("30,15 30,30 0,30 0,0 30,0 30,15");
    expect(metres[2]!.join(" ")).toBe("30,30 0,30 0,0 30,0 30,30");
    expect(walks.map((walk) => [Math.round(walk.lapM), walk.group])).toEqual([[120, 0], [120, 0], [120, 0]]);
  });

  it("go round as often as was said, each with its own vehicle, all in one rhythm", () => {
    const walks = walksOf(told([[[...ids, ids[0]!], 0], [[ids[2]!], 0]]), net, ORIGIN);
    const draft = { ...emptyRounds(), name: "Square", name_zh: "方形", laps: 3, vehicle_ids: ["drone-1"] };
    const patrols = patrolsOf(draft, walks, { local: "2026-01-01T08:00:00", zone: "Asia/Shanghai", everyMin: 7 });
    expect(patrols.map((one) => [one.name, one.name_zh, one.vehicle_ids])).toEqual([["Square 1", "方形 1", ["drone-1"]], ["Square 2", "方形 2", []]]);
    expect((patrols[0]!.parts[0]!["line"] as Place[]).length).toBe(13);
    expect(patrols[1]!.parts[0]!["type"]).toBe("point");
    expect(patrols.map((one) => one.schedule?.["rule"])).toEqual(["FREQ=MINUTELY;INTERVAL=7", "FREQ=MINUTELY;INTERVAL=7"]);
  });
});

describe("roads from a file", () => {
  let itemsOf: typeof FileReading.itemsOf;

  beforeAll(async () => {
    vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
    vi.stubGlobal("document", { documentElement: { lang: "" } });
    ({ itemsOf } = await import("./import_roads"));
  });

  it("are read from GeoJSON and from a GRAPH", () => {
    const line = { type: "Feature", properties: { name: "Lane", oneway: "yes" }, geometry: { type: "LineString", coordinates: [at(0, 0), at(9, 0)] } };
    const [lane] = itemsOf(JSON.stringify({ type: "FeatureCollection", features: [line] }), "a.geojson", ORIGIN);
    expect([lane?.name, lane?.isOneWay, lane?.isSingleLane]).toEqual(["Lane", true, false]);
    const nodes = [{ id: 1, x_m: 0, y_m: 0, weight: 4 }, { id: 2, x_m: 40, y_m: 0 }];
    const items = itemsOf(JSON.stringify({ nodes, edges: [{ a: 1, b: 2, length_m: 40, single_lane: true }] }), "g.json", ORIGIN);
    expect(items.map((item) => [item.type, item.isSingleLane, item.weight])).toEqual([["road", true, 1], ["spot", false, 4]]);
    expect(lengths(networkOf(items, ORIGIN))).toEqual([40]);
  });

  it("are refused with the reason where there are none", () => {
    for (const text of ["{", "[]", '{"features": []}', '{"nodes": [{"id": 1, "x_m": "far"}]}']) {
      expect(() => itemsOf(text, "a.json", ORIGIN)).toThrowError(/JSON|GRAPH|road|earth/);
    }
  });
});
