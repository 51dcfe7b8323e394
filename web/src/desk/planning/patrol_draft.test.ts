import { describe, expect, it } from "vitest";
import type { Patrol } from "../../api/types";
import { draftOf, emptyDraft, givenOf, isDrawn, moved, newPart } from "./patrol_draft";

const STORED = {
  id: "p1",
  revision: 3,
  name: "Street",
  name_zh: "沿街",
  height_agl_m: 25,
  speed_m_s: 6,
  vehicle_ids: ["drone-1"],
  schedule: { rule: "FREQ=DAILY", first_start_local: "2026-01-01T20:00:00", time_zone: "Asia/Shanghai", later: 1 },
  is_active: true,
  next_start_at: null,
  parts: [
    { type: "line", name: "Street", name_zh: "沿街", line: [[121.399, 31.319], [121.4, 31.319]], camera: { pitch_deg: -38, yaw_deg: null } },
    { type: "point", name: "Gate", name_zh: "大门", place: [121.399, 31.3195], dwell_s: 4, camera: { pitch_deg: -40, yaw_deg: 150 } },
    {
      type: "area",
      name: "Yard",
      name_zh: "",
      area: { type: "Polygon", coordinates: [[[121.3995, 31.3195], [121.4, 31.3195], [121.4, 31.3198], [121.3995, 31.3195]]] },
      swath_m: 20,
      overlap: 0.2,
      camera: { pitch_deg: -45, yaw_deg: null },
    },
  ],
} as unknown as Patrol;

describe("a patrol on the drawing table", () => {
  it("goes back as it came, with what this desk does not know", () => {
    const given = givenOf(draftOf(STORED)) as unknown as Record<string, unknown>;
    expect({ ...given, next_start_at: null }).toEqual(STORED);
  });

  it("has the border of a zone once its zone is chosen, and gives it back as it came", () => {
    const border = { type: "perimeter", name: "Border", name_zh: "", zone: "school", inset_m: 12, clockwise: false, camera: { pitch_deg: -40, yaw_deg: null } };
    const part = draftOf({ ...STORED, parts: [border] }).parts[0]!;
    expect(givenOf({ ...emptyDraft(), parts: [part] }).parts).toEqual([border]);
    expect([isDrawn(part), isDrawn(newPart("perimeter", ""))]).toEqual([true, false]);
    expect(givenOf({ ...emptyDraft(), parts: [newPart("perimeter", "")] }).parts).toEqual([]);
  });

  it("leaves out what is not drawn yet", () => {
    const draft = { ...emptyDraft(), parts: [newPart("area", "Lawn")] };
    expect(givenOf(draft).parts).toEqual([]);
  });

  it("numbers a part without a name", () => {
    const part = { ...newPart("point", ""), shape: { type: "Point" as const, coordinates: [121.4, 31.3] } };
    expect(givenOf({ ...emptyDraft(), parts: [part] }).parts[0]).toMatchObject({ name: "1", place: [121.4, 31.3] });
  });

  it("moves parts within the list only", () => {
    const [a, b] = [newPart("point", "a"), newPart("point", "b")];
    expect(moved([a, b], 0, 1)).toEqual([b, a]);
    expect(moved([a, b], 0, -1)).toEqual([a, b]);
  });
});
