import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ZoneEditor } from "./zone_editor";
import { slowServer } from "./slow_server";
import type { Asked } from "./slow_server";
import { comingIn, draftZone, newZone, withFreeIds } from "./zone_draft";
import type { DraftZone } from "./zone_draft";

let asked: Asked[];

const SQUARE = { type: "Polygon", coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] };
const GOOD = { is_good: true, zones: 1, hash: "", problems: [], warnings: [], features: [] };

/** Zones in force: each id with its name. */
function zones(revision: number, named: Record<string, string>): unknown {
  const features = Object.entries(named).map(([id, name]) => ({
    type: "Feature",
    properties: { id, kind: "keep_out", name, name_zh: "", floor_agl_m: null, ceiling_agl_m: null },
    geometry: SQUARE,
  }));
  return { type: "FeatureCollection", features, hash: "", revision };
}

async function opened(): Promise<ZoneEditor> {
  const editor = new ZoneEditor();
  const reading = editor.open();
  await asked[0]!.answer(200, zones(1, { crane: "Crane", pond: "Pond" }));
  await reading;
  asked.length = 0;
  return editor;
}

function rename(editor: ZoneEditor, id: string, name: string): void {
  editor.set(editor.zones!.find((zone) => zone.properties.id === id)!.key, { name });
}

const names = (editor: ZoneEditor): string[] => editor.zones!.map((zone) => zone.properties.name);

