/** The map of the desk: it listens to the store by itself and redraws what changed, at most four times a second. */
import * as maplibre from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { Place, Site } from "../api/types";
import type { Selection } from "../desk/selection";
import { language, nameOf, onLanguage, t, word } from "../i18n";
import { shortened, span } from "../i18n/format";
import type { LiveStore, Topic } from "../live/store";
import { Drawing } from "./drawing";
import type { DrawingTask, Shape } from "./drawing";
import { addIcons } from "./icons";
import { KeyDrawing } from "./key_drawing";
import * as shapes from "./shapes";
import { FONT, makeStyle, nameField } from "./style";
import type { SourceName } from "./style";

maplibre.setWorkerUrl(workerUrl);

const REDRAW_MS = 250;
const EDGE_PX = 60;
const STALE_S = 3;
const NAME_WIDTHS = 22;
const SELECTABLE: Record<string, Selection["kind"]> = {
  alarms: "alarm",
  vehicles: "vehicle",
  incidents: "incident",
  sightings: "sighting",
};
const TOPICS: Topic[] = ["vehicles", "trails", "tracks", "runs", "incidents", "alarms", "sightings", "orders"];

export interface DeskMapOptions {
  container: HTMLElement;
  store: LiveStore;
  onSelect: (selection: Selection | null) => void;
  kindName: (code: string) => string;
  /** A shape was drawn or mended by hand. */
  onShape: (key: string, shape: Shape) => void;
  onCrossing: () => void;
}

export class DeskMap {
  readonly #map: maplibre.Map;
  readonly #options: DeskMapOptions;
  readonly #stops: (() => void)[] = [];
  readonly #tick: ReturnType<typeof setInterval>;
  readonly #shownAlarms = new Set<string>();
  readonly #told = new Map<SourceName, string>();
  #selection: Selection | null = null;
  #isFollowing = false;
  #isLoaded = false;
  #isDirty = true;
  #widthPx = 0;
  #site: Site | null = null;
  #zones: GeoJSON.FeatureCollection = shapes.collection([]);
  #plan: GeoJSON.FeatureCollection = shapes.collection([]);
  #coverage: GeoJSON.FeatureCollection = shapes.collection([]);
  #rounds: GeoJSON.FeatureCollection = shapes.collection([]);
  #task: DrawingTask | null = null;
  #drawing: Drawing | null = null;
  #keyDrawing: KeyDrawing | null = null;

