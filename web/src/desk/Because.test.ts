import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/client";
import type * as Texts from "../i18n";
import type * as Because from "./Because";

let t: typeof Texts.t;
let because: typeof Because;

beforeAll(async () => {
  vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
  ({ t } = await import("../i18n"));
  because = await import("./Because");
});

const lost = new ApiError({ status: 0, code: "no_connection", detail: "" });
const conflict = new ApiError({ status: 409, code: "conflict", detail: "" });
const shown = (more: object): string =>
  renderToStaticMarkup(createElement(because.NoStep, { because: "half a sentence", isBusy: false, error: null, onClose: vi.fn(), ...more }));

describe("a matter that ended under somebody's hands", () => {
  it("is told with the words that were typed", () => {
    for (const error of [null, conflict]) {
      expect(shown({ error })).toContain(t("moves.gone"));
      expect(shown({ error })).toContain("half a sentence");
    }
    expect(shown({ because: " " })).toBe("");
  });

  it("is not called another's work while the own step is on its way, or its answer was lost", () => {
    expect(shown({ isBusy: true })).not.toContain(t("moves.gone"));
    expect(shown({ error: lost })).not.toContain(t("moves.gone"));
    expect(shown({ error: lost })).toContain("half a sentence");
  });

  it("is nothing to whoever typed nothing, nor is a pause between two steps", () => {
    const drawn = (hasEnded: boolean): string =>
      renderToStaticMarkup(createElement(because.BecauseMoves, { moves: [], phrases: [], hasEnded, onMove: () => Promise.resolve() }));
    expect([drawn(true), drawn(false)]).toEqual(["", ""]);
  });
});
