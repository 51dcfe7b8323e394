import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Place } from "../../../api/types";
import { slowServer } from "../slow_server";
import type { Asked } from "../slow_server";
import { newItem } from "./rounds_draft";
import { RoundsTable } from "./rounds_table";

const LINE: Place[] = [[121.4, 31.32], [121.401, 31.32], [121.401, 31.321]];
const FOUND = { vehicles: [{ walk: ["1", "2", "1"], start_offset_m: 0 }, { walk: ["2", "3", "2"], start_offset_m: 10 }], nodes: [], notes: [] };
const FLYABLE = { is_flyable: true, duration_s: 400, violations: [], problems: [] };

let asked: Asked[];

function drawn(): RoundsTable {
  const table = new RoundsTable();
  table.belongTo("li");
  table.settle({ origin: LINE[0]!, zone: "Asia/Shanghai" });
  table.merge([newItem("road", "street", { type: "LineString", coordinates: LINE })]);
  table.change({ name: "Rounds" });
  return table;
}

async function found(table: RoundsTable): Promise<void> {
  const searching = table.search();
  await asked.at(-1)!.answer(200, FOUND);
  await asked.at(-1)!.answer(200, FLYABLE);
  await asked.at(-1)!.answer(200, FLYABLE);
  await searching;
}

beforeEach(() => {
  asked = slowServer();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("rounds on the drawing table", () => {
  it("are searched for, and each walk is proved", async () => {
    const table = drawn();
    await found(table);
    expect(asked.map((one) => one.path)).toEqual(["/rounds", "/patrols/check", "/patrols/check"]);
    expect(asked[0]!.body["vehicles"]).toBe(2);
    expect([table.isFlyable, table.everyMin, table.searchingSinceMs]).toEqual([true, 7, null]);
  });

  it("are forgotten when the roads change, and proved again when the height does", async () => {
    const table = drawn();
    await found(table);
    table.change({ name: "Other name" });
    expect(table.isFlyable).toBe(true);
    table.change({ height_agl_m: 40 });
    expect([table.found !== null, table.isFlyable, asked.at(-1)!.path]).toEqual([true, false, "/patrols/check"]);
    table.change({ vehicles: 3 });
    expect(table.found).toBeNull();
  });

  it("come too late for a drawing that was changed, or a search that was stopped", async () => {
    const table = drawn();
    void table.search();
    table.change({ speed_m_s: 2 });
    await asked[0]!.answer(200, FOUND);
    expect([table.found, table.searchingSinceMs]).toEqual([null, null]);
    void table.search();
    table.stop();
    await asked.at(-1)!.answer(503, { code: "unavailable", detail: "too many wait" });
    expect([table.found, table.error]).toEqual([null, null]);
  });

  it("say why there are none, and keep what was drawn", async () => {
    const table = drawn();
    const searching = table.search();
    await asked[0]!.answer(422, { code: "invalid_input", detail: "no way back" });
    await searching;
    expect([table.error?.problem.detail, table.draft.items.length]).toEqual(["no way back", 1]);
  });

  it("are not stored twice where the second of two failed", async () => {
    const table = drawn();
    await found(table);
    const refused = expect(table.store(true)).rejects.toThrow("no");
    await asked.at(-1)!.answer(201, { id: "a", name: "Rounds 1", is_active: true });
    await asked.at(-1)!.answer(422, { code: "bad_patrol", detail: "no" });
    await refused;
    expect(table.stored.length).toBe(1);
    const again = table.store(true);
    await asked.at(-1)!.answer(201, { id: "b", name: "Rounds 2", is_active: true });
    await again;
    const sent = asked.filter((one) => one.path === "/patrols").map((one) => [one.body["name"], one.body["is_active"]]);
    expect(sent).toEqual([["Rounds 1", true], ["Rounds 2", true], ["Rounds 2", true]]);
    expect(table.stored.map((one) => one.id)).toEqual(["a", "b"]);
  });

  it("are their author's", () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text), removeItem: (key: string) => void kept.delete(key) };
    const table = new RoundsTable(storage as unknown as Storage);
    table.belongTo("li");
    table.change({ name: "Li's" });
    table.belongTo("wang");
    expect(table.isEmpty).toBe(true);
    const reloaded = new RoundsTable(storage as unknown as Storage);
    reloaded.belongTo("li");
    expect(reloaded.draft.name).toBe("Li's");
  });
});
