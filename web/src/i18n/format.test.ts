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

describe("a long name", () => {
  it("keeps its beginning and its end, by the width of its letters", () => {
    expect(format.shortened("Drone 1", 22)).toBe("Drone 1");
    expect(format.shortened("Reserve drone of the eastern gate 12", 22)).toBe("Reserve dro…rn gate 12");
    expect(format.shortened("槐香苑东门外沿街商铺与中心花园备用12号机", 22)).toBe("槐香苑东门…备用12号机");
    expect(format.shortened("一号无人机在东门外待命", 22)).toBe("一号无人机在东门外待命");
  });
});
