import { describe, expect, it } from "vitest";
import { blackoutsOn, everyMinutes, everyS, inRhythm, localText, minutesOf, rhythmOf } from "./schedule_rule";

const SHANGHAI = "Asia/Shanghai";
const NIGHT_MS = Date.parse("2026-11-21T16:05:00Z");

describe("the usual rhythms", () => {
  it("reads the site's own clock, across midnight", () => {
    expect(localText(NIGHT_MS, SHANGHAI)).toBe("2026-11-22T00:05");
  });

  it("knows every rule that it writes", () => {
    for (const rhythm of ["minutes", "daily", "weekdays"] as const) {
      expect(rhythmOf(inRhythm(rhythm, null, SHANGHAI, NIGHT_MS))).toBe(rhythm);
    }
    expect(inRhythm("by_hand", null, SHANGHAI, NIGHT_MS)).toBeNull();
  });

  it("keeps the first start and whatever else a schedule holds", () => {
    const before = { rule: "FREQ=DAILY", first_start_local: "2026-01-01T06:30:00", time_zone: SHANGHAI, blackout: ["x"] };
    expect(inRhythm("weekdays", before, SHANGHAI, NIGHT_MS)).toEqual({ ...before, rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" });
  });

  it("leaves a rule of one's own as it is", () => {
    const own = { rule: "FREQ=MONTHLY;BYMONTHDAY=1", first_start_local: "2026-01-01T06:30:00", time_zone: SHANGHAI };
    expect(rhythmOf(own)).toBe("own");
    expect(inRhythm("own", own, SHANGHAI, NIGHT_MS)).toEqual(own);
  });

  it("knows the seconds between two starts, where a rule says only that", () => {
    expect(["FREQ=SECONDLY;INTERVAL=120", "FREQ=MINUTELY;INTERVAL=90", "FREQ=HOURLY"].map(everyS)).toEqual([120, 5400, 3600]);
    expect(["FREQ=DAILY", "FREQ=HOURLY;BYHOUR=6,7"].map(everyS)).toEqual([null, null]);
  });

  it("counts whole minutes", () => {
    expect(everyMinutes(0.2)).toBe("FREQ=MINUTELY;INTERVAL=1");
    expect(minutesOf({ rule: everyMinutes(45), first_start_local: "", time_zone: SHANGHAI })).toBe(45);
  });
});

describe("days without starts", () => {
  it("are those that lie in the days looked at, both ends included", () => {
    const fair = { first_day: "2026-03-02", last_day: "2026-03-04", because: "the fair" };
    const schedule = { rule: "FREQ=DAILY", blackouts: [fair] };
    expect(blackoutsOn(["2026-03-04", "2026-03-05"], schedule)).toEqual([fair]);
    expect(blackoutsOn(["2026-03-05"], schedule)).toEqual([]);
    expect(blackoutsOn(["2026-03-02"], null)).toEqual([]);
  });
});
