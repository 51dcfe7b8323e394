import { encode } from "@msgpack/msgpack";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveConnection } from "./connection";

class Line {
  static readonly OPEN = 1;
  readyState = 1;
  sent: string[] = [];
  isClosed = false;
  onopen?: () => void;
  onmessage?: (event: { data: ArrayBuffer }) => void;
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.isClosed = true;
  }
  tell(message: object): void {
    this.onmessage?.({ data: encode(message).slice().buffer });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function connected(): { lines: Line[]; told: string[]; connection: LiveConnection } {
  const lines: Line[] = [];
  const told: string[] = [];
  const connection = new LiveConnection({
    url: "ws://here",
    cursor: () => null,
    onMessage: () => undefined,
    onUp: () => told.push("up"),
    onDown: () => told.push("down"),
    open: () => {
      lines.push(new Line());
      return lines.at(-1) as unknown as WebSocket;
    },
  });
  connection.start();
  return { lines, told, connection };
}

describe("the live line", () => {
  it("waits for a snapshot that takes long to come over a slow net", () => {
    const { lines, told, connection } = connected();
    lines[0]!.onopen?.();
    vi.advanceTimersByTime(30_000);
    expect([lines.length, lines[0]!.isClosed]).toEqual([1, false]);
    lines[0]!.tell({ type: "snapshot" });
    expect(told).toEqual(["up"]);
    connection.stop();
  });

  it("is dead after a short silence once it has spoken, and is made anew", () => {
    const { lines, told, connection } = connected();
    lines[0]!.onopen?.();
    lines[0]!.tell({ type: "snapshot" });
    vi.advanceTimersByTime(13_000);
    expect(told).toEqual(["up", "down"]);
    expect(lines.length).toBe(2);
    connection.stop();
  });

  it("is dead where nobody opens it at all", () => {
    const { lines, connection } = connected();
    vi.advanceTimersByTime(13_000);
    expect(lines[0]!.isClosed).toBe(true);
    connection.stop();
  });
});
