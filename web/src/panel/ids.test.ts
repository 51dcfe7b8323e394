import { expect, it } from "vitest";
import { uuid7 } from "./ids";

it("makes UUIDv7 that sort by time", () => {
  const [earlier, later] = [uuid7(1_700_000_000_000), uuid7(1_700_000_000_001)];
  expect(earlier).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(earlier < later).toBe(true);
  expect(parseInt(earlier.replaceAll("-", "").slice(0, 12), 16)).toBe(1_700_000_000_000);
  expect(uuid7()).not.toBe(uuid7());
});
