/** For tests: a server whose answers come when, and in which order, the test wants them. */
import { vi } from "vitest";

export interface Asked {
  method: string;
  path: string;
  body: Record<string, unknown>;
  answer: (status: number, body: unknown) => Promise<void>;
}

/** Takes the place of the network until `vi.unstubAllGlobals`; timers are the test's as well. */
export function slowServer(): Asked[] {
  const asked: Asked[] = [];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    return new Promise<Response>((resolve) => {
      const answer = async (status: number, body: unknown): Promise<void> => {
        resolve(new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } }));
        await vi.advanceTimersByTimeAsync(0);
      };
      const body = typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : {};
      asked.push({ method: init.method ?? "GET", path: url.replace("/api/v1", ""), body, answer });
    });
  });
  return asked;
}
