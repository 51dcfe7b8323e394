/** Drawing without a mouse: arrows move the map below a cross in its middle, Space sets a corner there, Enter ends. */
import type { Map as MapLibre } from "maplibre-gl";
import type { DrawingTask, Shape, ShapeKind } from "./drawing";

export const STEP_PX = 20;
const FAR_PX = 100;
const PRECISION = 7;
const MOVES: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LEAST: Record<ShapeKind, number> = { point: 1, linestring: 2, polygon: 3 };

interface KeyDrawingOptions {
  map: MapLibre;
  onShape: (key: string, shape: Shape) => void;
  /** Shows what is set so far. */
  onSketch: (sketch: GeoJSON.Feature[]) => void;
}

export class KeyDrawing {
  readonly #options: KeyDrawingOptions;
  readonly #stop = new AbortController();
  #task: DrawingTask | null = null;
  #corners: GeoJSON.Position[] = [];

  constructor(options: KeyDrawingOptions) {
    this.#options = options;
    // Before the map's own keys, which move it by more than a corner wants.
    const how = { capture: true, signal: this.#stop.signal };
    options.map.getContainer().addEventListener("keydown", (event) => this.#press(event), how);
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Draws a new shape of the task's kind; what has a shape already is mended by hand. */
  begin(task: DrawingTask | null): void {
    if (task?.key !== this.#task?.key || task?.geometry !== null) this.#corners = [];
    this.#task = task;
    this.#show();
  }

  get #isDrawing(): boolean {
    return this.#task !== null && this.#task.geometry === null;
  }

  #press(event: KeyboardEvent): void {
    if (!this.#isDrawing || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTaken = this.#move(event) || this.#set(event);
    if (!isTaken) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(event: KeyboardEvent): boolean {
    const way = MOVES[event.key];
    if (!way) return false;
    const step = event.shiftKey ? FAR_PX : STEP_PX;
    this.#options.map.panBy([way[0] * step, way[1] * step], { duration: 0 });
    this.#show();
    return true;
  }

  #set(event: KeyboardEvent): boolean {
    if (event.key === " ") this.#corner();
    else if (event.key === "Backspace") this.#corners.pop();
    else if (event.key === "Enter") this.#finish();
    else return false;
    this.#show();
    return true;
  }

  #corner(): void {
    const { lng, lat } = this.#options.map.getCenter();
    const [lon, north] = [Number(lng.toFixed(PRECISION)), Number(lat.toFixed(PRECISION))];
    const last = this.#corners.at(-1);
    if (last?.[0] !== lon || last[1] !== north) this.#corners.push([lon, north]);
    if (this.#task?.kind === "point") this.#finish();
  }

  #finish(): void {
    const task = this.#task;
    if (!task || this.#corners.length < LEAST[task.kind]) return;
    const shape = shapeOf(task.kind, this.#corners);
    this.#corners = [];
    this.#options.onShape(task.key, shape);
  }

  #show(): void {
    if (!this.#isDrawing) {
      this.#options.onSketch([]);
      return;
    }
    const { lng, lat } = this.#options.map.getCenter();
    const way = [...this.#corners, [lng, lat]];
    const corners = this.#corners.map((at): GeoJSON.Feature => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }));
    const line: GeoJSON.Feature = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: way } };
    this.#options.onSketch(this.#corners.length > 0 ? [line, ...corners] : []);
  }
}

function shapeOf(kind: ShapeKind, corners: GeoJSON.Position[]): Shape {
  if (kind === "point") return { type: "Point", coordinates: corners[0]! };
  if (kind === "linestring") return { type: "LineString", coordinates: corners };
  return { type: "Polygon", coordinates: [[...corners, corners[0]!]] };
}
