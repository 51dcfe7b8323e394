import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { slowServer } from "../planning/slow_server";
import type { Asked } from "../planning/slow_server";
import { CoverageWatch } from "./coverage_watch";

let asked: Asked[];

const told = (run_id: string, seen_ratio = 0.5) => ({ run_id, seen_ratio, map: { type: "FeatureCollection", features: [] } });
const longAgo = "2026-01-01T00:00:00Z";

beforeEach(() => {
  asked = slowServer();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what a run has seen", () => {
  it("is asked for again while the run goes on, and once when it is long over", async () => {
    const watch = new CoverageWatch();
    watch.look("running", null);
    await asked[0]!.answer(200, told("running"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked.map((one) => one.path)).toEqual(["/runs/running/coverage", "/runs/running/coverage"]);
    await asked[1]!.answer(200, told("running", 0.8));
    expect(watch.told?.seen_ratio).toBe(0.8);
    watch.look("over", longAgo);
    await asked[2]!.answer(200, told("over"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.filter((one) => one.path === "/runs/over/coverage")).toHaveLength(1);
    expect(asked).toHaveLength(3);
  });

  it("is never told of another run: a late answer is left out, and the map is cleared", async () => {
    const watch = new CoverageWatch();
    const stop = watch.look("first", null);
    stop();
    watch.look("second", null);
    await asked[1]!.answer(200, told("second"));
    await asked[0]!.answer(200, told("first"));
    expect(watch.told?.run_id).toBe("second");
    watch.look("third", null);
    expect(watch.told).toBeNull();
  });

  it("keeps the last figures beside the error when the server fails", async () => {
    const watch = new CoverageWatch();
    watch.look("run", null);
    await asked[0]!.answer(200, told("run"));
    await vi.advanceTimersByTimeAsync(10_000);
    await asked[1]!.answer(503, { status: 503, code: "unavailable", detail: "busy" });
    expect([watch.told?.run_id, watch.error?.problem.code]).toEqual(["run", "unavailable"]);
  });
});
