import { describe, expect, it } from "vitest";
import { makeStyle } from "./style";

describe("the map's layers", () => {
  it("lay nothing over vehicles and calls for help but what is being drawn", () => {
    const order = makeStyle("zh").layers.map((layer) => layer.id);
    const above = order.slice(order.indexOf("alarms") + 1);
    expect(order.indexOf("vehicles")).toBeLessThan(order.indexOf("alarms"));
    expect(above.filter((id) => !/^(plan|sketch|rounds)-/.test(id))).toEqual([]);
  });

  it("tell what is selected by width, not by colour alone", () => {
    const layers = makeStyle("en").layers;
    for (const id of ["route-ahead", "route-done", "trails", "footprint-line"]) {
      const paint = layers.find((layer) => layer.id === id)?.paint as Record<string, unknown>;
      expect(JSON.stringify(paint["line-width"]), id).toContain('["get","selected"]');
    }
  });
});
