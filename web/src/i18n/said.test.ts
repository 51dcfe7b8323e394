import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Said } from "../api/types";
import type * as Texts from "./index";
import type * as SaidModule from "./said";

let said: typeof SaidModule;
let texts: typeof Texts;

beforeAll(async () => {
  vi.stubGlobal("localStorage", { getItem: () => "zh", setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: { lang: "" } });
  texts = await import("./index");
  said = await import("./said");
});

const WAITS: Said[] = [
  {
    code: "run.not_begun",
    params: { why: [{ code: "who_because", params: { who: "drone-1", because: [{ code: "run.busy", params: { doing: "coming home" } }] } }] },
  },
];

describe("what the server says", () => {
  it("is said in Chinese, reasons within reasons and words of ours included", () => {
    said.setNames((what, value) => (what === "who" && value === "drone-1" ? "无人机1号" : undefined));
    expect(said.saidWords("nobody …", WAITS)).toBe("未能按时开始：无人机1号：正忙（返航中）");
  });

  it("stays as it came where nobody knows it", () => {
    expect(said.saidWords("typed by a person", [])).toBe("typed by a person");
    expect(said.saidWords("typed by a person", undefined)).toBe("typed by a person");
  });

  it("is said in the page's language where the desk laid it ready in the other", () => {
    expect(said.saidWords("answered at the desk", [])).toBe("指挥台接听");
    expect(said.becauseWords({ because: "help was given", because_said: [{ code: "as_it_is", params: { text: "Help was given" } }] })).toBe("已提供帮助");
    expect(said.saidWords("Help was given by Wang", [])).toBe("Help was given by Wang");
  });

  it("names things in English too", () => {
    said.setNames((what, value) => (what === "who" && value === "drone-1" ? "Drone 1" : undefined));
    texts.setLanguage("en");
    expect(said.saidWords("nobody …", WAITS)).toBe("nobody could begin it in time: Drone 1: is busy (coming home)");
    texts.setLanguage("zh");
  });

  it("tells enough of a long id to find it in a log", () => {
    const busy: Said[] = [{ code: "agent.busy", params: { id: "01a1fff0-f47a-76d6-bdf3-35f5b76ee63c" } }];
    expect(said.saidWords("order … is being carried out", busy)).toBe("正在执行任务指令 …6ee63c");
  });

  it("keeps the pieces that are not known between those that are", () => {
    const mixed: Said[] = [
      { code: "as_it_is", params: { text: "EKF variance" } },
      { code: "agent.battery", params: { percent: "31%" } },
    ];
    expect(said.saidWords("EKF variance; battery at 31%", mixed)).toBe("EKF variance；电量 31%");
  });
});
