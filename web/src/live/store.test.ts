import { describe, expect, it } from "vitest";
import type { Alarm, Command, Incident, Vehicle, VehicleState } from "../api/types";
import type { EventMessage, Snapshot } from "./messages";
import { LiveStore, UNANSWERED } from "./store";

const state = { position: [121.4, 31.3], is_stale: false, link_up: true, age_s: 0.2 } as VehicleState;
const vehicle = { id: "drone-1", name: "Drone 1", state } as Vehicle;
const alarm = { id: "a", state: "ringing", is_open: true, revision: 2, raised_at: "2026-01-01T00:00:00Z" } as Alarm;
const incident = { id: "i", state: "filed", revision: 3, last_seen_at: "2026-01-01T00:00:00Z" } as Incident;

const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  type: "snapshot",
  cursor: 9,
  after: 9,
  vehicles: [vehicle],
  ...more,
});

const event = (subject: string, body: object, more: Partial<EventMessage> = {}): EventMessage => ({
  type: "event",
  cursor: 10,
  replayed: false,
  subject,
  key: (body as { id?: string }).id ?? "",
  at: "2026-01-01T00:00:00Z",
  body: body as Record<string, unknown>,
  ...more,
});

describe("the live store", () => {
  it("lets ages grow between two words of a vehicle", () => {
    const store = new LiveStore();
    store.take(snapshot(), 1000);
    expect(store.ageS(vehicle, 1000)).toBeCloseTo(0.2);
    expect(store.ageS(vehicle, 6000)).toBeCloseTo(5.2);
    store.take({ type: "telemetry", vehicles: [{ id: "drone-1", state, perception: null }] }, 6000);
    expect(store.ageS(vehicle, 6000)).toBeCloseTo(0.2);
  });

  it("keeps what telemetry does not tell, and forgets the trail after a minute", () => {
    const store = new LiveStore();
    store.take(snapshot(), 0);
    const moved = { ...state, position: [121.5, 31.3] as [number, number] };
    store.take({ type: "telemetry", vehicles: [{ id: "drone-1", state: moved, perception: null }] }, 30_000);
    expect(store.vehicles.get("drone-1")?.name).toBe("Drone 1");
    expect(store.trails.get("drone-1")).toHaveLength(2);
    store.take({ type: "telemetry", vehicles: [{ id: "drone-1", state: moved, perception: null }] }, 61_000);
    expect(store.trails.get("drone-1")).toHaveLength(1);
  });

  it("does not go back to an older revision", () => {
    const store = new LiveStore();
    store.take(event("alarms.changed", alarm), 0);
    store.take({ type: "alarm", alarm: { ...alarm, revision: 1, state: "raised" } }, 0);
    expect(store.alarms.get("a")?.state).toBe("ringing");
  });

  it("takes replayed lines for the feed only", () => {
    const store = new LiveStore();
    store.take(snapshot({ after: 4 }), 0);
    store.take(event("incidents.changed", incident, { cursor: 5, replayed: true }), 0);
    const words = { vehicle_id: "drone-1", kind: "status_text", text: "hello", at: "2026-01-01T00:00:00Z" };
    store.take(event("vehicles.event", words, { cursor: 6, replayed: true }), 0);
    expect(store.openIncidents()).toEqual([]);
    expect(store.happenings.map((one) => one.text)).toEqual(["hello"]);
    expect(store.cursor).toBe(6);
  });

  it("drops with a snapshot what is gone, and keeps the ended that snapshots do not tell", () => {
    const store = new LiveStore();
    store.take(event("incidents.changed", incident), 0);
    store.take(event("incidents.changed", { ...incident, id: "closed", state: "closed" }), 0);
    store.take(snapshot({ incidents: [] }), 0);
    expect([...store.incidents.keys()]).toEqual(["closed"]);
  });

  it("reads zones again, and takes the fate of words, when it was away", () => {
    const store = new LiveStore();
    const heard: string[] = [];
    store.on(["zones"], () => heard.push("zones"));
    const word = { id: "c", vehicle_id: "drone-1", kind: "hold", because: "wang: stop", state_at: "2026-01-01T00:00:00Z" } as Command;
    store.take(snapshot({ commands: [{ ...word, state: "sent" }] }), 0);
    store.take(snapshot({ commands: [{ ...word, state: "done", state_at: "2026-01-01T00:00:02Z" }] }), 0);
    expect(store.commands.get("c")?.state).toBe("done");
    expect(heard).toEqual(["zones", "zones"]);
  });

  it("keeps whose word it is when the journal tells of its fate", () => {
    const store = new LiveStore();
    const told = { id: "c", vehicle_id: "drone-1", kind: "hold", asked_because: "wang: stop", state: "done", because: "it hovers", at: "2026-01-01T00:00:00Z" };
    store.take(event("commands.changed", told), 0);
    expect(store.commands.get("c")).toMatchObject({ because: "wang: stop", state_because: "it hovers" });
  });

  it("forgets words that a snapshot does not tell any more", () => {
    const store = new LiveStore();
    const word = { id: "c", vehicle_id: "drone-1", kind: "hold", state: "accepted", state_at: "2026-01-01T00:00:00Z" } as Command;
    store.take(snapshot({ commands: [word] }), 0);
    store.take(snapshot({ commands: [{ ...word, id: "d" }] }), 0);
    expect([...store.commands.keys()]).toEqual(["d"]);
  });

  it("never shows a word without an answer beside the same word that the server tells of", () => {
    const word = { id: "c", vehicle_id: "drone-1", kind: "hold", state: "accepted", state_at: "2026-01-01T00:00:00Z" } as Command;
    const lost = { ...word, id: "lost", state: UNANSWERED };
    const toldLater = new LiveStore();
    toldLater.putUnanswered(lost, new Set());
    expect([...toldLater.commands.keys()]).toEqual(["lost"]);
    toldLater.take(event("commands.changed", { ...word, kind: "land", id: "other", state_because: "" }), 0);
    expect([...toldLater.commands.keys()]).toEqual(["lost", "other"]);
    toldLater.take(event("commands.changed", { ...word, state_because: "" }), 0);
    expect([...toldLater.commands.keys()]).toEqual(["other", "c"]);
    const toldBefore = new LiveStore();
    toldBefore.putCommand(word);
    toldBefore.putUnanswered(lost, new Set());
    expect([...toldBefore.commands.keys()]).toEqual(["c"]);
    toldBefore.putUnanswered(lost, new Set(["c"]));
    toldBefore.take(snapshot({ commands: [] }), 0);
    expect(toldBefore.commands.size).toBe(0);
  });

  it("counts each open case once, shown or not, and no longer when it has ended", () => {
    const store = new LiveStore();
    const all = (): number => store.openIncidents().length + store.hiddenCases;
    store.take(snapshot({ incidents: [incident], hidden_incidents: ["x", "y"] }), 0);
    expect(all()).toBe(3);
    store.take(event("incidents.changed", { ...incident, id: "new" }), 0);
    expect(all()).toBe(4);
    store.take(event("incidents.changed", { ...incident, id: "x" }), 0);
    expect(all()).toBe(4);
    store.take(event("incidents.changed", { ...incident, id: "y", state: "closed" }), 0);
    expect([all(), store.hiddenCases]).toEqual([3, 0]);
  });

  it("counts those apart that wait for a decision unseen, and lists whoever has waited longest first", () => {
    const store = new LiveStore();
    const waits = (id: string, due_at: string | null, first_seen_at: string) => ({ ...incident, id, due_at, first_seen_at, needs_decision: true });
    const cases = [
      waits("due later", "2026-01-05T18:00:00Z", "2026-01-01T00:00:00Z"),
      waits("overdue", "2026-01-05T06:00:00Z", "2026-01-04T00:00:00Z"),
      waits("no limit, old", null, "2026-01-03T00:00:00Z"),
      waits("no limit, new", null, "2026-01-05T08:00:00Z"),
    ];
    store.take(snapshot({ incidents: cases, hidden_incidents: ["x", "y"], hidden_waiting: ["y"] }), 0);
    expect(store.waitingIncidents().map((one) => one.id)).toEqual(["no limit, old", "overdue", "no limit, new", "due later"]);
    expect(store.hiddenWaiting).toBe(1);
    store.take(event("incidents.changed", { ...incident, id: "y" }), 0);
    expect([store.hiddenWaiting, store.hiddenCases]).toEqual([0, 1]);
  });

  it("counts how often the line came back", () => {
    const store = new LiveStore();
    store.setConnection(true, new Date());
    store.take(snapshot(), 0);
    expect(store.connection.times).toBe(0);
    store.setConnection(false, new Date());
    store.setConnection(true, new Date());
    expect(store.connection.times).toBe(1);
  });

  it("tells the listeners of a topic only", () => {
    const store = new LiveStore();
    const heard: string[] = [];
    store.on(["alarms"], () => heard.push("alarms"));
    store.on(["runs"], () => heard.push("runs"));
    store.take(event("alarms.changed", alarm), 0);
    expect(heard).toEqual(["alarms"]);
  });
});
