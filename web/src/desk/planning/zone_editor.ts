/** Zones while they are changed: nothing is in force before a person approves the whole set with a reason. */
import { ApiError, get, send } from "../../api/client";
import type { ZoneCheck, Zones } from "../../api/types";
import { Emitter } from "../../live/emitter";
import type { DrawingTask, Shape } from "../../map/drawing";
import { Keep } from "./keep";
import { mergedZones } from "./zone_changes";

const QUIET_MS = 400;
const MOST_STEPS_BACK = 50;
const VERSION = 1;

export const ZONE_KINDS = ["keep_in", "keep_out", "rule", "grid"] as const;

export interface ZoneProperties {
  id: string;
  kind: string;
  name: string;
  name_zh: string;
  floor_agl_m: number | null;
  ceiling_agl_m: number | null;
  [more: string]: unknown;
}

export interface DraftZone {
  key: string;
  properties: ZoneProperties;
  geometry: GeoJSON.Geometry | null;
}

/** A draft with changes, and the zones in force that it began with. */
interface KeptZones {
  zones: DraftZone[];
  base: DraftZone[];
  revision: number;
}

export class ZoneEditor extends Emitter<"draft" | "check"> {
  zones: DraftZone[] | null = null;
  /** The zones in force that the draft began with. */
  base: DraftZone[] = [];
  revision = 0;
  /** Somebody else put these in force meanwhile, and the draft has changes of its own. */
  theirs: { zones: DraftZone[]; revision: number } | null = null;
  activeKey: string | null = null;
  isChanged = false;
  check: ZoneCheck | null = null;
  error: ApiError | null = null;
  readonly #before: DraftZone[][] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  #approving: Promise<void> | null = null;
  readonly #storage: Storage | undefined;
  #user = "";
  #keep: Keep<KeptZones>;
  /** Grows with each person: an answer to the one before is not for this one. */
  #persons = 0;

  constructor(storage?: Storage) {
    super();
    this.#storage = storage;
    this.#keep = this.#keepOf("");
  }

