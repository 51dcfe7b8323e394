/** What the desk knows, as shapes for the map. Pure, so that it can be tested without a map. */
import type { Alarm, IdlePlaces, Incident, Order, PatrolCheck, Place, Sighting, Vehicle } from "../api/types";
import type { Network } from "../desk/planning/rounds/road_graph";
import type { FoundRounds } from "../desk/planning/rounds/rounds_table";
import type { Selection } from "../desk/selection";
import type { TrailPoint } from "../live/store";

type Feature = GeoJSON.Feature;
type Collection = GeoJSON.FeatureCollection;

export const collection = (features: Feature[]): Collection => ({ type: "FeatureCollection", features });

const point = (place: Place, properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: place },
  properties,
});

const line = (places: Place[], properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates: places },
  properties,
});

/** One vehicle: its sign turned to its heading, hollow and with its age when its word is old. */
export function vehicleFeature(vehicle: Vehicle, label: string, isStale: boolean, isSelected: boolean): Feature[] {
  const { position, heading_deg } = vehicle.state;
  if (!position) return [];
  const sign = vehicle.kind === "robot" ? "robot" : "drone";
  const icon = `${sign}${isStale ? "-stale" : ""}${isSelected ? "-selected" : ""}`;
  return [point(position, { id: vehicle.id, icon, heading: heading_deg ?? 0, label, selected: isSelected })];
}

/** The route of an order: what is done, what lies ahead, and the stops. */
export function routeFeatures(order: Order, from: Place | null, isSelected: boolean): { lines: Feature[]; stops: Feature[] } {
  const places = order.legs.map((leg) => leg.place);
  const done = places.slice(0, order.legs_done);
  const ahead = places.slice(order.legs_done);
  const lines: Feature[] = [];
  if (done.length > 1) lines.push(line(done, { part: "done", selected: isSelected }));
  const start = from ?? done.at(-1);
  const rest = start ? [start, ...ahead] : ahead;
  if (rest.length > 1) lines.push(line(rest, { part: "ahead", selected: isSelected }));
  const stops = order.legs.map((leg, index) =>
    point(leg.place, { done: index < order.legs_done, selected: isSelected, purpose: leg.purpose }),
  );
  return { lines, stops };
}

export function trailFeature(trail: TrailPoint[], isSelected: boolean): Feature[] {
  return trail.length < 2 ? [] : [line(trail.map((one) => one.place), { selected: isSelected })];
}

export function footprintFeature(ring: Place[], isSelected: boolean): Feature[] {
  if (ring.length < 3) return [];
  const closed = [...ring, ring[0]!];
  return [{ type: "Feature", geometry: { type: "Polygon", coordinates: [closed] }, properties: { selected: isSelected } }];
}

/** A sighting; the selected one with the ground on which it may be, at two standard deviations. */
export function sightingFeatures(sighting: Sighting, isSelected: boolean): Feature[] {
  const icon = isSelected ? "icon-sighting-selected" : "icon-sighting";
  const sign = point(sighting.place, { id: sighting.id, icon });
  return isSelected ? [line(ellipseRing(sighting), { part: "ellipse" }), sign] : [sign];
}

const ELLIPSE_CORNERS = 48;
const METRES_A_DEGREE = 111_320;

function ellipseRing({ place, ellipse }: Sighting): Place[] {
  const [lon, lat] = place;
  const heading = (ellipse.heading_deg * Math.PI) / 180;
  return Array.from({ length: ELLIPSE_CORNERS + 1 }, (_, index) => {
    const angle = (2 * Math.PI * index) / ELLIPSE_CORNERS;
    const [along, across] = [2 * ellipse.major_m * Math.cos(angle), 2 * ellipse.minor_m * Math.sin(angle)];
    const [east, north] = [along * Math.sin(heading) + across * Math.cos(heading), along * Math.cos(heading) - across * Math.sin(heading)];
    return [lon + east / (METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180)), lat + north / METRES_A_DEGREE];
  });
}

export function incidentFeature(incident: Incident, label: string, isSelected: boolean): Feature {
  const sign = incident.needs_decision ? "icon-decision" : "icon-incident";
  return point(incident.place, { id: incident.id, icon: isSelected ? `${sign}-selected` : sign, label, selected: isSelected });
}

