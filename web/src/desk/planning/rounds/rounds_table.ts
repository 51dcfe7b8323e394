/** Rounds on the drawing table: what is drawn, what the server found for it, and whether each walk can be flown. */
import { ApiError, send } from "../../../api/client";
import type { Patrol, PatrolCheck, PatrolGiven, Place, Rounds } from "../../../api/types";
import { Emitter } from "../../../live/emitter";
import type { DrawingTask, Shape } from "../../../map/drawing";
import { Keep } from "../keep";
import { networkOf } from "./road_graph";
import type { Network } from "./road_graph";
import { emptyRounds, ITEM_SHAPES, newItem } from "./rounds_draft";
import type { RoundsDraft, RoundsItem, RoundsItemType } from "./rounds_draft";
import { localText } from "../schedule_rule";
import { StepsBack } from "../steps_back";
import { patrolsOf, walksOf } from "./walks";
import type { Walk } from "./walks";

const VERSION = 1;
const MINUTE_MS = 60_000;
/** A change of these leaves the walks as they are … */
const NAMES: readonly (keyof RoundsDraft)[] = ["name", "name_zh"];
/** … and one of these asks only anew whether they can be flown. */
const FLIGHT: readonly (keyof RoundsDraft)[] = ["vehicle_ids", "height_agl_m", "pitch_deg", "laps"];

/** Of the site: where metres are counted from, and whose clock starts are on. */
export interface Ground {
  origin: Place;
  zone: string;
}

export interface FoundRounds {
  rounds: Rounds;
  network: Network;
  walks: Walk[];
}

export type Checked = PatrolCheck | ApiError;

export class RoundsTable extends Emitter<"draft" | "found"> {
  draft: RoundsDraft = emptyRounds();
  activeKey: string | null = null;
  found: FoundRounds | null = null;
  error: ApiError | null = null;
  /** Since when the server has been searching. */
  searchingSinceMs: number | null = null;
  /** One for each walk that was asked about so far. */
  checks: Checked[] = [];
  isChecking = false;
  /** The patrols that the walks of `found` have become. */
  stored: Patrol[] = [];
  readonly #storage: Storage | undefined;
  #keep: Keep<RoundsDraft>;
  #user = "";
  readonly #before = new StepsBack<RoundsDraft>();
  #ground: Ground | null = null;
  #search: AbortController | null = null;
  #storing: Promise<Patrol[]> | null = null;

  constructor(storage?: Storage) {
    super();
    this.#storage = storage;
    this.#keep = this.#keepOf("");
  }

