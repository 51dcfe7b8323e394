/** The road graph of what was drawn: ends that nearly meet are joined, roads that cross share a place. Pure. */
import type { Place } from "../../../api/types";
import { apartM, between, crossingShare, nearestShare, Plane } from "./plane";
import type { Metres } from "./plane";
import type { RoundsItem } from "./rounds_draft";

/** An end of a road so near to another road is meant to meet it. */
export const JOINS_M = 8;
/** A spot so near to a road is seen from it. */
export const SPOT_M = 15;
const SAME_M = 0.1;

export interface GraphNode {
  id: string;
  x_m: number;
  y_m: number;
  weight: number;
}

export interface GraphEdge {
  a: string;
  b: string;
  length_m: number;
  one_way: boolean;
  single_lane: boolean;
}

export interface Network {
  nodes: GraphNode[];
  edges: GraphEdge[];
  places: Map<string, Place>;
  names: Map<string, string>;
  /** Spots too far from every road. */
  loose: RoundsItem[];
  /** One-way roads from whose end no way leads back. */
  stuck: RoundsItem[];
  /** How many parts the network has that no road joins. */
  parts: number;
}

interface Road {
  item: RoundsItem;
  points: Metres[];
}

interface Spot {
  item: RoundsItem;
  at: Metres;
}

export function networkOf(items: readonly RoundsItem[], origin: Place): Network {
  const plane = new Plane(origin);
  const roads = withJoinedEnds(items.flatMap((item) => roadOf(item, plane)));
  const spots = items.flatMap((item) => spotOf(item, plane));
  const on = spots.map((spot) => onRoads(spot, roads));
  const loose = roads.length > 0 ? spots.filter((_, index) => on[index] === null) : [];
  const seen = roads.length > 0 ? spots.flatMap((spot, index) => (on[index] ? [{ ...spot, at: on[index] }] : [])) : spots;
  const net = new Weaver();
  for (const spot of seen) net.spot(spot);
  for (const road of roads) net.road(road.item, cut(road, roads, seen));
  if (roads.length === 0) net.joinAll();
  return { ...net.woven(plane), loose: loose.map((spot) => spot.item) };
}

function roadOf(item: RoundsItem, plane: Plane): Road[] {
  if (item.shape?.type !== "LineString") return [];
  return [{ item, points: item.shape.coordinates.map((place) => plane.metres(place as Place)) }];
}

function spotOf(item: RoundsItem, plane: Plane): Spot[] {
  return item.shape?.type === "Point" ? [{ item, at: plane.metres(item.shape.coordinates as Place) }] : [];
}

/** Each end is moved to the nearest corner of another road, or else onto another road, that it nearly meets. */
function withJoinedEnds(roads: Road[]): Road[] {
  const joined = roads.map((road) => ({ ...road, points: [...road.points] }));
  for (const road of joined) {
    for (const end of [0, road.points.length - 1]) {
      const others = joined.filter((other) => other !== road).map((other) => other.points);
      const target = joinOf(road.points[end]!, others, otherEnd(road, end));
      if (target) road.points[end] = target;
    }
  }
  return joined;
}

/** A road of four corners and more can be closed to a ring. */
function otherEnd({ points }: Road, end: number): Metres[] {
  return points.length < 4 ? [] : [points[end === 0 ? points.length - 1 : 0]!];
}

function joinOf(end: Metres, others: Metres[][], own: Metres[]): Metres | null {
  const corner = nearest(end, [...others.flat(), ...own]);
  if (corner && apartM(end, corner) <= JOINS_M) return corner;
  const place = nearest(end, others.flatMap((points) => nearestPlaces(end, points)));
  return place && apartM(end, place) <= JOINS_M ? place : null;
}

function onRoads(spot: Spot, roads: Road[]): Metres | null {
  const corner = nearest(spot.at, roads.flatMap((road) => road.points));
  if (corner && apartM(spot.at, corner) <= SAME_M) return corner;
  const place = nearest(spot.at, roads.flatMap((road) => nearestPlaces(spot.at, road.points)));
  return place && apartM(spot.at, place) <= SPOT_M ? place : null;
}

function nearest(from: Metres, places: Metres[]): Metres | null {
  let best: Metres | null = null;
  for (const place of places) if (!best || apartM(from, place) < apartM(from, best)) best = place;
  return best;
}

function nearestPlaces(to: Metres, points: Metres[]): Metres[] {
  return points.slice(1).map((b, index) => between(points[index]!, b, nearestShare(to, points[index]!, b)));
}

