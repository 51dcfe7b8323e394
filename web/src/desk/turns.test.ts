import { describe, expect, it } from "vitest";
import { Turns } from "./turns";

describe("turns", () => {
  it("let two pictures come at a time, in their order, and go on after one that failed", async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: ((isWell: boolean) => void)[] = [];
    const asked = [0, 1, 2, 3].map((n) =>
      turns.take(async () => {
        begun.push(n);
        if (!(await new Promise<boolean>((end) => (ends[n] = end)))) throw new Error("no picture");
        return n;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    ends[1]!(false);
    await expect(asked[1]).rejects.toThrow("no picture");
    expect(begun).toEqual([0, 1, 2]);
    ends[0]!(true);
    expect(await asked[0]).toBe(0);
    expect(begun).toEqual([0, 1, 2, 3]);
  });
});
