import { describe, expect, it } from "vitest";
import { shownView, viewOf } from "./view";

describe("what of the desk a page shows", () => {
  it("is told by the address", () => {
    expect(viewOf("")).toBe("all");
    expect(viewOf("?view=map")).toBe("map");
    expect(viewOf("?view=lists&x=1")).toBe("lists");
    expect(viewOf("?view=nonsense")).toBe("all");
  });

  it("is all of it while something is drawn", () => {
    expect(shownView("lists", { kind: "zones", id: "all" })).toBe("all");
    expect(shownView("map", { kind: "plan", id: "new" })).toBe("all");
    expect(shownView("map", { kind: "vehicle", id: "drone-1" })).toBe("map");
    expect(shownView("lists", null)).toBe("lists");
  });
});
