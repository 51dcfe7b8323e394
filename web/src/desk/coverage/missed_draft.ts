/** A patrol over the places that a run has missed: pure, so that it can be tested without a map. */
import type { Coverage, Patrol, Place } from "../../api/types";
import { newPart } from "../planning/patrol_draft";
import type { DraftPart, PatrolDraft } from "../planning/patrol_draft";

const MOST_PLACES = 12;
const AROUND_M = 8;
const M_PER_DEGREE = 111_320;

/** The largest missed places as areas, each a box with some room around it. */
export function missedParts(coverage: Coverage, name: (number: number) => string): DraftPart[] {
  return missedFeatures(coverage)
    .slice(0, MOST_PLACES)
    .map((feature, index) => ({ ...newPart("area", name(index + 1)), shape: boxAround(feature.geometry.coordinates[0] as Place[]) }));
}

/** What the draft takes from the patrol that was flown. */
export function flightOf(patrol: Patrol): Pick<PatrolDraft, "height_agl_m" | "speed_m_s" | "vehicle_ids"> {
  const { height_agl_m, speed_m_s, vehicle_ids } = patrol;
  return { height_agl_m, speed_m_s, vehicle_ids };
}

export function missedFeatures(coverage: Coverage): GeoJSON.Feature<GeoJSON.Polygon>[] {
  return coverage.map.features.filter(
    (feature): feature is GeoJSON.Feature<GeoJSON.Polygon> =>
      feature.properties?.["part"] === "missed" && feature.geometry.type === "Polygon",
  );
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
