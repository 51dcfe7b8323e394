/** A patrol while it is drawn: pure, so that it can be tested without a map. */
import type { Patrol, PatrolGiven, Place } from "../../api/types";
import type { Shape, ShapeKind } from "../../map/drawing";

export type PartType = "point" | "line" | "area" | "perimeter";

export interface DraftPart {
  key: string;
  type: PartType;
  name: string;
  name_zh: string;
  shape: Shape | null;
  dwell_s: number;
  swath_m: number;
  overlap: number;
  pitch_deg: number;
  yaw_deg: number | null;
  /** Whose border a perimeter follows, and how far from it. */
  zone: string;
  inset_m: number;
  clockwise: boolean;
}

export interface DraftSchedule {
  rule: string;
  first_start_local: string;
  time_zone: string;
}

export interface PatrolDraft {
  id: string | null;
  revision: number;
  name: string;
  name_zh: string;
  height_agl_m: number;
  speed_m_s: number;
  vehicle_ids: string[];
  schedule: (DraftSchedule & Record<string, unknown>) | null;
  is_active: boolean;
  parts: DraftPart[];
}

/** What is drawn by hand for a part; a border has its shape from its zone. */
export const SHAPES: Record<PartType, ShapeKind | null> = { point: "point", line: "linestring", area: "polygon", perimeter: null };

/** It is clear where the part is. */
export function isDrawn(part: DraftPart): boolean {
  return part.type === "perimeter" ? part.zone !== "" : part.shape !== null;
}

export function emptyDraft(): PatrolDraft {
  return {
    id: null,
    revision: 0,
    name: "",
    name_zh: "",
    height_agl_m: 25,
    speed_m_s: 5,
    vehicle_ids: [],
    schedule: null,
    is_active: false,
    parts: [],
  };
}

export function newPart(type: PartType, name: string, name_zh = ""): DraftPart {
  const key = crypto.randomUUID();
  const usual = { dwell_s: 5, swath_m: 20, overlap: 0.2, pitch_deg: -40, yaw_deg: null, zone: "", inset_m: 15, clockwise: true };
  return { key, type, name, name_zh, shape: null, ...usual };
}

/** A stored patrol, opened for editing. */
export function draftOf(patrol: Patrol): PatrolDraft {
  const { id, revision, name, name_zh, height_agl_m, speed_m_s, vehicle_ids, schedule, is_active } = patrol;
  const parts = patrol.parts.map(partOf);
  return { id, revision, name, name_zh, height_agl_m, speed_m_s, vehicle_ids, schedule, is_active, parts };
}

function partOf(stored: Patrol["parts"][number]): DraftPart {
  const type = stored["type"] as PartType;
  const camera = (stored["camera"] ?? {}) as { pitch_deg?: number; yaw_deg?: number | null };
  const part = newPart(type, (stored["name"] as string | undefined) ?? "", (stored["name_zh"] as string | undefined) ?? "");
  return {
    ...part,
    shape: shapeOf(stored),
    dwell_s: Number(stored["dwell_s"] ?? part.dwell_s),
    swath_m: Number(stored["swath_m"] ?? part.swath_m),
    overlap: Number(stored["overlap"] ?? part.overlap),
    pitch_deg: camera.pitch_deg ?? part.pitch_deg,
    yaw_deg: camera.yaw_deg ?? null,
    zone: typeof stored["zone"] === "string" ? stored["zone"] : part.zone,
    inset_m: Number(stored["inset_m"] ?? part.inset_m),
    clockwise: stored["clockwise"] !== false,
  };
}

function shapeOf(stored: Patrol["parts"][number]): Shape | null {
  if (stored["type"] === "point") return { type: "Point", coordinates: stored["place"] as Place };
  if (stored["type"] === "line") return { type: "LineString", coordinates: stored["line"] as Place[] };
  return stored["type"] === "area" ? (stored["area"] as GeoJSON.Polygon) : null;
}

/** What is sent to the server; parts that are not drawn yet are left out. */
export function givenOf(draft: PatrolDraft): PatrolGiven {
  const { id, revision, name, name_zh, height_agl_m, speed_m_s, vehicle_ids, schedule, is_active } = draft;
  const parts = draft.parts.flatMap((part, index) => storedOf(part, index));
  const given = { revision, name, name_zh, height_agl_m, speed_m_s, vehicle_ids, schedule, is_active, parts };
  return (id === null ? given : { ...given, id });
}

function storedOf(part: DraftPart, index: number): Patrol["parts"] {
  const { shape, dwell_s, swath_m, overlap, pitch_deg, yaw_deg, zone, inset_m, clockwise } = part;
  const common = { type: part.type, name: part.name || `${index + 1}`, name_zh: part.name_zh, camera: { pitch_deg, yaw_deg } };
  if (shape?.type === "Point") return [{ ...common, place: shape.coordinates, dwell_s }];
  if (shape?.type === "LineString") return [{ ...common, line: shape.coordinates }];
  if (shape?.type === "Polygon") return [{ ...common, area: { ...shape }, swath_m, overlap }] as Patrol["parts"];
  return part.type === "perimeter" && zone ? [{ ...common, zone, inset_m, clockwise }] : [];
}

/** The draft with the part at `index` moved by `by` places. */
export function moved(parts: DraftPart[], index: number, by: number): DraftPart[] {
  const target = index + by;
  if (target < 0 || target >= parts.length) return parts;
  const next = [...parts];
  const [part] = next.splice(index, 1);
  next.splice(target, 0, part!);
  return next;
}
