/** A patrol over the places that a run has missed: pure, so that it can be tested without a map. */
import type { Coverage, Patrol, Place } from "../../api/types";
import { draftOf, newPart } from "../planning/patrol_draft";
import type { DraftPart, PatrolDraft } from "../planning/patrol_draft";

const MOST_PLACES = 12;
const AROUND_M = 8;
const M_PER_DEGREE = 111_320;

/**
 * What is to be flown again: lines and points that missed something as they are, since their camera looks ahead of them;
 * of areas the largest missed places, each a box with some room around it.
 */
export function missedParts(coverage: Coverage, patrol: Patrol): DraftPart[] {
  const missed = new Set(coverage.missed.map((one) => one.part));
  const parts = draftOf(patrol).parts.filter((part) => missed.has(part.name));
  const areas = parts.filter((part) => part.type === "area");
  return [...parts.filter((part) => part.type !== "area"), ...areas.flatMap((area) => boxesOf(coverage, area)).slice(0, MOST_PLACES)];
}

/** What the draft takes from the patrol that was flown. */
export function flightOf(patrol: Patrol): Pick<PatrolDraft, "height_agl_m" | "speed_m_s" | "vehicle_ids"> {
  const { height_agl_m, speed_m_s, vehicle_ids } = patrol;
  return { height_agl_m, speed_m_s, vehicle_ids };
}

function boxesOf(coverage: Coverage, area: DraftPart): DraftPart[] {
  const numbers = new Set(coverage.missed.filter((one) => one.part === area.name).map((one) => one.number));
  return coverage.map.features.flatMap(({ geometry, properties }) => {
    const number = properties?.["number"] as number | undefined;
    if (geometry.type !== "Polygon" || number === undefined || !numbers.has(number)) return [];
    const shape = boxAround(geometry.coordinates[0] as Place[]);
    return [{ ...area, key: newPart("area", "").key, name: `${area.name} ${number}`, name_zh: area.name_zh && `${area.name_zh} ${number}`, shape }];
  });
}

function boxAround(ring: Place[]): GeoJSON.Polygon {
  const lons = ring.map(([lon]) => lon);
  const lats = ring.map(([, lat]) => lat);
  const lat = AROUND_M / M_PER_DEGREE;
  const lon = lat / Math.cos((Math.min(...lats) * Math.PI) / 180);
  const [west, east] = [Math.min(...lons) - lon, Math.max(...lons) + lon];
  const [south, north] = [Math.min(...lats) - lat, Math.max(...lats) + lat];
  return { type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] };
}