  /** What is drawn is its author's: another person on the same page finds their own. */
  belongTo(user: string): void {
    if (user === this.#user) return;
    this.#user = user;
    this.#keep = this.#keepOf(user);
    this.#before.forget();
    this.activeKey = null;
    this.draft = this.#keep.value ?? emptyRounds();
    this.#forget();
    this.emit("draft");
  }

  settle(ground: Ground): void {
    if (this.#ground?.zone === ground.zone && this.#ground.origin.join() === ground.origin.join()) return;
    this.#ground = ground;
    this.emit("draft");
  }

  get isShelfFull(): boolean {
    return this.#keep.isFull;
  }

  get isEmpty(): boolean {
    return JSON.stringify(this.draft) === JSON.stringify(emptyRounds());
  }

  /** The graph of what is drawn so far. */
  get network(): Network | null {
    return this.#ground && networkOf(this.draft.items, this.#ground.origin);
  }

  get canUndo(): boolean {
    return this.#before.canUndo;
  }

  undo(): void {
    const before = this.#before.take();
    if (before) this.#put(before);
  }

  change(changes: Partial<RoundsDraft>): void {
    this.#before.remember(this.draft);
    this.#put({ ...this.draft, ...changes });
  }

  clear(): void {
    this.change(emptyRounds());
  }

  add(type: RoundsItemType): void {
    const item = newItem(type);
    this.merge([item]);
    this.activate(item.key);
  }

  merge(items: RoundsItem[]): void {
    this.change({ items: [...this.draft.items, ...items] });
  }

  set(key: string, changes: Partial<RoundsItem>): void {
    this.change({ items: this.draft.items.map((item) => (item.key === key ? { ...item, ...changes } : item)) });
  }

  remove(key: string): void {
    this.change({ items: this.draft.items.filter((item) => item.key !== key) });
  }

  /** A shape comes from the map. */
  take(key: string, shape: Shape): void {
    this.set(key, { shape });
  }

  activate(key: string | null): void {
    this.activeKey = key;
    this.emit("draft");
  }

  task(): DrawingTask | null {
    const item = this.draft.items.find((one) => one.key === this.activeKey);
    return item ? { key: item.key, kind: ITEM_SHAPES[item.type], geometry: item.shape } : null;
  }

  /** Searches for rounds, and asks whether each walk can be flown. A change of what is drawn, or `stop`, ends it. */
  async search(): Promise<void> {
    const [ground, network] = [this.#ground, this.network];
    if (!ground || !network || network.nodes.length === 0) return;
    this.#forget();
    const search = (this.#search = new AbortController());
    this.searchingSinceMs = Date.now();
    this.emit("found");
    const { vehicles, speed_m_s, search_s } = this.draft;
    const graph = { nodes: network.nodes, edges: network.edges };
    try {
      const given = { graph, vehicles, speed_m_s, time_limit_s: search_s };
      const rounds = await send<Rounds>("POST", "/rounds", given, { signal: search.signal });
      if (search.signal.aborted) return;
      this.searchingSinceMs = null;
      this.found = { rounds, network, walks: walksOf(rounds, network, ground.origin) };
      this.emit("found");
      await this.#check();
    } catch (error) {
      if (search.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#forget();
      this.error = error;
      this.emit("found");
    }
  }

  stop(): void {
    this.#forget();
    this.emit("found");
  }

  get isFlyable(): boolean {
    const { found, checks } = this;
    return found !== null && !this.isChecking && checks.length === found.walks.length && checks.every((one) => "is_flyable" in one && one.is_flyable);
  }

  /** How often the walks begin again, in minutes: all alike, so that the distances between them stay. */
  get everyMin(): number {
    const { found, checks, draft } = this;
    if (!found) return 1;
    const walkedS = found.walks.map((walk) => (walk.lapM * draft.laps) / draft.speed_m_s);
    const flownS = checks.flatMap((one) => ("is_flyable" in one ? [one.duration_s] : []));
    return Math.max(1, Math.ceil(Math.max(...walkedS, ...flownS) / 60));
  }

  /** Stores each walk as a patrol. What was stored before a failure is not stored twice. A second press joins the first. */
  store(isActive: boolean): Promise<Patrol[]> {
    this.#storing ??= this.#store(isActive).finally(() => (this.#storing = null));
    return this.#storing;
  }

  async #store(isActive: boolean): Promise<Patrol[]> {
    const found = this.found;
    for (const patrol of this.#patrols().slice(this.stored.length)) {
      const stored = await send<Patrol>("POST", "/patrols", { ...patrol, is_active: isActive });
      if (this.found !== found) break;
      this.stored = [...this.stored, stored];
      this.emit("found");
    }
    return this.stored;
  }

  async #check(): Promise<void> {
    const { found } = this;
    const search = (this.#search ??= new AbortController());
    this.checks = [];
    this.isChecking = found !== null;
    this.emit("found");
    for (const patrol of this.#patrols()) {
      const check = await this.#checkOne(patrol, search.signal);
      if (search.signal.aborted || this.#search !== search) return;
      this.checks = [...this.checks, check];
      this.emit("found");
    }
    this.isChecking = false;
    this.emit("found");
  }

  async #checkOne(patrol: PatrolGiven, signal: AbortSignal): Promise<Checked> {
    try {
      return await send<PatrolCheck>("POST", "/patrols/check", patrol, { signal });
    } catch (error) {
      if (error instanceof ApiError) return error;
      if (signal.aborted) return new ApiError({ status: 0, code: "stopped", detail: "" });
      throw error;
    }
  }

  #patrols(): PatrolGiven[] {
    if (!this.found || !this.#ground) return [];
    const { zone } = this.#ground;
    const local = `${localText(Date.now() + MINUTE_MS, zone)}:00`;
    return patrolsOf(this.draft, this.found.walks, { local, zone, everyMin: this.everyMin });
  }

  #put(draft: RoundsDraft): void {
    const changed = (Object.keys(draft) as (keyof RoundsDraft)[]).filter((field) => draft[field] !== this.draft[field]);
    this.draft = draft;
    this.#keep.put(this.isEmpty ? null : draft);
    if (!draft.items.some((item) => item.key === this.activeKey)) this.activeKey = null;
    this.emit("draft");
    const others = changed.filter((field) => !NAMES.includes(field));
    if (others.some((field) => !FLIGHT.includes(field))) this.stop();
    else if (others.length > 0 && this.found) this.#checkAgain();
  }

  #checkAgain(): void {
    this.#search?.abort();
    this.#search = null;
    this.stored = [];
    void this.#check();
  }

  /** Nothing is known of what is drawn now; whoever still works on what was is told to leave it. */
  #forget(): void {
    this.#search?.abort();
    this.#search = null;
    this.searchingSinceMs = null;
    this.found = null;
    this.error = null;
    this.checks = [];
    this.isChecking = false;
    this.stored = [];
    this.emit("found");
  }

  #keepOf(user: string): Keep<RoundsDraft> {
    return new Keep({ what: "rounds", user, version: VERSION, storage: this.#storage });
  }
}
