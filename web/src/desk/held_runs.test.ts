import { describe, expect, it } from "vitest";
import { runsShown, withHeld } from "./held_runs";

describe("a run that ends while somebody writes about it", () => {
  it("stays on the page of its patrol until the words are put away", () => {
    const held = withHeld([], "a", true);
    expect(runsShown(["a", "b"], held)).toEqual(["a", "b"]);
    expect(runsShown(["b"], held)).toEqual(["a", "b"]);
    expect(runsShown(["b"], withHeld(held, "a", false))).toEqual(["b"]);
  });

  it("is shown once, however often it is told that words are in hand", () => {
    const held = withHeld(withHeld(withHeld([], "a", true), "b", true), "a", true);
    expect(runsShown([], held)).toEqual(["b", "a"]);
    expect(runsShown(["a"], held)).toEqual(["b", "a"]);
  });
});
