/** Roads and spots from a file: GeoJSON in degrees, or a GRAPH (docs/planning.md) in metres from the site's origin. */
import { ApiError } from "../../../api/client";
import type { Place } from "../../../api/types";
import { t } from "../../../i18n";
import { Plane } from "./plane";
import { newItem } from "./rounds_draft";
import type { RoundsItem } from "./rounds_draft";

/** More corners than these are more than the server plans at once. */
const MOST_CORNERS = 600;

export function itemsOf(text: string, fileName: string, origin: Place): RoundsItem[] {
  const items = read(text, fileName, origin);
  const corners = items.reduce((sum, item) => sum + (item.shape?.type === "LineString" ? item.shape.coordinates.length : 1), 0);
  if (corners > MOST_CORNERS) throw bad(fileName, "rounds.file_large", { n: corners, most: MOST_CORNERS });
  if (items.length === 0) throw bad(fileName, "rounds.file_empty");
  return items;
}

function read(text: string, fileName: string, origin: Place): RoundsItem[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw bad(fileName, "rounds.file_no_json");
  }
  if (isObject(document) && Array.isArray(document["features"])) return document["features"].flatMap(fromFeature);
  if (isObject(document) && Array.isArray(document["nodes"])) return fromGraph(document, fileName, origin);
  throw bad(fileName, "rounds.file_unknown");
}

function bad(where: string, key: Parameters<typeof t>[0], params = {}): ApiError {
  return new ApiError({ status: 0, code: "bad_roads", detail: t(key, params), where, remedy: t("rounds.file_remedy") });
}

function fromFeature(feature: unknown): RoundsItem[] {
  if (!isObject(feature) || !isObject(feature["geometry"])) return [];
  const told = isObject(feature["properties"]) ? feature["properties"] : {};
  const { type, coordinates } = feature["geometry"];
  if (!Array.isArray(coordinates)) return [];
  if (type === "Point" && isPlace(coordinates)) return [{ ...spot(coordinates, told["name"]), weight: weightOf(told["weight"] ?? 2) }];
  const lines: unknown[] = type === "LineString" ? [coordinates] : type === "MultiLineString" ? coordinates : [];
  return lines.flatMap((line) => road(line, told));
}

function road(line: unknown, told: Record<string, unknown>): RoundsItem[] {
  if (!Array.isArray(line) || line.length < 2 || !line.every(isPlace)) return [];
  const shape = { type: "LineString" as const, coordinates: line.map((place: Place) => [place[0], place[1]]) };
  // "oneway" is how OpenStreetMap says it.
  const isOneWay = told["one_way"] === true || told["oneway"] === "yes";
  return [{ ...newItem("road", nameOf(told["name"]), shape), isOneWay, isSingleLane: told["single_lane"] === true }];
}

function spot(place: Place, name: unknown): RoundsItem {
  return newItem("spot", nameOf(name), { type: "Point", coordinates: [place[0], place[1]] });
}

function fromGraph(graph: Record<string, unknown>, fileName: string, origin: Place): RoundsItem[] {
  const plane = new Plane(origin);
  const places = new Map<unknown, Place>();
  const nodes = (graph["nodes"] as unknown[]).filter(isObject);
  for (const node of nodes) {
    const place = plane.place({ x: Number(node["x_m"]), y: Number(node["y_m"]) });
    if (!isPlace(place)) throw bad(fileName, "rounds.file_far");
    places.set(node["id"], place);
  }
  const heavy = nodes.filter((node) => weightOf(node["weight"] ?? 1) !== 1);
  const edges = Array.isArray(graph["edges"]) ? graph["edges"].filter(isObject) : [];
  return [
    ...edges.flatMap((edge) => road([places.get(edge["a"]), places.get(edge["b"])], edge)),
    ...heavy.map((node) => ({ ...spot(places.get(node["id"])!, node["id"]), weight: weightOf(node["weight"]) })),
  ];
}

function weightOf(value: unknown): number {
  return typeof value === "number" && value >= 0.1 && value <= 100 ? value : 1;
}

function nameOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 200) : "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPlace(value: unknown): value is Place {
  if (!Array.isArray(value) || value.length < 2) return false;
  const [lon, lat] = value as unknown[];
  return typeof lon === "number" && typeof lat === "number" && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}
