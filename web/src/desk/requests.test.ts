import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveStore } from "../live/store";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a command whose answer never came", () => {
  it("is told as such: it may have reached the vehicle", async () => {
    const { Requests } = await import("./requests");
    const store = new LiveStore();
    const requests = new Requests({ store, onPatrols: () => Promise.resolve(), onFleet: () => undefined });
    const asked = expect(requests.command("drone-1", "hold")).rejects.toMatchObject({ code: "no_connection" });
    await vi.runAllTimersAsync();
    await asked;
    const told = [...store.commands.values()].map(({ vehicle_id, kind, state }) => [vehicle_id, kind, state]);
    expect(told).toEqual([["drone-1", "hold", "unanswered"]]);
  });

  it("is told while the server hangs, and nothing more is sent for it", async () => {
    const asked = vi.fn(
      (_path: string, init: RequestInit) =>
        new Promise((_answer, fail) => init.signal?.addEventListener("abort", () => fail(new DOMException("aborted", "AbortError")))),
    );
    vi.stubGlobal("fetch", asked);
    const { Requests } = await import("./requests");
    const store = new LiveStore();
    const requests = new Requests({ store, onPatrols: () => Promise.resolve(), onFleet: () => undefined });
    const told = expect(requests.command("drone-1", "hold")).rejects.toMatchObject({ code: "no_connection" });
    await vi.advanceTimersByTimeAsync(12_000);
    await told;
    expect([...store.commands.values()].map(({ state }) => state)).toEqual(["unanswered"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
