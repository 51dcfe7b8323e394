/** What the run that is looked at has seen of the ground: asked for again while more may be told. */
import { ApiError, get } from "../../api/client";
import type { Coverage } from "../../api/types";
import { Emitter } from "../../live/emitter";

const AGAIN_MS = 10_000;
/** A vehicle's last word of its pictures may come after the word that it has landed. */
const LAST_WORDS_MS = 60_000;

export class CoverageWatch extends Emitter<"coverage"> {
  told: Coverage | null = null;
  error: ApiError | null = null;
  #runId: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks at a run until the returned function is called; `endedAt` is null while it goes on. */
  look(runId: string, endedAt: string | null): () => void {
    clearTimeout(this.#timer);
    if (this.#runId !== runId) this.#put(null, null);
    this.#runId = runId;
    void this.#ask(runId, endedAt);
    return () => {
      clearTimeout(this.#timer);
      if (this.#runId !== runId) return;
      this.#runId = null;
      this.#put(null, null);
    };
  }

  async #ask(runId: string, endedAt: string | null): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const told = await get<Coverage>(`/runs/${runId}/coverage`);
      if (this.#runId === runId) this.#put(told, null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (this.#runId === runId) this.#put(this.told, error);
    }
    const isOver = endedAt !== null && Date.now() - Date.parse(endedAt) > LAST_WORDS_MS;
    if (this.#runId !== runId || isOver) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(runId, endedAt), AGAIN_MS);
  }

  #put(told: Coverage | null, error: ApiError | null): void {
    this.told = told;
    this.error = error;
    this.emit("coverage");
  }
}
