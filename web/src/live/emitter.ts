/** Listeners by topic; a version per topic, so that React can ask whether anything changed. */
export class Emitter<Topic extends string> {
  readonly #listeners = new Map<Topic, Set<() => void>>();
  readonly #versions = new Map<Topic, number>();

  on(topics: readonly Topic[], listener: () => void): () => void {
    for (const topic of topics) this.#of(topic).add(listener);
    return () => topics.forEach((topic) => this.#of(topic).delete(listener));
  }

  emit(topic: Topic): void {
    this.#versions.set(topic, this.version([topic]) + 1);
    this.#of(topic).forEach((listener) => listener());
  }

  version(topics: readonly Topic[]): number {
    return topics.reduce((sum, topic) => sum + (this.#versions.get(topic) ?? 0), 0);
  }

  #of(topic: Topic): Set<() => void> {
    const known = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, known);
    return known;
  }
}
