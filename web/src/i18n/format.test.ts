import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type * as Format from "./format";

let format: typeof Format;
const winter = new Date("2026-01-05T06:03:07Z");
const summer = new Date("2026-07-05T06:03:07Z");

beforeAll(async () => {
  vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
  format = await import("./format");
});
beforeEach(() => vi.stubEnv("TZ", "Europe/Berlin"));
afterEach(() => vi.unstubAllEnvs());

describe("the clock of the bar", () => {
  it("names its zone by the difference to UTC, as it is on that day", () => {
    expect([format.zoneName(winter), format.zoneName(summer)]).toEqual(["UTC+1", "UTC+2"]);
    expect(format.zoneName(winter, "UTC")).toBe("UTC");
    expect(format.zoneName(winter, "Asia/Kolkata")).toBe("UTC+5:30");
    expect(format.clock(winter)).toBe("07:03:07");
  });

  it("tells the site's time where that is another one", () => {
    expect(format.siteClock(winter, "Asia/Shanghai")).toBe("14:03 UTC+8");
    expect(format.siteClock(winter, "Europe/Paris")).toBeNull();
  });
});
