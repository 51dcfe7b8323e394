/** Drafts that were put aside with changes nobody has stored: kept until a person goes on with them or discards them. */
import type { PatrolDraft } from "./patrol_draft";

/** A draft with what it was before anybody changed it: the common ground with the stored patrol. */
export interface OpenDraft {
  draft: PatrolDraft;
  base: PatrolDraft;
}

export const NEW = "new";
const STORED_AS = "roundsman.drafts";
/** Grows with every change of what a draft is made of: what another version of the page wrote is not read. */
const VERSION = 1;

interface Stored {
  version: number;
  drafts: Record<string, OpenDraft>;
}

/** The name under which a draft is kept: its patrol's id; there is one new one. */
export function shelfKey(id: string | null): string {
  return id ?? NEW;
}

export function isChanged({ draft, base }: OpenDraft): boolean {
  return JSON.stringify(draft) !== JSON.stringify(base);
}

/** One person's drafts; they outlive a reload of the page where `storage` does. */
export class DraftShelf {
  /** The browser had no room for the last change: a reload of the page would lose it. */
  isFull = false;
  readonly #kept: Map<string, OpenDraft>;
  readonly #storage: Storage | undefined;
  readonly #storedAs: string;

  constructor(user: string, storage?: Storage) {
    this.#storage = storage;
    this.#storedAs = `${STORED_AS}.${user}`;
    this.#kept = read(storage?.getItem(this.#storedAs) ?? null);
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
    const stored: Stored = { version: VERSION, drafts: Object.fromEntries(this.#kept) };
    try {
      this.#storage?.setItem(this.#storedAs, JSON.stringify(stored));
      this.isFull = false;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      this.isFull = true;
    }
  }
}

function read(text: string | null): Map<string, OpenDraft> {
  const stored = text === null ? null : (JSON.parse(text) as Partial<Stored> | null);
  return new Map(stored?.version === VERSION ? Object.entries(stored.drafts ?? {}) : []);
}
