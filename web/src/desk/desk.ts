/** The desk behind its screen: session, live line, siren and what is asked of the server. */
import { ApiError, get, onSignedOut, send } from "../api/client";
import type { Alarm, Kind, Order, Patrol, Permission, Place, Site, User, Vehicle } from "../api/types";
import { t } from "../i18n";
import { setNames } from "../i18n/said";
import { LiveConnection } from "../live/connection";
import { Emitter } from "../live/emitter";
import type { ServerMessage } from "../live/messages";
import { Siren } from "../live/siren";
import { LiveStore } from "../live/store";
import { CoverageWatch } from "./coverage/coverage_watch";
import { Names } from "./names";
import type { Named } from "./names";
import { Planner } from "./planning/planner";
import { RoundsTable } from "./planning/rounds/rounds_table";
import { ZoneEditor } from "./planning/zone_editor";
import { Requests } from "./requests";
import { select, selected } from "./selection";

const FLEET_EVERY_MS = 5_000;
const FLEET_SOON_MS = 250;

export type DeskTopic = "session" | "site" | "zones" | "patrols" | "kinds";

export class Desk extends Emitter<DeskTopic> {
  readonly store = new LiveStore();
  readonly siren = new Siren();
  readonly planner = new Planner(sessionStorage);
  readonly coverage = new CoverageWatch();
  readonly zoneEditor = new ZoneEditor(sessionStorage);
  readonly rounds = new RoundsTable(sessionStorage);
  readonly names = new Names(this);
  readonly requests = new Requests({
    store: this.store,
    onPatrols: () => this.loadPatrols(),
    onFleet: () => this.#readFleetSoon(),
  });
  user: User | null = null;
  /** The last user stays visible behind the sign-in page when a sign-in has ended: nothing typed is lost. */
  hasBeenSignedIn = false;
  lastUser: User | null = null;
  isAsking = true;
  unreachable: ApiError | null = null;
  site: Site | null = null;
  zones: GeoJSON.FeatureCollection | null = null;
  patrols: Patrol[] | null = null;
  readonly kinds = new Map<string, Kind>();
  readonly #live: LiveConnection;
  #fleetTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #asked = new Set<string>();