beforeEach(() => {
  asked = slowServer();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("zones on the drawing table", () => {
  it("are put in force once by two presses", async () => {
    const editor = await opened();
    rename(editor, "crane", "mine");
    const both = Promise.all([editor.approve("why"), editor.approve("why")]);
    expect(asked.filter((one) => one.method === "PUT")).toHaveLength(1);
    await asked[0]!.answer(200, zones(2, { crane: "mine", pond: "Pond" }));
    await both;
    expect([editor.revision, editor.isChanged]).toEqual([2, false]);
  });

  it("keep what was drawn while the rest was put in force", async () => {
    const editor = await opened();
    rename(editor, "crane", "sent");
    const done = editor.approve("why");
    rename(editor, "pond", "typed meanwhile");
    await asked[0]!.answer(200, zones(2, { crane: "sent", pond: "Pond" }));
    await done;
    expect([names(editor), editor.revision, editor.isChanged]).toEqual([["sent", "typed meanwhile"], 2, true]);
  });

  it("keep what was drawn while they were being read", async () => {
    const editor = await opened();
    const reading = editor.open();
    rename(editor, "crane", "mine");
    await asked[0]!.answer(200, zones(1, { crane: "Crane", pond: "Pond" }));
    await reading;
    expect(names(editor)).toEqual(["mine", "Pond"]);
  });

  it("are not lost by a discard that fails, and one step back after one that does not", async () => {
    const editor = await opened();
    rename(editor, "crane", "mine");
    const failing = editor.discard().catch(() => "failed");
    await asked[0]!.answer(500, { status: 500, code: "fault", detail: "no" });
    expect([await failing, editor.isChanged, names(editor)]).toEqual(["failed", true, ["mine", "Pond"]]);
    const discarding = editor.discard();
    await asked[1]!.answer(200, zones(1, { crane: "Crane", pond: "Pond" }));
    await discarding;
    expect([editor.isChanged, names(editor)]).toEqual([false, ["Crane", "Pond"]]);
    editor.undo();
    expect([editor.isChanged, names(editor)]).toEqual([true, ["mine", "Pond"]]);
  });

  it("do not show a check of zones that were discarded since", async () => {
    const editor = await opened();
    rename(editor, "crane", "mine");
    await vi.advanceTimersByTimeAsync(500);
    const check = asked.find((one) => one.path === "/zones/check")!;
    const discarding = editor.discard();
    await asked.at(-1)!.answer(200, zones(1, { crane: "Crane", pond: "Pond" }));
    await discarding;
    await check.answer(200, GOOD);
    expect(editor.check).toBeNull();
  });
});

describe("zones that two people change", () => {
  async function conflicted(): Promise<ZoneEditor> {
    const editor = await opened();
    rename(editor, "crane", "mine");
    const refused = editor.approve("why").catch((error: { code: string }) => error.code);
    await asked[0]!.answer(409, { status: 409, code: "conflict", detail: "the zones are at revision 2 now" });
    await asked[1]!.answer(200, zones(2, { crane: "Crane", pond: "theirs", gate: "Gate" }));
    expect(await refused).toBe("conflict");
    return editor;
  }

  it("are laid beside each other", async () => {
    const editor = await conflicted();
    expect([names(editor), editor.revision, editor.theirs?.revision]).toEqual([["mine", "Pond"], 1, 2]);
  });

  it("are joined zone by zone, on top of the new revision", async () => {
    const editor = await conflicted();
    editor.putMineOnTop();
    expect([names(editor), editor.revision, editor.theirs]).toEqual([["mine", "theirs", "Gate"], 2, null]);
  });

  it("can be taken as the other left them, with mine one step back", async () => {
    const editor = await conflicted();
    editor.takeTheirs();
    expect([names(editor), editor.revision, editor.isChanged]).toEqual([["Crane", "theirs", "Gate"], 2, false]);
    editor.undo();
    expect(names(editor)).toEqual(["mine", "Pond"]);
  });
});

describe("a zone draft", () => {
  const sitDown = (editor: ZoneEditor, user: string): ZoneEditor => {
    editor.belongTo(user);
    return editor;
  };

  async function reloaded(user: string, storage: Storage, inForce: unknown): Promise<ZoneEditor> {
    const editor = sitDown(new ZoneEditor(storage), user);
    asked.length = 0;
    const reading = editor.open();
    await asked[0]!.answer(200, inForce);
    await reading;
    return editor;
  }

  it("is its author's, and outlives a reload of the page", async () => {
    const storage = memory();
    const editor = await reloaded("li", storage, zones(1, { crane: "Crane" }));
    rename(editor, "crane", "Li's crane");
    sitDown(editor, "wang");
    expect([names(editor), editor.isChanged]).toEqual([["Crane"], false]);
    sitDown(editor, "li");
    expect([names(editor), editor.isChanged]).toEqual([["Li's crane"], true]);
    expect(names(await reloaded("wang", storage, zones(1, { crane: "Crane" })))).toEqual(["Crane"]);
    expect(names(await reloaded("li", storage, zones(1, { crane: "Crane" })))).toEqual(["Li's crane"]);
  });

  it("is laid beside what somebody else put in force while the page was closed", async () => {
    const storage = memory();
    rename(await reloaded("li", storage, zones(1, { crane: "Crane", pond: "Pond" })), "crane", "Li's crane");
    const editor = await reloaded("li", storage, zones(2, { crane: "Crane", pond: "Lake" }));
    expect([names(editor), editor.theirs?.revision]).toEqual([["Li's crane", "Pond"], 2]);
    editor.putMineOnTop();
    expect(names(editor)).toEqual(["Li's crane", "Lake"]);
  });

  it("is gone when it is in force, also when another person has sat down meanwhile", async () => {
    const storage = memory();
    const editor = await reloaded("li", storage, zones(1, { crane: "Crane" }));
    rename(editor, "crane", "Li's crane");
    asked.length = 0;
    const done = editor.approve("why");
    sitDown(editor, "wang");
    await asked[0]!.answer(200, zones(2, { crane: "Li's crane" }));
    await done;
    expect([names(editor), editor.isChanged, editor.revision]).toEqual([["Li's crane"], false, 2]);
    expect((await reloaded("li", storage, zones(2, { crane: "Li's crane" }))).isChanged).toBe(false);
  });
});

function memory(): Storage {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  };
  return storage as unknown as Storage;
}

describe("a file of zones", () => {
  it("says which zones are new, and whose place the others take", () => {
    const zone = (id: string, name: string): DraftZone => ({ key: id, properties: { ...newZone("keep_out", []).properties, id, name }, geometry: null });
    const feature = (id: string, name: string): GeoJSON.Feature => ({ type: "Feature", properties: { id, name }, geometry: { type: "Point", coordinates: [0, 0] } });
    const coming = comingIn([zone("school", "School"), zone("pond", "Pond")], [feature("school", "Another"), feature("crane", "")]);
    expect([coming.added.map((one) => one.id), coming.replaced.map((one) => one.name)]).toEqual([["crane"], ["School"]]);
  });
});

describe("zones of a file", () => {
  const feature = (id: string): GeoJSON.Feature => ({ type: "Feature", properties: { id }, geometry: SQUARE as GeoJSON.Polygon });
  const inDraft = [feature("fence-1"), feature("fence-2")].map(draftZone);
  const idsOf = (features: GeoJSON.Feature[]): unknown[] => features.map((one): unknown => one.properties?.["id"]);

  it("never take the place of others by numbers that the file does not hold", () => {
    const coming = withFreeIds([feature("fence-1"), feature("fence-3"), feature("crane")], inDraft, "{}");
    expect(idsOf(coming)).toEqual(["fence-4", "fence-3", "crane"]);
    expect(comingIn(inDraft, coming).replaced).toEqual([]);
  });

  it("take the place of those with an id that the file holds itself", () => {
    const coming = withFreeIds([feature("fence-1")], inDraft, '{"id": "fence-1"}');
    expect(comingIn(inDraft, coming).replaced.map((one) => one.id)).toEqual(["fence-1"]);
  });
});
