/** The walks that were found, as lines on the map and as patrols that run. Pure. */
import type { PatrolGiven, Place, Rounds } from "../../../api/types";
import { everyMinutes } from "../schedule_rule";
import { apartM, between, Plane } from "./plane";
import type { Network } from "./road_graph";
import type { RoundsDraft } from "./rounds_draft";

export interface Walk {
  /** The way round from where this vehicle begins, its first place again at the end. */
  line: Place[];
  lapM: number;
  startM: number;
  /** Vehicles of one group go the same way round; groups are counted from 0. */
  group: number;
}

export function walksOf(rounds: Rounds, network: Network, origin: Place): Walk[] {
  const plane = new Plane(origin);
  const groups: string[] = [];
  return rounds.vehicles.map(({ walk, start_offset_m }) => {
    const key = walk.join(" ");
    if (!groups.includes(key)) groups.push(key);
    const places = walk.map((id) => network.places.get(String(id))!);
    const lapM = lengthM(places, plane);
    const line = lapM > 0 ? begunAt(places, start_offset_m, plane) : places.slice(0, 1);
    return { line, lapM, startM: start_offset_m, group: groups.indexOf(key) };
  });
}

function lengthM(places: Place[], plane: Plane): number {
  const points = places.map((place) => plane.metres(place));
  return points.slice(1).reduce((sum, point, index) => sum + apartM(points[index]!, point), 0);
}

/** Who begins so near to a place begins at it. */
const NEAR_M = 0.1;

/** A closed way, begun so many metres further on. */
export function begunAt(places: Place[], offsetM: number, plane: Plane): Place[] {
  let leftM = offsetM;
  for (let index = 1; index < places.length; index++) {
    const [a, b] = [plane.metres(places[index - 1]!), plane.metres(places[index]!)];
    const stepM = apartM(a, b);
    if (leftM < stepM - NEAR_M) {
      if (leftM <= NEAR_M) return [...places.slice(index - 1), ...places.slice(1, index)];
      const start = plane.place(between(a, b, leftM / stepM));
      return [start, ...places.slice(index), ...places.slice(1, index), start];
    }
    leftM -= stepM;
  }
  return places;
}

/** Each walk is a patrol of its own: a line that is flown round and round, again as soon as it has ended. */
export function patrolsOf(draft: RoundsDraft, walks: Walk[], starts: { local: string; zone: string; everyMin: number }): PatrolGiven[] {
  const { speed_m_s, height_agl_m, pitch_deg, laps } = draft;
  const camera = { pitch_deg, yaw_deg: null };
  const schedule = {
    rule: everyMinutes(Math.min(1440, starts.everyMin)),
    first_start_local: starts.local,
    time_zone: starts.zone,
    on_overlap: "wait",
  };
  return walks.map((walk, index) => {
    const number = walks.length > 1 ? ` ${index + 1}` : "";
    // Only a check comes without a name: its reasons call the walk by this.
    const name = draft.name.trim() || "walk";
    const name_zh = draft.name_zh.trim() && `${draft.name_zh.trim()}${number}`;
    const round = Array.from({ length: Math.max(1, laps) }, (_, lap) => (lap === 0 ? walk.line : walk.line.slice(1))).flat();
    const part =
      walk.line.length > 1
        ? { type: "line", name: `${name}${number}`, name_zh, line: round, camera }
        : { type: "point", name: `${name}${number}`, name_zh, place: walk.line[0]!, dwell_s: 300, camera };
    const vehicle_ids = draft.vehicle_ids[index] ? [draft.vehicle_ids[index]] : [];
    return { name: `${name}${number}`, name_zh, parts: [part], height_agl_m, speed_m_s, vehicle_ids, schedule, is_active: false, revision: 0 };
  });
}
