/** What things are called on the page: by their names in its language, never by their ids. */
import type { Alarm, Kind, Patrol, Run, Site } from "../api/types";
import { hasWord, language, nameOf, t, word } from "../i18n";
import type { LiveStore } from "../live/store";

export interface Named {
  name: string;
  name_zh?: string | null;
}

/** Where names come from. */
export interface NamesFrom {
  readonly store: LiveStore;
  readonly site: Site | null;
  readonly zones: GeoJSON.FeatureCollection | null;
  readonly patrols: Patrol[] | null;
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Parts that are drawn just now, and stored by nobody yet. */
  readonly drawnParts: readonly Named[];
}

const EYES = "eyes:";
const DOCK = /^dock[-_ ]?(\d+)$/i;
const WALK = /^walk(?: (\d+))?$/;

export class Names {
  readonly #from: NamesFrom;

  constructor(from: NamesFrom) {
    this.#from = from;
  }

  kind(code: string): string {
    const kind = this.#from.kinds.get(code);
    return kind ? begun(nameOf(kind)) : code;
  }

  zone(id: string | null): string {
    const found = this.#from.zones?.features.find((zone) => zone.properties?.["id"] === id);
    return found ? nameOf(found.properties as Named) : (id ?? "");
  }

  /** A run is told by its patrol's name in the language of the page. */
  run(run: Run): string {
    const patrol = this.#from.patrols?.find((one) => one.id === run.patrol_id);
    return patrol ? nameOf(patrol) : word("run_kind", run.kind);
  }

  /** A part of a patrol, and the legs that fly it, are known by one name: told in the language of the page. */
  part(name: string): string {
    const walk = WALK.exec(name);
    if (walk) return walk[1] ? t("rounds.walk_n", { n: walk[1] }) : t("rounds.walk");
    const stored = this.#from.patrols?.flatMap((patrol) => patrol.parts as unknown as Named[]);
    return namedBoth(this.#from.drawnParts, name) ?? namedBoth(stored, name) ?? this.dock(name);
  }

  vehicle(id: string | null): string {
    return (id && this.#knownVehicle(id)) || (id ?? "");
  }

  /** Where help is called for: at a panel, or where a vehicle saw somebody, whose id begins that name. */
  alarm(alarm: Alarm): string {
    const name = nameOf({ name: alarm.panel_name, name_zh: alarm.panel_name_zh });
    const eye = alarm.panel_id.startsWith(EYES) ? alarm.panel_id.slice(EYES.length) : "";
    const vehicle = eye && name.startsWith(eye) ? this.#knownVehicle(eye) : undefined;
    return vehicle ? vehicle + name.slice(eye.length) : name;
  }

  /** Docks have ids only; the usual ones are numbers. */
  dock(id: string): string {
    const number = DOCK.exec(id)?.[1];
    return number ? t("site.dock", { n: number }) : id;
  }

  /** Who did something: a vehicle, a panel or the system by name, a person as they sign in. */
  actor(actor: string): string {
    if (hasWord("actor", actor)) return word("actor", actor);
    const panel = this.#from.site?.panels.find((one) => one.id === actor);
    return panel ? nameOf(panel) : this.vehicle(actor);
  }

  /** The name of what a sentence of the server names; undefined where there is none. */
  said(what: string, value: string): string | undefined {
    const { kinds, site, zones, patrols } = this.#from;
    if (what === "vehicle") return this.#knownVehicle(value);
    if (what === "who") return this.#knownVehicle(value) ?? (hasWord("phase", value) ? word("phase", value) : undefined);
    if (what === "by") return this.actor(value);
    if (what === "zone_id") return this.zone(value);
    if (what === "zone") return namedBoth(zones?.features.map((one) => one.properties as Named), value);
    if (what === "kind") return namedBoth([...kinds.values()], value);
    if (what === "panel") return namedBoth(site?.panels, value);
    if (what === "dock") return this.dock(value);
    if (what === "leg" || what === "part") return this.part(value);
    if (what === "patrol" || what === "run") return namedBoth(patrols ?? undefined, value);
    return undefined;
  }

  #knownVehicle(id: string): string | undefined {
    const vehicle = this.#from.store.vehicles.get(id);
    return vehicle && nameOf(vehicle);
  }
}

/** Kinds are written small within a sentence; here they begin a line. */
function begun(name: string): string {
  return language() === "en" ? name.charAt(0).toUpperCase() + name.slice(1) : name;
}

/** The name, in the language of the page, of the one that the server calls `name`. */
function namedBoth(all: readonly Named[] | undefined, name: string): string | undefined {
  const found = all?.find((one) => one.name === name);
  return found && nameOf(found);
}