export function alarmFeature(alarm: Alarm, label: string, isSelected: boolean): Feature {
  return point(alarm.place, { id: alarm.id, icon: isSelected ? "icon-alarm-selected" : "icon-alarm", label, selected: isSelected });
}

export function isSelected(selection: Selection | null, kind: Selection["kind"], id: string): boolean {
  return selection?.kind === kind && selection.id === id;
}

/** Places of patrols with how long they wait; -1 where nobody came in the hours looked at. */
export function idlenessFeatures(places: IdlePlaces["places"], label: (idleS: number | null) => string): Collection {
  return collection(
    places.map((one) => point(one.place, { idle_s: one.idle_s ?? -1, label: label(one.idle_s) })),
  );
}

/** Zones of somebody else beside those that are changed here. */
export function theirZones(zones: readonly { geometry: GeoJSON.Geometry | null; label: string }[]): Collection {
  const drawn = zones.flatMap(({ geometry, label }): Feature[] =>
    geometry ? [{ type: "Feature", geometry, properties: { part: "theirs", label } }] : [],
  );
  return collection(drawn);
}

/** What is planned: the drawn shapes, the route that would fly them, and numbered signs where something is wrong. */
export function planFeatures(drawn: (GeoJSON.Geometry | null)[], check: PatrolCheck | null): Collection {
  const features: Feature[] = drawn.flatMap((geometry) =>
    geometry ? [{ type: "Feature", geometry, properties: { part: "shape" } }] : [],
  );
  check?.route.slice(1).forEach((end, index) => {
    const start = check.route[index]!;
    const purpose = check.purposes[index + 1];
    const part = purpose === "survey" || purpose === "line" ? "work" : "transit";
    features.push(line([[start[0], start[1]], [end[0], end[1]]], { part }));
  });
  check?.violations.forEach((one, index) => {
    if (one.place) features.push(point(one.place, { part: "trouble", label: `${index + 1}` }));
  });
  return collection(features);
}

/** Places of a road network (with how long each stays unseen), the walks, and where on them each vehicle begins. */
export function roundsFeatures(drawn: Network | null, found: FoundRounds | null, label: (idleS: number) => string): Collection {
  const network = found?.network ?? drawn;
  if (!network) return collection([]);
  const idle = new Map(found?.rounds.nodes.map((node) => [String(node.id), node.worst_idleness_s]));
  const worstS = found?.rounds.worst_idleness_s || 1;
  const places = [...network.places].map(([id, place]) => {
    const idleS = idle.get(id);
    const name = network.names.get(id) ?? "";
    const told = idleS === undefined ? name : `${name} ${label(idleS)}`.trim();
    return point(place, { part: "place", ratio: idleS === undefined ? -1 : Math.min(1, idleS / worstS), label: told });
  });
  return collection([...(found ? walkFeatures(found) : []), ...places]);
}

/** Vehicles of one group share one line; each begins at a sign of its own. */
function walkFeatures({ walks }: FoundRounds): Feature[] {
  const first = new Map(walks.map((walk) => [walk.group, walk] as const).reverse());
  const lines = [...first.values()].flatMap((walk) => (walk.line.length > 1 ? [line(walk.line, { part: "walk", group: walk.group })] : []));
  const starts = walks.map((walk, index) => point(walk.line[0]!, { part: "start", group: walk.group, label: `${index + 1}` }));
  return [...lines, ...starts];
}

/** The box around everything that has coordinates, as [[west, south], [east, north]]; null when there is nothing. */
export function boundsOf(features: Collection): [Place, Place] | null {
  const places = features.features.flatMap((feature) => flatten(feature.geometry));
  if (places.length === 0) return null;
  const lons = places.map((place) => place[0]);
  const lats = places.map((place) => place[1]);
  return [
    [Math.min(...lons), Math.min(...lats)],
    [Math.max(...lons), Math.max(...lats)],
  ];
}

function flatten(geometry: GeoJSON.Geometry): Place[] {
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(flatten);
  const found: Place[] = [];
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === "number") found.push(value as Place);
    else value.forEach(walk);
  };
  walk(geometry.coordinates);
  return found;
}
