/** The look of the map, made from the site's own base map: no tiles, no fonts and no pictures from elsewhere. */
import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Language } from "../i18n";

export const COLOURS = {
  ground: "#16191c",
  grass: "#1c2421",
  pavement: "#262a2f",
  road: "#2f343a",
  playground: "#2b2925",
  court: "#25292f",
  water: "#1b2a35",
  shop: "#41464d",
  building: "#3a3f46",
  edge: "#565d66",
  label: "#98a1ab",
  halo: "#16191c",
  calm: "#c9d0d8",
  faint: "#7d8791",
  selected: "#58a9ff",
  decision: "#ffa033",
  alarm: "#ff4d55",
} as const;

export const FONT = ["sans-serif"];

const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const GROUND = ["grass", "pavement", "road", "playground", "court", "water"] as const;
const SOURCES = [
  "basemap",
  "zones",
  "footprints",
  "routes",
  "trails",
  "stops",
  "tracks",
  "sightings",
  "incidents",
  "vehicles",
  "alarms",
  "plan",
  "sketch",
  "idleness",
  "coverage",
  "rounds",
] as const;
export type SourceName = (typeof SOURCES)[number];

export function nameField(language: Language): ExpressionSpecification {
  const [first, second] = language === "zh" ? (["name_zh", "name"] as const) : (["name", "name_zh"] as const);
  return ["case", ["!=", ["coalesce", ["get", first], ""], ""], ["get", first], ["coalesce", ["get", second], ""]];
}

export function makeStyle(language: Language): StyleSpecification {
  const sources = Object.fromEntries(SOURCES.map((name) => [name, { type: "geojson" as const, data: EMPTY }]));
  return {
    version: 8,
    sources,
    layers: [
      { id: "ground", type: "background", paint: { "background-color": COLOURS.ground } },
      ...GROUND.map(groundLayer),
      ...buildingLayers(),
      ...zoneLayers(language),
      ...coverageLayers(),
      ...footprintLayers(),
      labelLayer(language),
      ...routeLayers(),
      ...idlenessLayers(),
      coverageNumbers(),
      ...peopleLayers(),
      ...vehicleLayers(),
      ...planLayers(),
      ...sketchLayers(),
      ...roundsLayers(),
    ],
  };
}

function groundLayer(kind: (typeof GROUND)[number]): LayerSpecification {
  return {
    id: `ground-${kind}`,
    type: "fill",
    source: "basemap",
    filter: ["==", ["get", "class"], kind],
    paint: { "fill-color": COLOURS[kind] },
  };
}

function buildingLayers(): LayerSpecification[] {
  const isBuilding: ExpressionSpecification = ["in", ["get", "class"], ["literal", ["building", "shop"]]];
  return [
    {
      id: "buildings",
      type: "fill",
      source: "basemap",
      filter: isBuilding,
      paint: { "fill-color": ["match", ["get", "class"], "shop", COLOURS.shop, COLOURS.building] },
    },
    {
      id: "building-edges",
      type: "line",
      source: "basemap",
      filter: isBuilding,
      paint: { "line-color": COLOURS.edge, "line-width": 1 },
    },
  ];
}

function labelLayer(language: Language): LayerSpecification {
  return {
    id: "labels",
    type: "symbol",
    source: "basemap",
    minzoom: 16,
    filter: ["!=", ["get", "name"], ""],
    layout: {
      "text-field": nameField(language),
      "text-font": FONT,
      "text-size": ["interpolate", ["linear"], ["zoom"], 16, 10, 19, 14],
      "text-max-width": 7,
    },
    paint: { "text-color": COLOURS.label, "text-halo-color": COLOURS.halo, "text-halo-width": 1.4 },
  };
}

