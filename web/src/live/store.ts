/** What the desk knows at this moment; it lives outside React and changes by messages of the server only. */
import type { Alarm, Command, Incident, Order, Place, Run, Said, Sighting, Vehicle } from "../api/types";
import { Emitter } from "./emitter";
import type { EventMessage, ServerMessage, Snapshot, Telemetry, Tracks } from "./messages";
import { commandOf } from "./messages";

export type Topic =
  | "connection"
  | "vehicles"
  /** What vehicles do has changed, and their list is to be read again: telemetry tells only their state. */
  | "fleet"
  | "trails"
  | "tracks"
  | "runs"
  | "incidents"
  | "alarms"
  | "sightings"
  | "commands"
  | "orders"
  | "happenings"
  | "patrols"
  | "zones";

export interface TrailPoint {
  atMs: number;
  place: Place;
}

/** Something that happened to a vehicle: the guard acted, a failsafe, the vehicle's own words. */
export interface Happening {
  cursor: number;
  vehicle_id: string;
  kind: string;
  text: string;
  text_said?: Said[];
  at: string;
}

export interface Connection {
  isUp: boolean;
  /** Since when it is as it is. */
  since: Date;
  /** Whether anything was ever received: before that the desk is empty, not old. */
  hadSnapshot: boolean;
  /** How often it came back after it was lost. */
  times: number;
}

const CHANGES_VEHICLES = new Set(["orders.changed", "vehicles.changed", "commands.changed"]);
const TRAIL_MS = 60_000;
const KEPT_SIGHTINGS = 200;
const KEPT_HAPPENINGS = 200;
const ENDED_RUNS = new Set(["done", "failed", "aborted"]);
const CLOSED_INCIDENTS = new Set(["closed", "rejected", "merged", "void"]);

/** A command whose answer never came: nobody here knows whether the vehicle was told. */
export const UNANSWERED = "unanswered";

export class LiveStore extends Emitter<Topic> {
  cursor: number | null = null;
  connection: Connection = { isUp: false, since: new Date(), hadSnapshot: false, times: 0 };
  readonly vehicles = new Map<string, Vehicle>();
  /** Clock of this page (ms) when the newest word of a vehicle came. */
  readonly heardAtMs = new Map<string, number>();
  readonly trails = new Map<string, TrailPoint[]>();
  readonly tracks = new Map<string, Tracks>();
  readonly runs = new Map<string, Run>();
  readonly incidents = new Map<string, Incident>();
  readonly alarms = new Map<string, Alarm>();
  readonly sightings = new Map<string, Sighting>();
  readonly commands = new Map<string, Command>();
  readonly orders = new Map<string, Order>();
  happenings: Happening[] = [];
  /** Cases that were open at the last snapshot and not shown, since they are very many; nothing was heard of them since. */
  #hidden = new Set<string>();
  #hiddenWaiting = new Set<string>();

  /** Open cases that exist, but are not among those that the desk holds. */
  get hiddenCases(): number {
    return this.#hidden.size;
  }

  /** Those of them that wait for a decision. */
  get hiddenWaiting(): number {
    return this.#hiddenWaiting.size;
  }

  setConnection(isUp: boolean, now: Date): void {
    const { isUp: wasUp, hadSnapshot, times } = this.connection;
    if (wasUp !== isUp) this.connection = { isUp, since: now, hadSnapshot, times: times + (isUp && hadSnapshot ? 1 : 0) };
    this.emit("connection");
  }

  /** Takes one message of the server; `nowMs` is this page's clock. */
  take(message: ServerMessage, nowMs: number): void {
    if (message.type === "snapshot") this.#snapshot(message, nowMs);
    else if (message.type === "telemetry") this.#telemetry(message.vehicles, nowMs);
    else if (message.type === "tracks") this.#tracks(message);
    else if (message.type === "event") this.#event(message);
    else if (message.type === "alarm") this.putAlarm(message.alarm);
  }

