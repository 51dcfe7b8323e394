/** Metres east and north of a place, for drawing within some kilometres of it. */
import type { Place } from "../../../api/types";

export interface Metres {
  x: number;
  y: number;
}

const RAD = Math.PI / 180;

export class Plane {
  readonly #origin: Place;
  readonly #eastPerDeg: number;
  readonly #northPerDeg: number;

  /** Metres in a degree by the series for the WGS-84 ellipsoid. */
  constructor(origin: Place) {
    const lat = origin[1] * RAD;
    this.#origin = origin;
    this.#eastPerDeg = 111412.84 * Math.cos(lat) - 93.5 * Math.cos(3 * lat) + 0.118 * Math.cos(5 * lat);
    this.#northPerDeg = 111132.954 - 559.822 * Math.cos(2 * lat) + 1.175 * Math.cos(4 * lat);
  }

  metres([lon, lat]: Place): Metres {
    return { x: (lon - this.#origin[0]) * this.#eastPerDeg, y: (lat - this.#origin[1]) * this.#northPerDeg };
  }

  place({ x, y }: Metres): Place {
    return [this.#origin[0] + x / this.#eastPerDeg, this.#origin[1] + y / this.#northPerDeg];
  }
}

export function apartM(a: Metres, b: Metres): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function between(a: Metres, b: Metres, share: number): Metres {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

/** How far along a–b (0 to 1) its nearest place to `p` is. */
export function nearestShare(p: Metres, a: Metres, b: Metres): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  if (square === 0) return 0;
  return Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / square));
}

/** How far along a–b (0 to 1) c–d crosses it; null where it does not. */
export function crossingShare(a: Metres, b: Metres, c: Metres, d: Metres): number | null {
  const cross = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x);
  if (cross === 0) return null;
  const share = ((c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x)) / cross;
  const other = ((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / cross;
  return share >= 0 && share <= 1 && other >= 0 && other <= 1 ? share : null;
}
