/** Drafts that were put aside with changes nobody has stored: kept until a person goes on with them or discards them. */
import type { PatrolDraft } from "./patrol_draft";

/** A draft with what it was before anybody changed it: the common ground with the stored patrol. */
export interface OpenDraft {
  draft: PatrolDraft;
  base: PatrolDraft;
}

export const NEW = "new";
const STORED_AS = "roundsman.drafts";

/** The name under which a draft is kept: its patrol's id; there is one new one. */
export function shelfKey(id: string | null): string {
  return id ?? NEW;
}

export function isChanged({ draft, base }: OpenDraft): boolean {
  return JSON.stringify(draft) !== JSON.stringify(base);
}

/** Outlives a reload of the page where `storage` does. */
export class DraftShelf {
  readonly #kept: Map<string, OpenDraft>;
  readonly #storage: Storage | undefined;

  constructor(storage?: Storage) {
    this.#storage = storage;
    this.#kept = new Map(Object.entries(JSON.parse(storage?.getItem(STORED_AS) ?? "{}") as Record<string, OpenDraft>));
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
    this.#storage?.setItem(STORED_AS, JSON.stringify(Object.fromEntries(this.#kept)));
  }
}