  constructor(options: DeskMapOptions) {
    this.#options = options;
    this.#map = new maplibre.Map({
      locale: { "Map.Title": t("map.title") },
      container: options.container,
      style: makeStyle(language()),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxZoom: 22,
      fadeDuration: 0,
      // A label is drawn by the browser's own fonts: there is no glyph server to ask.
      localIdeographFontFamily: FONT[0]!,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new maplibre.ScaleControl({ unit: "metric" }), "bottom-left");
    this.#map.on("load", () => this.#loaded());
    this.#map.on("click", (event) => this.#clicked(event));
    this.#map.on("resize", () => this.#resized());
    this.#map.on("dragstart", () => (this.#isFollowing = false));
    this.#stops.push(options.store.on(TOPICS, () => (this.#isDirty = true)));
    this.#stops.push(onLanguage(() => this.#translate()));
    this.#tick = setInterval(() => this.#redraw(), REDRAW_MS);
  }

  close(): void {
    // Whoever still puts something away on it afterwards puts it nowhere.
    this.#isLoaded = false;
    clearInterval(this.#tick);
    this.#stops.forEach((stop) => stop());
    this.#drawing?.stop();
    this.#keyDrawing?.stop();
    this.#map.remove();
  }

  setSite(site: Site): void {
    this.#site = site;
    this.#drawSite();
  }

  setZones(zones: GeoJSON.FeatureCollection): void {
    this.#zones = zones;
    this.#set("zones", zones);
  }

  /** Shows how long the places of the patrols have been waiting. */
  setIdleness(places: GeoJSON.FeatureCollection): void {
    this.#set("idleness", places);
  }

  /** Shows what a run has seen of the ground, and what it missed. */
  setCoverage(coverage: GeoJSON.FeatureCollection | null): void {
    this.#coverage = coverage ?? shapes.collection([]);
    this.#set("coverage", this.#coverage);
  }

  /** Shows the places of a road network, how long each stays unseen, and who walks where. */
  setRounds(rounds: GeoJSON.FeatureCollection | null): void {
    this.#rounds = rounds ?? shapes.collection([]);
    this.#set("rounds", this.#rounds);
  }

  /** Shows what is being planned, and gives one of its shapes into a person's hand. */
  setPlan(plan: GeoJSON.FeatureCollection, task: DrawingTask | null): void {
    this.#plan = plan;
    this.#task = task;
    this.#set("plan", plan);
    this.#beginDrawing();
  }

  select(selection: Selection | null): void {
    this.#selection = selection;
    this.#isDirty = true;
  }

  /** Keeps the selected vehicle in the middle, until the map is dragged. */
  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    this.#isDirty = true;
  }

  /** Brings a place into view; what is seen well already stays where it is. */
  goTo(place: Place): void {
    const { x, y } = this.#map.project(place);
    const { clientWidth, clientHeight } = this.#map.getContainer();
    const isSeen = x > EDGE_PX && y > EDGE_PX && x < clientWidth - EDGE_PX && y < clientHeight - EDGE_PX;
    if (!isSeen) this.#map.easeTo({ center: place, duration: 500 });
  }

  showAll(): void {
    const bounds = this.#site && shapes.boundsOf(this.#site.basemap);
    if (bounds) this.#map.fitBounds(bounds, { padding: 24, duration: 0 });
  }

  setLayer(prefix: string, isShown: boolean): void {
    for (const layer of this.#map.getStyle().layers) {
      if (!layer.id.startsWith(prefix)) continue;
      this.#map.setLayoutProperty(layer.id, "visibility", isShown ? "visible" : "none");
    }
  }

  /** A map that comes into view begins with all of it. */
  #resized(): void {
    const { clientWidth } = this.#map.getContainer();
    if (clientWidth > EDGE_PX && this.#widthPx <= EDGE_PX) this.showAll();
    this.#widthPx = clientWidth;
  }

  #loaded(): void {
    addIcons(this.#map);
    this.#isLoaded = true;
    this.#widthPx = this.#map.getContainer().clientWidth;
    this.#drawSite();
    this.#set("zones", this.#zones);
    this.#set("coverage", this.#coverage);
    this.#set("plan", this.#plan);
    this.#set("rounds", this.#rounds);
    this.#beginDrawing();
    for (const layer of Object.keys(SELECTABLE)) {
      this.#map.on("mouseenter", layer, () => (this.#map.getCanvas().style.cursor = "pointer"));
      this.#map.on("mouseleave", layer, () => (this.#map.getCanvas().style.cursor = ""));
    }
    this.#isDirty = true;
    this.#redraw();
    this.#options.container.dataset["ready"] = "true";
  }

  /** The tools of drawing are made when they are first needed: most desks never draw. */
  #beginDrawing(): void {
    if (!this.#isLoaded || (this.#task === null && this.#drawing === null)) return;
    const { onShape, onCrossing } = this.#options;
    this.#drawing ??= new Drawing({ map: this.#map, onShape, onCrossing });
    const onSketch = (sketch: GeoJSON.Feature[]): void => this.#set("sketch", shapes.collection(sketch));
    this.#keyDrawing ??= new KeyDrawing({ map: this.#map, onShape, onSketch });
    this.#drawing.begin(this.#task);
    this.#keyDrawing.begin(this.#task);
    this.#options.container.dataset["drawing"] = this.#task !== null && this.#task.geometry === null ? "new" : "";
  }

  #drawSite(): void {
    if (!this.#isLoaded || !this.#site) return;
    this.#set("basemap", this.#site.basemap);
    this.showAll();
  }

  #translate(): void {
    if (!this.#isLoaded) return;
    this.#map.setLayoutProperty("labels", "text-field", nameField(language()));
    this.#map.setLayoutProperty("zone-names", "text-field", nameField(language()));
    this.#isDirty = true;
  }

  #clicked(event: maplibre.MapMouseEvent): void {
    if (this.#task !== null) return;
    const around: [maplibre.PointLike, maplibre.PointLike] = [
      [event.point.x - 8, event.point.y - 8],
      [event.point.x + 8, event.point.y + 8],
    ];
    for (const [layer, kind] of Object.entries(SELECTABLE)) {
      const found = this.#map.queryRenderedFeatures(around, { layers: [layer] })[0];
      if (!found) continue;
      this.#options.onSelect({ kind, id: String(found.properties["id"]) });
      return;
    }
  }

  /** Gives a source its shapes; what is the same already is not cut into tiles again. */
  #set(name: SourceName, data: GeoJSON.FeatureCollection): void {
    if (!this.#isLoaded) return;
    const told = JSON.stringify(data);
    if (this.#told.get(name) === told) return;
    this.#told.set(name, told);
    void this.#map.getSource<maplibre.GeoJSONSource>(name)?.setData(data);
  }

  #redraw(): void {
    const store = this.#options.store;
    const nowMs = Date.now();
    // Ages grow by themselves, so vehicles are drawn anew even when nothing came.
    if (!this.#isDirty && nowMs % 1000 > REDRAW_MS) return;
    if (!this.#isLoaded || document.hidden) return;
    this.#isDirty = false;
    this.#showNewAlarms();
    this.#drawVehicles(nowMs);
    const chosen = this.#selection;
    const picked = (kind: Selection["kind"], id: string): boolean => shapes.isSelected(chosen, kind, id);
    this.#set("sightings", shapes.collection(store.newestSightings().slice(0, 60).flatMap((one) => shapes.sightingFeatures(one, picked("sighting", one.id)))));
    this.#set(
      "incidents",
      shapes.collection(
        store
          .openIncidents()
          .map((one) => shapes.incidentFeature(one, this.#options.kindName(one.kind), picked("incident", one.id))),
      ),
    );
    this.#set(
      "alarms",
      shapes.collection(store.openAlarms().map((one) => shapes.alarmFeature(one, word("alarm", one.state), picked("alarm", one.id)))),
    );
    this.#keepInTheMiddle();
  }

  #drawVehicles(nowMs: number): void {
    const store = this.#options.store;
    const signs: GeoJSON.Feature[] = [];
    const trails: GeoJSON.Feature[] = [];
    const footprints: GeoJSON.Feature[] = [];
    const routes: GeoJSON.Feature[] = [];
    const stops: GeoJSON.Feature[] = [];
    const tracks: GeoJSON.Feature[] = [];
    for (const vehicle of store.vehicles.values()) {
      const isChosen = shapes.isSelected(this.#selection, "vehicle", vehicle.id);
      const ageS = store.ageS(vehicle, nowMs);
      const isStale = ageS === null || ageS > STALE_S || !vehicle.state.link_up;
      const age = isStale && ageS !== null ? ` · ${span(ageS)}` : "";
      signs.push(...shapes.vehicleFeature(vehicle, shortened(nameOf(vehicle), NAME_WIDTHS) + age, isStale, isChosen));
      trails.push(...shapes.trailFeature(store.trails.get(vehicle.id) ?? [], isChosen));
      const seen = store.tracks.get(vehicle.id);
      if (seen && !isStale && vehicle.state.is_airborne) {
        footprints.push(...shapes.footprintFeature(seen.footprint, isChosen));
        for (const track of seen.tracks) {
          tracks.push({ type: "Feature", geometry: { type: "Point", coordinates: track.place }, properties: {} });
        }
      }
      const order = vehicle.order_id ? store.orders.get(vehicle.order_id) : undefined;
      if (order) {
        const drawn = shapes.routeFeatures(order, vehicle.state.is_airborne ? vehicle.state.position : null, isChosen);
        routes.push(...drawn.lines);
        stops.push(...drawn.stops);
      }
    }
    this.#set("vehicles", shapes.collection(signs));
    this.#set("trails", shapes.collection(trails));
    this.#set("footprints", shapes.collection(footprints));
    this.#set("routes", shapes.collection(routes));
    this.#set("stops", shapes.collection(stops));
    this.#set("tracks", shapes.collection(tracks));
  }

  /** A call for help brings the map to its place, once. */
  #showNewAlarms(): void {
    for (const alarm of this.#options.store.openAlarms()) {
      if (this.#shownAlarms.has(alarm.id)) continue;
      this.#shownAlarms.add(alarm.id);
      this.goTo(alarm.place);
    }
  }

  #keepInTheMiddle(): void {
    if (!this.#isFollowing || this.#selection?.kind !== "vehicle") return;
    const place = this.#options.store.vehicles.get(this.#selection.id)?.state.position;
    if (place) this.#map.easeTo({ center: place, duration: REDRAW_MS });
  }
}