/** The road with a corner wherever another road crosses or meets it, and where a spot lies on it. */
function cut(road: Road, roads: Road[], spots: Spot[]): Metres[] {
  const meeting = [...roads.flatMap((one) => (one === road ? [] : one.points)), ...spots.map((spot) => spot.at)];
  const found: Metres[] = [road.points[0]!];
  for (let index = 1; index < road.points.length; index++) {
    const [a, b] = [road.points[index - 1]!, road.points[index]!];
    const shares = [...touching(a, b, meeting), ...roads.flatMap((one) => crossings(a, b, one.points))];
    for (const share of shares.sort((one, other) => one - other)) found.push(between(a, b, share));
    found.push(b);
  }
  return found;
}

function touching(a: Metres, b: Metres, places: Metres[]): number[] {
  return places.flatMap((place) => {
    const share = nearestShare(place, a, b);
    return share > 0 && share < 1 && apartM(place, between(a, b, share)) <= SAME_M ? [share] : [];
  });
}

function crossings(a: Metres, b: Metres, points: Metres[]): number[] {
  return points.slice(1).flatMap((d, index) => crossingShare(a, b, points[index]!, d) ?? []);
}

/** Gathers places, each once, and the ways between them. */
class Weaver {
  readonly #at: Metres[] = [];
  readonly #weights: number[] = [];
  readonly #names: string[] = [];
  readonly #edges: GraphEdge[] = [];
  readonly #oneWay = new Map<GraphEdge, RoundsItem>();

  spot({ item, at }: Spot): void {
    const number = this.#numberOf(at);
    this.#weights[number] = Math.max(this.#weights[number]!, item.weight);
    this.#names[number] ||= item.name;
  }

  road(item: RoundsItem, points: Metres[]): void {
    const numbers = points.map((point) => this.#numberOf(point));
    numbers.slice(1).forEach((to, index) => {
      const edge = this.#join(numbers[index]!, to, item.isOneWay, item.isSingleLane);
      if (edge?.one_way) this.#oneWay.set(edge, item);
    });
  }

  /** Without any road the vehicles go straight from each to each. */
  joinAll(): void {
    this.#at.forEach((_, a) => this.#at.forEach((__, b) => a < b && this.#join(a, b, false, false)));
  }

  woven(plane: Plane): Omit<Network, "loose"> {
    const nodes = this.#at.map(({ x, y }, number) => ({ id: idOf(number), x_m: x, y_m: y, weight: this.#weights[number]! }));
    const places = new Map(this.#at.map((at, number) => [idOf(number), plane.place(at)]));
    const names = new Map(this.#names.flatMap((name, number) => (name ? [[idOf(number), name] as const] : [])));
    return { nodes, edges: this.#edges, places, names, parts: countParts(nodes, this.#edges), stuck: this.#stuck() };
  }

  #numberOf(at: Metres): number {
    const known = this.#at.findIndex((one) => apartM(one, at) <= SAME_M);
    if (known >= 0) return known;
    this.#weights.push(1);
    this.#names.push("");
    return this.#at.push(at) - 1;
  }

  #join(a: number, b: number, one_way: boolean, single_lane: boolean): GraphEdge | null {
    if (a === b) return null;
    const edge = { a: idOf(a), b: idOf(b), length_m: apartM(this.#at[a]!, this.#at[b]!), one_way, single_lane };
    this.#edges.push(edge);
    return edge;
  }

  #stuck(): RoundsItem[] {
    if (this.#oneWay.size === 0) return [];
    const ways = new Map<string, string[]>();
    const add = (from: string, to: string): void => void ways.set(from, [...(ways.get(from) ?? []), to]);
    for (const { a, b, one_way } of this.#edges) {
      add(a, b);
      if (!one_way) add(b, a);
    }
    return [...new Set([...this.#oneWay].filter(([{ a, b }]) => !reachable(b, ways).has(a)).map(([, item]) => item))];
  }
}

function reachable(from: string, ways: Map<string, string[]>): Set<string> {
  const seen = new Set([from]);
  for (const here of seen) ways.get(here)?.forEach((next) => seen.add(next));
  return seen;
}

const idOf = (number: number): string => `${number + 1}`;

function countParts(nodes: GraphNode[], edges: GraphEdge[]): number {
  const part = new Map(nodes.map((node) => [node.id, node.id]));
  const rootOf = (id: string): string => {
    let root = id;
    while (part.get(root) !== root) root = part.get(root)!;
    part.set(id, root);
    return root;
  };
  for (const { a, b } of edges) part.set(rootOf(a), rootOf(b));
  return nodes.filter((node) => rootOf(node.id) === node.id).length;
}
