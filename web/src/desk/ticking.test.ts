import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tickingOf } from "./ticking";

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

describe("the clock of the page", () => {
  it("ticks once for everybody, and not at all for nobody", () => {
    const told: number[] = [];
    const ticking = tickingOf(1000);
    const stops = Array.from({ length: 300 }, () => ticking.on(() => told.push(ticking.nowMs())));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(Array<number>(300).fill(1_001_000));
    stops.forEach((stop) => stop());
    expect(vi.getTimerCount()).toBe(0);
  });

  it("begins with the time of now after a pause", () => {
    const ticking = tickingOf(1000);
    vi.advanceTimersByTime(60_000);
    expect(ticking.nowMs()).toBe(Date.now());
  });
});