  /** Seconds since the vehicle itself spoke; null when it never did. */
  ageS(vehicle: Vehicle, nowMs: number): number | null {
    if (vehicle.state.age_s === null) return null;
    const heard = this.heardAtMs.get(vehicle.id);
    return vehicle.state.age_s + (heard === undefined ? 0 : (nowMs - heard) / 1000);
  }

  putAlarm(alarm: Alarm): void {
    const known = this.alarms.get(alarm.id);
    if (known && known.revision > alarm.revision) return;
    this.alarms.set(alarm.id, alarm);
    this.emit("alarms");
  }

  putIncident(incident: Incident): void {
    const known = this.incidents.get(incident.id);
    if (known && known.revision > incident.revision) return;
    this.incidents.set(incident.id, incident);
    this.#hidden.delete(incident.id);
    this.#hiddenWaiting.delete(incident.id);
    this.emit("incidents");
  }

  putCommand(command: Command): void {
    const known = this.commands.get(command.id);
    if (known && Date.parse(known.state_at) > Date.parse(command.state_at)) return;
    if (!known) this.#dropUnanswered(command);
    this.commands.set(command.id, command);
    this.emit("commands");
  }

  /** Takes a command without an answer, unless the live line has told of one since it was made (`before`: known then). */
  putUnanswered(command: Command, before: ReadonlySet<string>): void {
    const told = [...this.commands.values()].some((one) => !before.has(one.id) && isSameWord(one, command));
    if (!told) this.putCommand(command);
  }

