/** Rounds while they are drawn: roads, places of weight, and who goes round. */
import type { Shape, ShapeKind } from "../../../map/drawing";

export type RoundsItemType = "road" | "spot";

/** A road has no weight, a spot no direction; both are drawn by hand and kept in one list. */
export interface RoundsItem {
  key: string;
  type: RoundsItemType;
  name: string;
  shape: Shape | null;
  /** A spot of weight 2 wants to be seen twice as often as a corner of a road. */
  weight: number;
  /** Along the road as it was drawn, never back. */
  isOneWay: boolean;
  /** Nobody passes one who comes the other way. */
  isSingleLane: boolean;
}

export interface RoundsDraft {
  name: string;
  name_zh: string;
  items: RoundsItem[];
  vehicles: number;
  /** Who flies which walk; empty where any vehicle may. */
  vehicle_ids: string[];
  speed_m_s: number;
  height_agl_m: number;
  pitch_deg: number;
  /** How often a run goes round before it comes home. */
  laps: number;
  search_s: number;
}

export const ITEM_SHAPES: Record<RoundsItemType, ShapeKind> = { road: "linestring", spot: "point" };

export function emptyRounds(): RoundsDraft {
  return {
    name: "",
    name_zh: "",
    items: [],
    vehicles: 2,
    vehicle_ids: [],
    speed_m_s: 3,
    height_agl_m: 25,
    pitch_deg: -40,
    laps: 1,
    search_s: 5,
  };
}

export function newItem(type: RoundsItemType, name = "", shape: Shape | null = null): RoundsItem {
  return { key: crypto.randomUUID(), type, name, shape, weight: type === "spot" ? 2 : 1, isOneWay: false, isSingleLane: false };
}
