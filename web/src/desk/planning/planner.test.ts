import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Patrol } from "../../api/types";
import { Planner } from "./planner";
import { slowServer } from "./slow_server";
import type { Asked } from "./slow_server";

let asked: Asked[];

function patrol(id: string, changes: Partial<Patrol> = {}): Patrol {
  const given = { id, revision: 1, name: id, name_zh: "", height_agl_m: 25, speed_m_s: 5, vehicle_ids: [], schedule: null };
  return { ...given, is_active: true, next_start_at: null, parts: [], ...changes };
}

interface Memory extends Storage {
  kept: Map<string, string>;
  isFull: boolean;
}

/** A browser's storage, which can be full. */
function memory(): Memory {
  const kept = new Map<string, string>();
  const storage = {
    kept,
    isFull: false,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => {
      if (storage.isFull) throw new DOMException("the quota has been exceeded", "QuotaExceededError");
      kept.set(key, text);
    },
  };
  return storage as unknown as Memory;
}

function plannerOf(user: string, storage: Storage): Planner {
  const planner = new Planner(storage);
  planner.belongTo(user);
  return planner;
}

function namesOf(planner: Planner): string[] {
  return planner.unsaved.map((one) => one.draft.name);
}

const CONFLICT = { status: 409, code: "conflict", detail: "the patrol has been changed by someone else" };

beforeEach(() => {
  asked = slowServer();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a draft with changes", () => {
  it("is kept when another patrol is opened, and found again", () => {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.change({ name: "typed" });
    planner.open(patrol("yard"));
    expect(planner.unsaved.map((one) => one.draft.name)).toEqual(["typed"]);
    planner.open(patrol("street"));
    expect([planner.draft?.name, planner.isChanged]).toEqual(["typed", true]);
    planner.discard("street");
    expect([planner.draft?.name, planner.isChanged]).toEqual(["street", false]);
  });

  it("outlives a reload of the page", () => {
    const storage = memory();
    const before = plannerOf("li", storage);
    before.open(null);
    before.change({ name: "typed" });
    expect(namesOf(plannerOf("li", storage))).toEqual(["typed"]);
  });

  it("is dropped where another version of the page wrote it", () => {
    const storage = memory();
    const before = plannerOf("li", storage);
    before.open(patrol("street"));
    before.change({ name: "typed" });
    for (const [key, text] of storage.kept) storage.kept.set(key, text.replace(/"version":\d+/, '"version":0'));
    expect(namesOf(plannerOf("li", storage))).toEqual([]);
    for (const key of storage.kept.keys()) storage.kept.set(key, '{"street":{}}');
    expect(namesOf(plannerOf("li", storage))).toEqual([]);
  });

  it("goes on where the browser has no room to keep it, and says so", () => {
    const storage = memory();
    const planner = plannerOf("li", storage);
    const heard = vi.fn();
    planner.on(["draft"], heard);
    planner.open(patrol("street"));
    storage.isFull = true;
    heard.mockClear();
    planner.change({ name: "typed" });
    expect([planner.draft?.name, heard.mock.calls.length, planner.isShelfFull]).toEqual(["typed", 1, true]);
    planner.open(patrol("yard"));
    expect(namesOf(planner)).toEqual(["typed"]);
    storage.isFull = false;
    planner.discard("street");
    expect(planner.isShelfFull).toBe(false);
  });

  it("is its author's: the next person on the page neither sees nor loses it", () => {
    const storage = memory();
    const planner = plannerOf("li", storage);
    planner.open(patrol("street"));
    planner.change({ name: "li was here" });
    planner.open(null);
    planner.change({ name: "a new one of li" });
    planner.belongTo("wang");
    expect([planner.draft?.name, planner.canUndo, namesOf(planner)]).toEqual(["", false, []]);
    planner.open(patrol("street"));
    expect([planner.draft?.name, planner.isChanged]).toEqual(["street", false]);
    expect(namesOf(plannerOf("wang", storage))).toEqual([]);
    expect(namesOf(plannerOf("li", storage)).sort()).toEqual(["a new one of li", "li was here"]);
    planner.belongTo("li");
    expect([planner.draft?.name, namesOf(planner)]).toEqual(["li was here", ["a new one of li"]]);
  });

  it("stays open when the same person signs in again", () => {
    const planner = plannerOf("li", memory());
    planner.open(patrol("street"));
    planner.change({ name: "typed" });
    planner.belongTo("li");
    expect([planner.draft?.name, planner.canUndo]).toEqual(["typed", true]);
  });

  it("leaves nothing behind once it is as it was", () => {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.change({ name: "typed" });
    planner.undo();
    planner.open(patrol("yard"));
    expect(planner.unsaved).toEqual([]);
  });
});

