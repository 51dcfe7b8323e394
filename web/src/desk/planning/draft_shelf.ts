/** Drafts that were put aside with changes nobody has stored: kept until a person goes on with them or discards them. */
import { Keep } from "./keep";
import type { PatrolDraft } from "./patrol_draft";

/** A draft with what it was before anybody changed it: the common ground with the stored patrol. */
export interface OpenDraft {
  draft: PatrolDraft;
  base: PatrolDraft;
}

export const NEW = "new";
const VERSION = 3;

/** The name under which a draft is kept: its patrol's id; there is one new one. */
export function shelfKey(id: string | null): string {
  return id ?? NEW;
}

export function isChanged({ draft, base }: OpenDraft): boolean {
  return JSON.stringify(draft) !== JSON.stringify(base);
}

/** One person's drafts. */
export class DraftShelf {
  readonly #keep: Keep<Record<string, OpenDraft>>;
  readonly #kept: Map<string, OpenDraft>;

  constructor(user: string, storage?: Storage) {
    this.#keep = new Keep({ what: "drafts", user, version: VERSION, storage });
    this.#kept = new Map(Object.entries(this.#keep.value ?? {}));
  }

  get isFull(): boolean {
    return this.#keep.isFull;
  }

  get keys(): string[] {
    return [...this.#kept.keys()];
  }

  get(key: string): OpenDraft | undefined {
    return this.#kept.get(key);
  }

  /** Keeps what has changes; what has none needs no keeping. */
  put(open: OpenDraft): void {
    const key = shelfKey(open.draft.id);
    if (isChanged(open)) this.#kept.set(key, open);
    else this.#kept.delete(key);
    this.#write();
  }

  remove(key: string): void {
    this.#kept.delete(key);
    this.#write();
  }

  #write(): void {
    this.#keep.put(Object.fromEntries(this.#kept));
  }
}