  #dropUnanswered(told: Command): void {
    for (const [id, one] of this.commands) if (one.state === UNANSWERED && isSameWord(one, told)) this.commands.delete(id);
  }

  putOrder(order: Order): void {
    this.orders.set(order.id, order);
    this.emit("orders");
  }

  putRun(run: Run): void {
    this.runs.set(run.id, run);
    this.emit("runs");
  }

  openAlarms(): Alarm[] {
    return [...this.alarms.values()].filter((alarm) => alarm.is_open).sort(by((alarm) => alarm.raised_at));
  }

  openIncidents(): Incident[] {
    const open = [...this.incidents.values()].filter((one) => !CLOSED_INCIDENTS.has(one.state));
    return open.sort(by((one) => one.last_seen_at)).reverse();
  }

  /** Cases that wait for a decision, whoever has waited longest first: without a time limit since it was first seen. */
  waitingIncidents(): Incident[] {
    const waiting = this.openIncidents().filter((one) => one.needs_decision);
    return waiting.sort((a, b) => waitsSinceMs(a) - waitsSinceMs(b));
  }

  activeRuns(): Run[] {
    return [...this.runs.values()].filter((run) => !ENDED_RUNS.has(run.state)).sort(by((run) => run.planned_at));
  }

  newestSightings(): Sighting[] {
    return [...this.sightings.values()].sort(by((one) => one.last_seen_at)).reverse();
  }

  /** Takes vehicles as the REST interface tells them. */
  putVehicles(vehicles: Vehicle[], nowMs: number): void {
    replace(this.vehicles, vehicles);
    for (const vehicle of vehicles) this.#heard(vehicle, nowMs);
    this.emit("vehicles");
  }

  #snapshot(snapshot: Snapshot, nowMs: number): void {
    this.cursor = snapshot.after;
    this.putVehicles(snapshot.vehicles ?? [], nowMs);
    replace(this.runs, snapshot.runs ?? [], (run) => ENDED_RUNS.has(run.state));
    replace(this.incidents, snapshot.incidents ?? [], (one) => CLOSED_INCIDENTS.has(one.state));
    replace(this.alarms, snapshot.alarms ?? [], (alarm) => !alarm.is_open);
    replace(this.sightings, snapshot.sightings ?? []);
    this.#hidden = new Set(snapshot.hidden_incidents);
    this.#hiddenWaiting = new Set(snapshot.hidden_waiting);
    this.#commandsOfSnapshot(snapshot.commands ?? []);
    this.connection = { ...this.connection, hadSnapshot: true };
    const topics: Topic[] = ["trails", "runs", "incidents", "alarms", "sightings", "connection", "patrols", "zones"];
    topics.forEach((topic) => this.emit(topic));
  }

  /** What it does not tell has ended long ago, or never came to be; a younger one is told by the journal behind it. */
  #commandsOfSnapshot(told: Command[]): void {
    const ids = new Set(told.map((one) => one.id));
    for (const id of this.commands.keys()) if (!ids.has(id)) this.commands.delete(id);
    for (const command of told) this.putCommand(command);
    this.emit("commands");
  }

  #telemetry(told: Telemetry["vehicles"], nowMs: number): void {
    for (const one of told) {
      const known = this.vehicles.get(one.id);
      // A vehicle that is not known yet comes with the next list: here are only its state and eyes.
      if (!known) continue;
      const merged = { ...known, ...one };
      this.vehicles.set(one.id, merged);
      this.#heard(merged, nowMs);
    }
    this.emit("vehicles");
    this.emit("trails");
  }

  #heard(vehicle: Vehicle, nowMs: number): void {
    this.heardAtMs.set(vehicle.id, nowMs);
    const place = vehicle.state.position;
    if (!place || vehicle.state.is_stale) return;
    const trail = (this.trails.get(vehicle.id) ?? []).filter((point) => nowMs - point.atMs < TRAIL_MS);
    const last = trail.at(-1);
    if (!last || last.place[0] !== place[0] || last.place[1] !== place[1]) trail.push({ atMs: nowMs, place });
    this.trails.set(vehicle.id, trail);
  }

  #tracks(tracks: Tracks): void {
    this.tracks.set(tracks.vehicle_id, tracks);
    this.emit("tracks");
  }

  #event(event: EventMessage): void {
    this.cursor = event.cursor;
    const subject = event.subject;
    if (subject === "vehicles.event") this.#happened(event);
    if (event.replayed) return;
    if (subject === "incidents.changed") this.putIncident(event.body as unknown as Incident);
    else if (subject === "alarms.changed") this.putAlarm(event.body as unknown as Alarm);
    else if (subject === "sightings.new") this.#sighting(event.body as unknown as Sighting);
    else if (subject === "runs.changed") this.putRun({ ...this.runs.get(event.key), ...event.body } as unknown as Run);
    else if (subject === "commands.changed") this.putCommand(commandOf(event.body));
    else if (subject === "orders.changed") this.#orderChanged(event);
    else if (subject === "patrols.changed") this.emit("patrols");
    else if (subject === "zones.changed") this.emit("zones");
    if (CHANGES_VEHICLES.has(subject)) this.emit("fleet");
  }

  #sighting(sighting: Sighting): void {
    this.sightings.set(sighting.id, sighting);
    for (const old of this.newestSightings().slice(KEPT_SIGHTINGS)) this.sightings.delete(old.id);
    this.emit("sightings");
  }

  #orderChanged(event: EventMessage): void {
    const known = this.orders.get(event.key);
    if (known) this.putOrder({ ...known, ...(event.body as Partial<Order>) });
  }

  #happened(event: EventMessage): void {
    const body = event.body as unknown as Omit<Happening, "cursor">;
    if (this.happenings.some((known) => known.cursor >= event.cursor)) return;
    this.happenings = [{ ...body, cursor: event.cursor }, ...this.happenings].slice(0, KEPT_HAPPENINGS);
    this.emit("happenings");
  }
}

function waitsSinceMs({ due_at, first_seen_at }: Incident): number {
  return Date.parse(due_at ?? first_seen_at);
}

function isSameWord(one: Command, other: Command): boolean {
  return one.vehicle_id === other.vehicle_id && one.kind === other.kind;
}

function by<T>(key: (one: T) => string): (a: T, b: T) => number {
  return (a, b) => key(a).localeCompare(key(b));
}

/** Puts what is told in the place of what was known, except what `keep` says is over and so not told any more. */
function replace<T extends { id: string }>(known: Map<string, T>, told: T[], keep?: (one: T) => boolean): void {
  for (const [id, one] of known) if (!keep?.(one)) known.delete(id);
  for (const one of told) known.set(one.id, one);
}
