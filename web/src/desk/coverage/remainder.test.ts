import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type * as Remainder from "./Remainder";

let parts: typeof Remainder;

beforeAll(async () => {
  vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
  parts = await import("./Remainder");
});

const told = (flown_ratio: number | null, because = ""): string =>
  renderToStaticMarkup(createElement(parts.RemainderWords, { told: { run_id: "run", flown_ratio, because, because_said: [] } }));
const lowered = (planned_ratio: number | null, resumed_ratio: number | null): string =>
  renderToStaticMarkup(createElement(parts.Lowered, { told: { planned_ratio, resumed_ratio } }));

describe("what taking a run up again would leave out", () => {
  it("is told as a share that is never rounded up to the whole", () => {
    expect(told(0.634)).toContain("63.4 %");
    expect(told(0.9999)).toContain("99.9 %");
    expect(told(0.9999)).toContain("note");
  });

  it("is no news where nothing is left out, and a reason where it cannot be flown at all", () => {
    expect(told(1)).not.toContain("note");
    expect(told(null, "there is no keep-in zone")).toContain("there is no keep-in zone");
  });
});

describe("what taking a run up again has cost", () => {
  it("stands in its record with both shares", () => {
    expect(lowered(0.98, 0.71)).toMatch(/71\.0 %.*98\.0 %/);
    expect(parts.isLowered({ planned_ratio: 0.98, resumed_ratio: 0.71 })).toBe(true);
  });

  it("is not told of a run that was flown in one order, or that lost nothing", () => {
    expect([lowered(0.98, null), lowered(0.98, 0.98), lowered(null, null)]).toEqual(["", "", ""]);
  });
});
