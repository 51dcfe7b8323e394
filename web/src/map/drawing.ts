/** Drawing by hand on the map: one shape at a time is drawn or edited, everything else lies still below it. */
import type { Map as MapLibre } from "maplibre-gl";
import {
  TerraDraw,
  TerraDrawLineStringMode,
  TerraDrawPointMode,
  TerraDrawPolygonMode,
  TerraDrawSelectMode,
  ValidateNotSelfIntersecting,
} from "terra-draw";
import type { GeoJSONStoreFeatures } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import { COLOURS } from "./style";

export type ShapeKind = "point" | "linestring" | "polygon";
export type Shape = GeoJSON.Point | GeoJSON.LineString | GeoJSON.Polygon;

/** What is drawn just now; `geometry` is null while there is nothing yet. */
export interface DrawingTask {
  key: string;
  kind: ShapeKind;
  geometry: Shape | null;
}

const PRECISION = 7;
const KINDS: Record<Shape["type"], ShapeKind> = { Point: "point", LineString: "linestring", Polygon: "polygon" };
const EDITABLE = {
  feature: {
    draggable: true,
    coordinates: { midpoints: true, draggable: true, deletable: true },
    validation: (feature: GeoJSONStoreFeatures) =>
      feature.geometry.type === "Polygon" ? ValidateNotSelfIntersecting(feature) : { valid: true },
  },
};

interface DrawingOptions {
  map: MapLibre;
  /** Hears of every finished change by hand, a whole shape each time. */
  onShape: (key: string, shape: Shape) => void;
  /** A corner was not taken, because the outline would cross itself. */
  onCrossing: () => void;
}

export class Drawing {
  readonly #draw: TerraDraw;
  readonly #onShape: (key: string, shape: Shape) => void;
  #task: DrawingTask | null = null;
  #isOurs = false;

  constructor({ map, onShape, onCrossing }: DrawingOptions) {
    this.#onShape = onShape;
    const adapter = new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: PRECISION });
    this.#draw = new TerraDraw({ adapter, modes: modes(onCrossing) });
    this.#draw.start();
    this.#draw.setMode("select");
    this.#draw.on("finish", (id) => this.#finished(String(id)));
    // A point that is deleted with the right button ends no drag, so nothing is "finished" by it.
    this.#draw.on("change", (ids, type) => type === "update" && this.#changed(ids.map(String)));
  }

  stop(): void {
    this.#draw.stop();
  }

  /** Draws (no geometry yet) or edits one shape; null ends it. A task that is the same already is left alone. */
  begin(task: DrawingTask | null): void {
    if (isSame(task, this.#task)) return;
    this.#task = task;
    this.#isOurs = true;
    this.#draw.clear();
    if (task === null) this.#draw.setMode("select");
    else if (task.geometry === null) this.#draw.setMode(task.kind);
    else this.#edit(task.geometry);
    this.#isOurs = false;
  }

  #edit(geometry: Shape): void {
    const id = this.#draw.getFeatureId();
    const kind = KINDS[geometry.type];
    this.#draw.addFeatures([{ id, type: "Feature", geometry: rounded(geometry), properties: { mode: kind } }]);
    this.#draw.setMode("select");
    if (this.#draw.hasFeature(id)) this.#draw.selectFeature(id);
  }

  #finished(id: string): void {
    const shape = this.#shape(id);
    if (!shape || !this.#task) return;
    const wasNew = this.#task.geometry === null;
    this.#tell(shape);
    if (!wasNew) return;
    // What was drawn can be mended at once.
    this.#draw.setMode("select");
    if (this.#draw.hasFeature(id)) this.#draw.selectFeature(id);
  }

  #changed(ids: string[]): void {
    if (this.#isOurs || !this.#task?.geometry || this.#draw.getModeState() === "drawing") return;
    const shape = ids.map((id) => this.#shape(id)).find((one) => one && KINDS[one.type] === this.#task?.kind);
    const before = this.#task.geometry;
    if (shape && count(shape) < count(before)) this.#tell(shape);
  }

  #shape(id: string): Shape | null {
    const feature = this.#draw.getSnapshotFeature(id);
    if (!feature || feature.properties["midPoint"] || feature.properties["selectionPoint"]) return null;
    return feature.geometry;
  }

  #tell(shape: Shape): void {
    if (!this.#task) return;
    this.#task = { ...this.#task, geometry: shape };
    this.#onShape(this.#task.key, shape);
  }
}

function notCrossing(feature: GeoJSONStoreFeatures, updateType: string, onCrossing: () => void) {
  const verdict = ValidateNotSelfIntersecting(feature);
  // While the hand moves, nothing is refused yet.
  if (!verdict.valid && updateType !== "provisional") onCrossing();
  return verdict;
}

function modes(onCrossing: () => void) {
  const colour = COLOURS.selected;
  const line = { lineStringColor: colour, lineStringWidth: 3 } as const;
  const area = { fillColor: colour, fillOpacity: 0.15, outlineColor: colour, outlineWidth: 2 } as const;
  const handles = {
    selectedPointColor: colour,
    selectedPointWidth: 8,
    selectedLineStringColor: colour,
    selectedLineStringWidth: 3,
    selectedPolygonColor: colour,
    selectedPolygonFillOpacity: 0.15,
    selectedPolygonOutlineColor: colour,
    selectedPolygonOutlineWidth: 2,
    selectionPointColor: "#ffffff",
    selectionPointWidth: 6,
    midPointColor: colour,
    midPointWidth: 4,
  } as const;
  return [
    new TerraDrawPointMode({ styles: { pointColor: colour, pointWidth: 8 } }),
    new TerraDrawLineStringMode({ styles: line }),
    new TerraDrawPolygonMode({ styles: area, validation: (feature, { updateType }) => notCrossing(feature, updateType, onCrossing) }),
    new TerraDrawSelectMode({
      styles: handles,
      allowManualDeselection: false,
      // A whole shape is removed in its list, where it can be undone.
      keyEvents: null,
      flags: { point: { feature: { draggable: true } }, linestring: EDITABLE, polygon: EDITABLE },
    }),
  ];
}

function isSame(a: DrawingTask | null, b: DrawingTask | null): boolean {
  if (a === null || b === null) return a === b;
  return a.key === b.key && JSON.stringify(a.geometry) === JSON.stringify(b.geometry);
}

function rounded(shape: Shape): Shape {
  const round = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(round) : Number((value as number).toFixed(PRECISION));
  // A height in the third place is not a matter of drawing.
  const flat = (value: unknown): unknown =>
    Array.isArray(value) && typeof value[0] === "number" ? value.slice(0, 2) : (value as unknown[]).map(flat);
  return { type: shape.type, coordinates: round(flat(shape.coordinates)) } as Shape;
}

function count(shape: Shape): number {
  if (shape.type === "Point") return 1;
  return shape.type === "LineString" ? shape.coordinates.length : (shape.coordinates[0]?.length ?? 0);
}
