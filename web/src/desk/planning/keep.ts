/** What one person has on a drawing table, kept by the browser: it outlives a reload of the page where `storage` does. */

interface Stored<T> {
  version: number;
  value: T;
}

interface KeepOptions {
  what: string;
  user: string;
  /** Grows with every change of what is kept: what another version of the page wrote is not read. */
  version: number;
  storage: Storage | undefined;
}

export class Keep<T> {
  /** The browser had no room for the last change: a reload of the page would lose it. */
  isFull = false;
  readonly #options: KeepOptions;
  readonly #key: string;
  #value: T | null;

  constructor(options: KeepOptions) {
    this.#options = options;
    this.#key = `roundsman.${options.what}.${options.user}`;
    this.#value = this.#read();
  }

  get value(): T | null {
    return this.#value;
  }

  put(value: T | null): void {
    this.#value = value;
    try {
      if (value === null) this.#options.storage?.removeItem(this.#key);
      else this.#options.storage?.setItem(this.#key, JSON.stringify({ version: this.#options.version, value }));
      this.isFull = false;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      this.isFull = true;
    }
  }

  #read(): T | null {
    const text = this.#options.storage?.getItem(this.#key) ?? null;
    const stored = text === null ? null : (JSON.parse(text) as Partial<Stored<T>> | null);
    return stored?.version === this.#options.version ? (stored.value ?? null) : null;
  }
}
