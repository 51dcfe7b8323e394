import { beforeAll, describe, expect, it, vi } from "vitest";
import type * as Newer from "./NewerZones";

let newer: typeof Newer;

beforeAll(async () => {
  vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
  newer = await import("./NewerZones");
});

describe("a zone that somebody else changed meanwhile", () => {
  it("is told with what it was, what it is, and what one had oneself", () => {
    const ceiling = { field: "ceiling_agl_m", was: null, theirs: 60 };
    expect(newer.fieldWords(ceiling)).toBe("Ceiling: no limit → 60 m");
    expect(newer.fieldWords({ ...ceiling, mine: 45 })).toBe("Ceiling: no limit → 60 m · yours: 45 m");
    expect(newer.fieldWords({ field: "name", was: "", theirs: "Crane", mine: "Tower crane" })).toBe("Name (English): – → Crane · yours: Tower crane");
    expect(newer.fieldWords({ field: "shape", was: { a: 1 }, theirs: { a: 2 } })).toBe("Shape: another one");
  });

  it("names who changed it and why", () => {
    const revision = { revision: 2, hash: "", made_by: "wang", made_at: new Date().toISOString(), because: "the crane is gone" };
    expect(newer.authorWords(revision, (name) => `Mr ${name}`)).toMatch(/^Mr wang, \d\d:\d\d: the crane is gone$/);
  });
});
