/** Zones while they are changed: nothing is in force before a person approves the whole set with a reason. */
import { ApiError, get, send } from "../../api/client";
import type { ZoneCheck, Zones } from "../../api/types";
import { Emitter } from "../../live/emitter";
import type { DrawingTask, Shape } from "../../map/drawing";
import { Keep } from "./keep";
import { LateQuestion } from "./late_question";
import { StepsBack } from "./steps_back";
import { mergedZones, zoneChanges } from "./zone_changes";
import { documentOf, draftZone, isDrawable, newZone, zonesOf } from "./zone_draft";
import type { DraftZone, ZoneProperties } from "./zone_draft";

const VERSION = 1;

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
  readonly #before = new StepsBack<DraftZone[]>();
  readonly #question = new LateQuestion<ZoneCheck>({
    ask: () => send<ZoneCheck>("POST", "/zones/check", this.document()),
    onTold: (check, error) => this.#told(check, error),
  });
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
    if (before) this.#before.remember(before);
    this.emit("draft");
  }

  /** Goes on with what the other person put in force; the changes made here are one step back. */
  takeTheirs(): void {
    const { zones, theirs } = this;
    if (!zones || !theirs) return;
    this.#adopt(theirs.zones, theirs.revision);
    this.#before.remember(zones);
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

  /** The zones as somebody else has changed or added them: they lie beside ours until one of the two is chosen. */
  get theirChanges(): DraftZone[] {
    const { zones, theirs, base } = this;
    if (!zones || !theirs) return [];
    return zoneChanges(base, zones, theirs.zones).flatMap((one) => one.theirs ?? []);
  }

  get canUndo(): boolean {
    return this.#before.canUndo;
  }

  undo(): void {
    const before = this.#before.take();
    if (before) this.#put(before);
  }

  activate(key: string | null): void {
    this.activeKey = key;
    this.emit("draft");
  }

  add(kind: string): void {
    const zone = newZone(kind, this.zones ?? []);
    this.#change([...(this.zones ?? []), zone]);
    this.activate(zone.key);
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
    return documentOf(this.zones ?? [], without);
  }

  /** The server is there again: what it could not be asked is asked now. */
  checkAgain(): void {
    if (this.error?.code === "no_connection") this.#question.askSoon();
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
    this.#question.forget();
    this.revision = revision;
    this.#before.forget();
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
    if (this.zones) this.#before.remember(this.zones);
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
    this.#question.askSoon();
  }

  #told(check: ZoneCheck | null, error: ApiError | null): void {
    this.check = check;
    this.error = error;
    this.emit("check");
  }
}
