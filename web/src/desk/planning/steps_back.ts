/** What was before each change, so that it can be taken back: the newest steps only. */
const MOST = 50;

export class StepsBack<T> {
  #before: T[] = [];

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  remember(before: T): void {
    this.#before.push(before);
    if (this.#before.length > MOST) this.#before.shift();
  }

  /** The state before the newest change; undefined when there is none. */
  take(): T | undefined {
    return this.#before.pop();
  }

  forget(): void {
    this.#before = [];
  }
}