  constructor() {
    super();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#live = new LiveConnection({
      url: `${scheme}://${location.host}/api/v1/live`,
      cursor: () => this.store.cursor,
      onMessage: (message) => this.#take(message),
      onUp: () => this.#up(),
      onDown: () => this.#down(),
    });
    onSignedOut(() => this.#forget());
    setNames((what, value) => this.names.said(what, value));
    this.store.on(["vehicles"], () => this.#fetchOrders());
    this.store.on(["fleet"], () => this.#readFleetSoon());
    setInterval(() => this.#readFleetSoon(), FLEET_EVERY_MS);
    this.store.on(["alarms"], () => this.#ring());
    this.store.on(["patrols"], () => void this.loadPatrols());
    this.store.on(["zones"], () => void this.#loadZones());
  }

  /** Asks who is signed in; tries again while the server cannot be reached. */
  async begin(): Promise<void> {
    try {
      const { user } = await get<{ user: User }>("/session");
      this.unreachable = null;
      this.#enter(user);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.isAsking = false;
      this.unreachable = error.problem.status === 401 ? null : error;
      if (this.unreachable) setTimeout(() => void this.begin(), 2000);
      this.emit("session");
    }
  }

  async signIn(user: string, password: string): Promise<void> {
    this.siren.unlock();
    const answer = await send<{ user: User }>("POST", "/session", { user, password });
    this.#enter(answer.user);
  }

  async signOut(): Promise<void> {
    await send("DELETE", "/session");
    location.reload();
  }

  /** Brings a place into view on the map. */
  showPlace(place: Place): void {
    dispatchEvent(new CustomEvent<Place>("desk:place", { detail: place }));
  }

  may(permission: Permission): boolean {
    // When a sign-in has ended the page stays as it is behind the sign-in page: half-filled forms are not taken away.
    return (this.user ?? this.lastUser)?.permissions.includes(permission) ?? false;
  }

  async loadPatrols(): Promise<void> {
    if (!this.user) return;
    this.patrols = (await get<{ patrols: Patrol[] }>("/patrols")).patrols;
    this.emit("patrols");
  }

  /** Parts on the drawing table: what is said of them names them before anybody has stored them. */
  get drawnParts(): readonly Named[] {
    return this.planner.draft?.parts ?? [];
  }

  /** Alarms that nobody has answered: they sound here. */
  ringing(): Alarm[] {
    return this.store.openAlarms().filter((alarm) => alarm.state === "raised" || alarm.state === "ringing");
  }

  #enter(user: User): void {
    this.user = user;
    this.isAsking = false;
    this.hasBeenSignedIn = true;
    this.lastUser = user;
    this.planner.belongTo(user.id);
    this.zoneEditor.belongTo(user.id);
    this.rounds.belongTo(user.id);
    this.emit("session");
    this.#live.start();
    // Where it fails, the next connection asks again.
    this.#loadSite().catch(() => undefined);
  }

  #forget(): void {
    this.user = null;
    this.isAsking = false;
    this.#live.stop();
    this.siren.sound(false);
    this.emit("session");
  }

  /** What could not be asked while the server was away is asked now. */
  #up(): void {
    this.store.setConnection(true, new Date());
    this.planner.checkAgain();
    this.zoneEditor.checkAgain();
    // What became of orders meanwhile is told by no event.
    this.#asked.clear();
    // A failure here ends the line again, or the sign-in; both come back to this.
    if (!this.site) this.#loadSite().catch(() => undefined);
  }

  #down(): void {
    this.store.setConnection(false, new Date());
    // A socket that is refused does not say why; a request does, and leads to the sign-in page when that has ended.
    void get("/session").catch(() => undefined);
  }

  async #loadSite(): Promise<void> {
    this.site = await get<Site>("/site");
    this.emit("site");
    const { kinds } = await get<{ kinds: Kind[] }>("/kinds");
    kinds.forEach((kind) => this.kinds.set(kind.code, kind));
    this.emit("kinds");
    await Promise.all([this.#loadZones(), this.loadPatrols()]);
  }

  async #loadZones(): Promise<void> {
    if (!this.user) return;
    this.zones = await get<GeoJSON.FeatureCollection>("/zones");
    this.emit("zones");
  }

  /** Reads the list of vehicles: readiness and orders are in no telemetry. Several wishes at once are one request. */
  #readFleetSoon(): void {
    if (this.#fleetTimer !== undefined || !this.user || !this.store.connection.isUp) return;
    this.#fleetTimer = setTimeout(() => {
      this.#fleetTimer = undefined;
      // When the server cannot be reached the offline bar tells of it, and the next round asks again.
      get<{ vehicles: Vehicle[] }>("/vehicles").then(
        ({ vehicles }) => this.store.putVehicles(vehicles, Date.now()),
        () => undefined,
      );
      if (this.#isAStartPast()) this.loadPatrols().catch(() => undefined);
    }, FLEET_SOON_MS);
  }

  #isAStartPast(): boolean {
    const starts = this.patrols?.map((patrol) => patrol.next_start_at) ?? [];
    return starts.some((at) => at !== null && Date.parse(at) < Date.now());
  }

  #fetchOrders(): void {
    for (const vehicle of this.store.vehicles.values()) {
      const id = vehicle.order_id;
      if (!id || this.#asked.has(id)) continue;
      this.#asked.add(id);
      get<Order>(`/orders/${id}`).then(
        (order) => this.store.putOrder(order),
        () => this.#asked.delete(id),
      );
    }
  }

  #take(message: ServerMessage): void {
    this.store.take(message, Date.now());
    if (message.type !== "alarm") return;
    const alarm = message.alarm;
    // "It rings here" is said only when a person can hear or see it: else the server hands the alarm on.
    if (this.siren.isAllowed || !document.hidden) {
      this.#live.send({ type: "rung", alarm_id: alarm.id, escalation: alarm.escalation });
    }
  }

  #ring(): void {
    const calls = this.ringing();
    this.siren.sound(calls.length > 0 && this.may("answer_alarms"));
    // It opens by itself only where nothing is open: nobody's hand is on a button that would change under it.
    if (calls[0] && selected() === null && document.activeElement?.tagName !== "INPUT") {
      select({ kind: "alarm", id: calls[0].id });
    }
    document.title = calls.length > 0 ? `(!) ${t("alarm.title")}` : t("product");
  }
}