/** Zones differ by hatch and dash, not by colour: colour is kept for what needs a person. */
function zoneLayers(language: Language): LayerSpecification[] {
  const is = (kind: string): ExpressionSpecification => ["==", ["get", "kind"], kind];
  const line = (id: string, kind: string, width: number, dash: number[] | null, opacity: number): LayerSpecification => ({
    id,
    type: "line",
    source: "zones",
    filter: is(kind),
    paint: {
      "line-color": COLOURS.calm,
      "line-width": width,
      "line-opacity": opacity,
      ...(dash ? { "line-dasharray": dash } : {}),
    },
  });
  return [
    {
      id: "zone-keep-out-hatch",
      type: "fill",
      source: "zones",
      filter: is("keep_out"),
      paint: { "fill-pattern": "hatch", "fill-opacity": 0.5 },
    },
    line("zone-grid", "grid", 0.8, [1, 4], 0.35),
    line("zone-rule", "rule", 1.2, [1, 2], 0.55),
    line("zone-keep-out", "keep_out", 1, null, 0.5),
    line("zone-keep-in", "keep_in", 2, [6, 3], 0.75),
    {
      id: "zone-names",
      type: "symbol",
      source: "zones",
      minzoom: 16.4,
      filter: ["in", ["get", "kind"], ["literal", ["rule", "keep_in"]]],
      layout: {
        "symbol-placement": "line",
        "text-field": nameField(language),
        "text-font": FONT,
        "text-size": 10,
        "symbol-spacing": 500,
      },
      paint: { "text-color": COLOURS.faint, "text-halo-color": COLOURS.halo, "text-halo-width": 1.2 },
    },
  ];
}

/** Seen is dotted, missed is cross-hatched with an edge and a number: the two are told apart without colour. */
function coverageLayers(): LayerSpecification[] {
  const is = (part: string): ExpressionSpecification => ["==", ["get", "part"], part];
  return [
    {
      id: "coverage-seen",
      type: "fill",
      source: "coverage",
      filter: is("seen"),
      paint: { "fill-pattern": "dots" },
    },
    {
      id: "coverage-wanted",
      type: "line",
      source: "coverage",
      filter: is("wanted"),
      paint: { "line-color": COLOURS.selected, "line-width": 1.5 },
    },
    {
      id: "coverage-missed",
      type: "fill",
      source: "coverage",
      filter: is("missed"),
      paint: { "fill-pattern": "crosses" },
    },
    {
      id: "coverage-missed-edge",
      type: "line",
      source: "coverage",
      filter: is("missed"),
      paint: { "line-color": "#ffffff", "line-width": 2 },
    },
  ];
}

function coverageNumbers(): LayerSpecification {
  return {
    id: "coverage-numbers",
    type: "symbol",
    source: "coverage",
    filter: ["==", ["get", "part"], "missed"],
    layout: { "text-field": ["to-string", ["get", "number"]], "text-font": FONT, "text-size": 13, "text-allow-overlap": true },
    paint: { "text-color": "#ffffff", "text-halo-color": COLOURS.halo, "text-halo-width": 2 },
  };
}

function footprintLayers(): LayerSpecification[] {
  return [
    {
      id: "footprint-fill",
      type: "fill",
      source: "footprints",
      paint: { "fill-color": "#ffffff", "fill-opacity": ["case", ["get", "selected"], 0.12, 0.05] },
    },
    {
      id: "footprint-line",
      type: "line",
      source: "footprints",
      paint: {
        "line-color": ["case", ["get", "selected"], COLOURS.selected, COLOURS.calm],
        "line-width": widerIfSelected(1),
        "line-opacity": 0.7,
        "line-dasharray": [1, 2],
      },
    },
  ];
}

/** What is selected is blue and thicker: some eyes see no blue. */
function widerIfSelected(width: number): ExpressionSpecification {
  return ["case", ["get", "selected"], width * 2, width];
}