  /** A draft is its author's: another person on the same page goes on with their own, or with the zones in force. */
  belongTo(user: string): void {
    if (user === this.#user) return;
    this.#user = user;
    this.#persons++;
    this.#keep = this.#keepOf(user);
    const inForce = this.theirs ?? { zones: this.base, revision: this.revision };
    if (this.zones) this.#begin(inForce.zones, inForce.revision);
  }

  /** The browser has no room to keep the draft: a reload of the page would lose the last changes. */
  get isShelfFull(): boolean {
    return this.#keep.isFull;
  }

  /** Reads the zones in force; changes that are not approved yet are kept, and what is newer is laid beside them. */
  async open(): Promise<void> {
    const person = this.#persons;
    const told = await get<Zones>("/zones");
    if (person === this.#persons) this.#meet(told);
  }

  /** Goes back to the zones in force, one step back leads to the changes again; nothing is lost when they cannot be read. */
  async discard(): Promise<void> {
    const [before, person] = [this.zones, this.#persons];
    const told = await get<Zones>("/zones");
    if (person !== this.#persons) return;
    // Who drew on while the answer was on its way has not discarded that.
    if (this.zones !== before || told.revision < this.revision) return;
    this.#load(told);
    if (before) this.#before.push(before);
    this.emit("draft");
  }

  /** Goes on with what the other person put in force; the changes made here are one step back. */
  takeTheirs(): void {
    const { zones, theirs } = this;
    if (!zones || !theirs) return;
    this.#adopt(theirs.zones, theirs.revision);
    this.#before.push(zones);
    this.emit("draft");
  }

  /** Goes on from what the other person put in force, with everything on it that was changed here. */
  putMineOnTop(): void {
    const { zones, theirs, base } = this;
    if (!zones || !theirs) return;
    this.base = theirs.zones;
    this.revision = theirs.revision;
    this.theirs = null;
    this.#change(mergedZones(base, zones, theirs.zones));
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  undo(): void {
    const before = this.#before.pop();
    if (before) this.#put(before);
  }

  activate(key: string | null): void {
    this.activeKey = key;
    this.emit("draft");
  }

  add(kind: string): void {
    const key = crypto.randomUUID();
    const properties = { id: this.#freeId(kind), kind, name: "", name_zh: "", floor_agl_m: null, ceiling_agl_m: null };
    this.#change([...(this.zones ?? []), { key, properties, geometry: null }]);
    this.activate(key);
  }

  remove(key: string): void {
    this.#change((this.zones ?? []).filter((zone) => zone.key !== key));
  }

  set(key: string, properties: Partial<ZoneProperties>): void {
    this.#replace(key, (zone) => ({ ...zone, properties: { ...zone.properties, ...properties } }));
  }

  /** A shape comes from the map. */
  take(key: string, shape: Shape): void {
    this.#replace(key, (zone) => ({ ...zone, geometry: shape }));
  }

  /** Zones from a file, checked by the server: those with a known id are replaced, the others added. */
  merge(features: GeoJSON.Feature[]): void {
    const coming = new Map(features.map((one) => [String(one.properties?.["id"]), one]));
    const kept = (this.zones ?? []).filter((zone) => !coming.has(zone.properties.id));
    this.#change([...kept, ...features.map(draftZone)]);
  }

  task(): DrawingTask | null {
    const zone = this.zones?.find((one) => one.key === this.activeKey);
    if (!zone || !isDrawable(zone.geometry)) return null;
    return { key: zone.key, kind: "polygon", geometry: zone.geometry };
  }

  /** All drawn zones; the one in a person's hand can be left out. */
  document(without?: string): GeoJSON.FeatureCollection {
    const drawn = (this.zones ?? []).filter((zone) => zone.geometry !== null && zone.key !== without);
    return {
      type: "FeatureCollection",
      features: drawn.map(({ properties, geometry }) => ({ type: "Feature", properties, geometry: geometry! })),
    };
  }

  /** The server is there again: what it could not be asked is asked now. */
  checkAgain(): void {
    if (this.error?.code === "no_connection") this.#checkSoon();
  }

  /** Puts the draft in force. A second press joins the first. */
  approve(because: string): Promise<void> {
    this.#approving ??= this.#approve(because).finally(() => (this.#approving = null));
    return this.#approving;
  }

  async #approve(because: string): Promise<void> {
    const [sent, person, keep] = [this.zones, this.#persons, this.#keep];
    const query = new URLSearchParams({ because, revision: String(this.revision) });
    try {
      const stored = await send<Zones>("PUT", `/zones?${query.toString()}`, this.document());
      if (person !== this.#persons) this.#overtaken(stored, keep);
      else if (this.zones === sent) this.#load(stored);
      else this.#goOn(stored);
    } catch (error) {
      this.#approving = null;
      if (error instanceof ApiError && error.code === "conflict") await this.open();
      throw error;
    }
  }

  /** Another person has sat down meanwhile: to them these are zones that somebody put in force. */
  #overtaken(stored: Zones, keep: Keep<KeptZones>): void {
    keep.put(null);
    this.#approving = null;
    this.#meet(stored);
  }

  /** What was drawn while the rest was put in force stays a draft, on top of the new revision. */
  #goOn(stored: Zones): void {
    if (stored.revision <= this.revision) return;
    this.base = zonesOf(stored);
    this.revision = stored.revision;
    this.theirs = null;
    this.#save();
    this.emit("draft");
  }

  #meet(told: Zones): void {
    if (this.#approving || (this.zones && told.revision <= this.revision)) return;
    if (this.zones === null) this.#begin(zonesOf(told), told.revision);
    else if (!this.isChanged) this.#load(told);
    else {
      this.theirs = { zones: zonesOf(told), revision: told.revision };
      this.emit("draft");
    }
  }

  /** Goes on with the draft that this person left, or with the zones in force. */
  #begin(inForce: DraftZone[], revision: number): void {
    const kept = this.#keep.value;
    this.#adopt(inForce, revision);
    if (!kept) return;
    this.base = kept.base;
    this.revision = kept.revision;
    if (revision !== kept.revision) this.theirs = { zones: inForce, revision };
    this.#put(kept.zones);
  }

  #save(): void {
    const { zones, base, revision, isChanged } = this;
    this.#keep.put(zones && isChanged ? { zones, base, revision } : null);
  }

  #keepOf(user: string): Keep<KeptZones> {
    return new Keep({ what: "zones", user, version: VERSION, storage: this.#storage });
  }

  #load(told: Zones): void {
    this.#adopt(zonesOf(told), told.revision);
  }

  #adopt(zones: DraftZone[], revision: number): void {
    clearTimeout(this.#timer);
    // A check of what is no longer there that comes late says nothing of these.
    this.#asked++;
    this.revision = revision;
    this.#before.length = 0;
    this.zones = this.base = zones;
    this.theirs = null;
    this.isChanged = false;
    this.check = null;
    this.error = null;
    this.#save();
    this.activate(null);
    this.emit("check");
  }

  #replace(key: string, change: (zone: DraftZone) => DraftZone): void {
    this.#change((this.zones ?? []).map((zone) => (zone.key === key ? change(zone) : zone)));
  }

  #change(zones: DraftZone[]): void {
    if (this.zones) this.#before.push(this.zones);
    if (this.#before.length > MOST_STEPS_BACK) this.#before.shift();
    this.#put(zones);
  }

  #put(zones: DraftZone[]): void {
    this.zones = zones;
    this.isChanged = true;
    this.#save();
    // What was found of the zones before says nothing of these.
    this.check = null;
    this.emit("check");
    if (!zones.some((zone) => zone.key === this.activeKey)) this.activeKey = null;
    this.emit("draft");
    this.#checkSoon();
  }

  #checkSoon(): void {
    clearTimeout(this.#timer);
    const number = ++this.#asked;
    this.#timer = setTimeout(() => void this.#ask(number), QUIET_MS);
  }

  async #ask(number: number): Promise<void> {
    let check: ZoneCheck | null = null;
    let error: ApiError | null = null;
    try {
      check = await send<ZoneCheck>("POST", "/zones/check", this.document());
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      error = failure;
    }
    if (number !== this.#asked) return;
    this.check = check;
    this.error = error;
    this.emit("check");
  }

  #freeId(kind: string): string {
    const taken = new Set(this.zones?.map((zone) => zone.properties.id));
    for (let number = 1; ; number++) {
      const id = `${kind.replace("_", "-")}-${number}`;
      if (!taken.has(id)) return id;
    }
  }
}

/** Shapes with holes or of several parts are shown, and changed by a file. */
export function isDrawable(geometry: GeoJSON.Geometry | null): geometry is GeoJSON.Polygon | null {
  return geometry === null || (geometry.type === "Polygon" && geometry.coordinates.length === 1);
}

function zonesOf(told: Zones): DraftZone[] {
  return (told.features as unknown as GeoJSON.Feature[]).map(draftZone);
}

function draftZone(feature: GeoJSON.Feature): DraftZone {
  return { key: crypto.randomUUID(), properties: feature.properties as ZoneProperties, geometry: feature.geometry };
}