describe("a draft that is stored", () => {
  it("is stored once by two presses", async () => {
    const planner = new Planner();
    planner.open(null);
    planner.change({ name: "typed" });
    const both = Promise.all([planner.store(false), planner.store(false)]);
    expect(asked.map((one) => one.method)).toEqual(["POST"]);
    await asked[0]!.answer(201, patrol("new-1", { name: "typed" }));
    const [first, second] = await both;
    expect(first).toBe(second);
    expect([planner.draft?.id, planner.isChanged]).toEqual(["new-1", false]);
  });

  it("keeps what was typed while it was stored", async () => {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.change({ name: "sent" });
    const done = planner.store(true);
    planner.change({ name: "sent, and more" });
    await asked[0]!.answer(200, patrol("street", { name: "sent", revision: 2 }));
    await done;
    expect([planner.draft?.name, planner.draft?.revision, planner.isChanged]).toEqual(["sent, and more", 2, true]);
  });

  it("tells nothing to the patrol that is open by then", async () => {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.change({ name: "sent" });
    const done = planner.store(false);
    planner.open(patrol("yard", { revision: 7 }));
    await asked[0]!.answer(200, patrol("street", { name: "sent", revision: 2 }));
    await done;
    expect([planner.draft?.id, planner.draft?.revision]).toEqual(["yard", 7]);
    expect(planner.unsaved).toEqual([]);
  });
});

describe("a draft that is stored while another person signs in", () => {
  it("leaves theirs alone", async () => {
    const planner = plannerOf("wang", memory());
    planner.open(patrol("street"));
    planner.change({ name: "wang's" });
    planner.belongTo("li");
    planner.change({ name: "li's" });
    const done = planner.store(false);
    planner.belongTo("wang");
    await asked[0]!.answer(200, patrol("street", { name: "li's", revision: 2 }));
    await done;
    expect([planner.draft?.name, planner.draft?.revision, planner.isChanged]).toEqual(["wang's", 1, true]);
    planner.open(patrol("yard"));
    expect(namesOf(planner)).toEqual(["wang's"]);
    planner.belongTo("li");
    expect(namesOf(planner)).toEqual([]);
  });
});

describe("a patrol that two people change", () => {
  async function conflicted(): Promise<Planner> {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.change({ name: "mine" });
    planner.change({ height_agl_m: 31 });
    const refused = planner.store(false).catch((error: { code: string }) => error.code);
    await asked[0]!.answer(409, CONFLICT);
    await asked[1]!.answer(200, patrol("street", { revision: 2, name: "theirs", speed_m_s: 9 }));
    expect(await refused).toBe("conflict");
    return planner;
  }

  it("shows what the other stored, and keeps what was typed here", async () => {
    const planner = await conflicted();
    expect([planner.theirs?.name, planner.draft?.name, planner.draft?.revision]).toEqual(["theirs", "mine", 1]);
  });

  it("goes on with mine on top of the new revision", async () => {
    const planner = await conflicted();
    planner.putMineOnTop();
    expect(planner.draft).toMatchObject({ name: "mine", height_agl_m: 31, speed_m_s: 9, revision: 2 });
    const stored = planner.store(false);
    expect(asked.at(-1)!.body).toMatchObject({ revision: 2, name: "mine", speed_m_s: 9 });
    await asked.at(-1)!.answer(200, patrol("street", { revision: 3 }));
    await stored;
  });

  it("goes on with theirs, and mine is one step back", async () => {
    const planner = await conflicted();
    planner.takeTheirs();
    expect(planner.draft).toMatchObject({ name: "theirs", height_agl_m: 25, revision: 2 });
    planner.undo();
    expect(planner.draft).toMatchObject({ name: "mine", height_agl_m: 31, revision: 2 });
  });

  it("is simply read anew where nothing was changed here", () => {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.meet(patrol("street", { revision: 2, name: "theirs" }));
    expect([planner.draft?.name, planner.theirs]).toEqual(["theirs", null]);
  });

  it("finds a kept draft with its conflict", () => {
    const planner = new Planner();
    planner.open(patrol("street"));
    planner.change({ name: "mine" });
    planner.open(patrol("yard"));
    planner.open(patrol("street", { revision: 2, name: "theirs" }));
    expect([planner.draft?.name, planner.theirs?.name]).toEqual(["mine", "theirs"]);
  });
});