function routeLayers(): LayerSpecification[] {
  const colour: ExpressionSpecification = ["case", ["get", "selected"], COLOURS.selected, COLOURS.faint];
  return [
    {
      id: "route-ahead",
      type: "line",
      source: "routes",
      filter: ["==", ["get", "part"], "ahead"],
      paint: { "line-color": colour, "line-width": widerIfSelected(2), "line-dasharray": [3, 2] },
    },
    {
      id: "route-done",
      type: "line",
      source: "routes",
      filter: ["==", ["get", "part"], "done"],
      paint: { "line-color": colour, "line-width": widerIfSelected(2), "line-opacity": 0.6 },
    },
    {
      id: "route-home",
      type: "line",
      source: "routes",
      filter: ["==", ["get", "part"], "home"],
      paint: { "line-color": colour, "line-width": 1, "line-dasharray": [1, 4] },
    },
    {
      id: "stops",
      type: "circle",
      source: "stops",
      paint: {
        "circle-radius": ["case", ["get", "selected"], 5, 3],
        "circle-color": ["case", ["get", "done"], colour, COLOURS.ground],
        "circle-stroke-color": colour,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "trails",
      type: "line",
      source: "trails",
      layout: { "line-join": "round" },
      paint: { "line-color": colour, "line-width": widerIfSelected(3), "line-opacity": 0.55 },
    },
  ];
}

function peopleLayers(): LayerSpecification[] {
  return [
    {
      id: "tracks",
      type: "circle",
      source: "tracks",
      paint: {
        "circle-radius": 2.5,
        "circle-color": "rgba(0,0,0,0)",
        "circle-stroke-color": COLOURS.calm,
        "circle-stroke-width": 1,
        "circle-stroke-opacity": 0.8,
      },
    },
    { ...iconLayer("sightings", ["get", "icon"], 0.9), filter: ["has", "icon"] } as LayerSpecification,
    {
      ...iconLayer("incidents", ["get", "icon"], 1),
      layout: {
        ...iconLayer("incidents", ["get", "icon"], 1).layout,
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 11,
        "text-offset": ["case", ["to-boolean", ["get", "selected"]], ["literal", [0, 1.9]], ["literal", [0, 1.3]]] as ExpressionSpecification,
        "text-anchor": "top",
        "text-optional": true,
      },
      paint: { "text-color": COLOURS.calm, "text-halo-color": COLOURS.halo, "text-halo-width": 1.4 },
    } as LayerSpecification,
    ...selectedSighting(),
  ];
}

/** Above all else, for a sighting lies where its case lies. */
function selectedSighting(): LayerSpecification[] {
  const { layout } = iconLayer("sightings", ["get", "icon"], 0.9);
  return [
    {
      id: "sightings-ellipse",
      type: "line",
      source: "sightings",
      filter: ["==", ["get", "part"], "ellipse"],
      paint: { "line-color": COLOURS.selected, "line-width": 1.5 },
    },
    { id: "sightings-selected", type: "symbol", source: "sightings", filter: ["==", ["get", "icon"], "icon-sighting-selected"], layout },
  ];
}

function iconLayer(source: SourceName, icon: string | ExpressionSpecification, size: number): LayerSpecification & { layout: object } {
  return {
    id: source,
    type: "symbol",
    source,
    layout: { "icon-image": icon, "icon-size": size, "icon-allow-overlap": true },
  };
}

function vehicleLayers(): LayerSpecification[] {
  const label = {
    "text-field": ["get", "label"] as ExpressionSpecification,
    "text-font": FONT,
    "text-size": 12,
    "text-anchor": "left" as const,
    "text-offset": ["case", ["to-boolean", ["get", "selected"]], ["literal", [2, 0]], ["literal", [1.3, 0]]] as ExpressionSpecification,
    "text-allow-overlap": true,
  };
  const plain = { "text-color": "#e8ecf0", "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 };
  return [
    {
      id: "vehicles",
      type: "symbol",
      source: "vehicles",
      layout: {
        "icon-image": ["get", "icon"],
        "icon-rotate": ["get", "heading"],
        "icon-rotation-alignment": "map",
        "symbol-sort-key": ["case", ["get", "selected"], 1, 0],
        "icon-allow-overlap": true,
      },
    },
    {
      // Names make room for each other, and go where there is none: signs and calls for help are never covered by them.
      id: "vehicle-names",
      type: "symbol",
      source: "vehicles",
      layout: {
        "symbol-sort-key": ["case", ["get", "selected"], 0, 1],
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 12,
        "text-max-width": 16,
        "text-variable-anchor": ["left", "right", "bottom", "top"],
        "text-radial-offset": ["case", ["get", "selected"], 2, 1.3],
        "text-justify": "auto",
      },
      paint: plain,
    },
    {
      id: "alarms",
      type: "symbol",
      source: "alarms",
      layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, ...label, "text-size": 14 },
      paint: { ...plain, "text-color": "#ffffff" },
    },
  ];
}

/** What is being planned: the shapes in grey, the route that the server found in blue, what is wrong with it marked. */
function planLayers(): LayerSpecification[] {
  const is = (part: string): ExpressionSpecification => ["==", ["get", "part"], part];
  return [
    {
      id: "plan-area",
      type: "fill",
      source: "plan",
      filter: ["all", is("shape"), ["==", ["geometry-type"], "Polygon"]],
      paint: { "fill-color": COLOURS.calm, "fill-opacity": 0.12 },
    },
    {
      id: "plan-shape",
      type: "line",
      source: "plan",
      filter: ["all", is("shape"), ["!=", ["geometry-type"], "Point"]],
      paint: { "line-color": COLOURS.calm, "line-width": 2 },
    },
    {
      id: "plan-theirs",
      type: "line",
      source: "plan",
      filter: is("theirs"),
      paint: { "line-color": "#ffffff", "line-width": 2.5, "line-dasharray": [2, 1.5] },
    },
    {
      id: "plan-theirs-names",
      type: "symbol",
      source: "plan",
      filter: is("theirs"),
      layout: { "symbol-placement": "line", "text-field": ["get", "label"], "text-font": FONT, "text-size": 11, "text-offset": [0, -0.8] },
      paint: { "text-color": "#ffffff", "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
    {
      id: "plan-transit",
      type: "line",
      source: "plan",
      filter: is("transit"),
      paint: { "line-color": COLOURS.selected, "line-width": 1.5, "line-dasharray": [2, 2] },
    },
    {
      id: "plan-route",
      type: "line",
      source: "plan",
      filter: is("work"),
      paint: { "line-color": COLOURS.selected, "line-width": 2.5 },
    },
    {
      id: "plan-point",
      type: "circle",
      source: "plan",
      filter: ["all", is("shape"), ["==", ["geometry-type"], "Point"]],
      paint: {
        "circle-radius": 6,
        "circle-color": COLOURS.ground,
        "circle-stroke-color": COLOURS.calm,
        "circle-stroke-width": 2,
      },
    },
    {
      id: "plan-trouble",
      type: "symbol",
      source: "plan",
      filter: is("trouble"),
      layout: {
        "icon-image": "icon-decision",
        "icon-allow-overlap": true,
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "left",
        "text-offset": [1.2, 0],
        "text-allow-overlap": true,
      },
      paint: { "text-color": COLOURS.decision, "text-halo-color": COLOURS.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** What is set by keys so far, with the way to the cross. */
function sketchLayers(): LayerSpecification[] {
  return [
    { id: "sketch-line", type: "line", source: "sketch", paint: { "line-color": COLOURS.selected, "line-width": 2, "line-dasharray": [2, 1] } },
    {
      id: "sketch-corners",
      type: "circle",
      source: "sketch",
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-color": COLOURS.selected, "circle-stroke-width": 2 },
    },
  ];
}

/** How long a place has been waiting: dark to light (cividis), which every eye can order, and the minutes as text. */
export const WAITING: readonly (readonly [number, string])[] = [
  [0, "#00224e"],
  [300, "#35456c"],
  [900, "#666970"],
  [1800, "#948e77"],
  [3600, "#c8b866"],
  [7200, "#fee838"],
];

function idlenessLayers(): LayerSpecification[] {
  const colour = ["interpolate", ["linear"], ["get", "idle_s"], ...WAITING.flat()] as unknown as ExpressionSpecification;
  const wasSeen: ExpressionSpecification = [">=", ["get", "idle_s"], 0];
  return [
    {
      id: "idleness-dots",
      type: "circle",
      source: "idleness",
      layout: { visibility: "none" },
      paint: {
        "circle-radius": 9,
        "circle-color": ["case", wasSeen, colour, COLOURS.ground],
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "idleness-words",
      type: "symbol",
      source: "idleness",
      layout: {
        visibility: "none",
        "text-field": ["get", "label"],
        "text-font": FONT,
        "text-size": 11,
        "text-offset": [0, 1.4],
        "text-allow-overlap": false,
      },
      paint: { "text-color": COLOURS.calm, "text-halo-color": COLOURS.halo, "text-halo-width": 1.5 },
    },
  ];
}

/** Colours of walks: told apart by every eye on the dark ground, and none that means blue, orange or red. */
export const WALK_COLOURS = ["#f0e442", "#2fc6a0", "#e3a5dc", "#ffffff", "#a9b8ff", "#b5de63"] as const;
const DASHES = [null, [3, 1.5], [1, 1.5]] as const;

export function walkColour(group: number): string {
  return WALK_COLOURS[group % WALK_COLOURS.length]!;
}

/** Endless rounds: walks beside each other where they share a road, numbers where vehicles begin, places by waiting. */
function roundsLayers(): LayerSpecification[] {
  const is = (part: string): ExpressionSpecification => ["==", ["get", "part"], part];
  const colour = ["at", ["%", ["get", "group"], WALK_COLOURS.length], ["literal", WALK_COLOURS]] as unknown as ExpressionSpecification;
  // The same six steps as on the layer of idleness, from never waiting to the worst of these rounds.
  const steps = WAITING.flatMap(([, shade], index) => [index / (WAITING.length - 1), shade]);
  const waiting = ["interpolate", ["linear"], ["get", "ratio"], ...steps] as unknown as ExpressionSpecification;
  return [
    ...DASHES.map((dash, index): LayerSpecification => ({
      id: `rounds-walk-${index}`,
      type: "line",
      source: "rounds",
      filter: ["all", is("walk"), ["==", ["min", 2, ["floor", ["/", ["get", "group"], WALK_COLOURS.length]]], index]],
      layout: { "line-join": "round" },
      paint: {
        "line-color": ["to-color", colour],
        "line-width": 3,
        "line-offset": ["*", 3.5, ["%", ["get", "group"], 4]],
        ...(dash ? { "line-dasharray": [...dash] } : {}),
      },
    })),
    {
      id: "rounds-places",
      type: "circle",
      source: "rounds",
      filter: is("place"),
      paint: {
        "circle-radius": ["case", ["<", ["get", "ratio"], 0], 3, 8],
        "circle-color": ["case", ["<", ["get", "ratio"], 0], COLOURS.calm, waiting],
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": ["case", ["<", ["get", "ratio"], 0], 0, 1.5],
      },
    },
    {
      id: "rounds-words",
      type: "symbol",
      source: "rounds",
      filter: is("place"),
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 11, "text-offset": [0, 1.4] },
      paint: { "text-color": COLOURS.calm, "text-halo-color": COLOURS.halo, "text-halo-width": 1.5 },
    },
    {
      id: "rounds-starts",
      type: "circle",
      source: "rounds",
      filter: is("start"),
      // Above its place, whose own colour stays in sight.
      paint: {
        "circle-radius": 9,
        "circle-color": COLOURS.ground,
        "circle-stroke-color": ["to-color", colour],
        "circle-stroke-width": 3,
        "circle-translate": [0, -20],
      },
    },
    {
      id: "rounds-numbers",
      type: "symbol",
      source: "rounds",
      filter: is("start"),
      layout: { "text-field": ["get", "label"], "text-font": FONT, "text-size": 12, "text-allow-overlap": true, "text-ignore-placement": true },
      paint: { "text-color": "#ffffff", "text-translate": [0, -20] },
    },
  ];
}
