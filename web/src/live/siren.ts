/** The sound of a help alarm: two tones in turn until it is told to stop. Browsers allow it only after a first gesture. */

const TONES_HZ = [880, 660];
const TONE_S = 0.45;
const LOUDNESS = 0.35;

export class Siren {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #step = 0;
  readonly #listeners = new Set<() => void>();

  /** Says whether it can be heard: a browser keeps it silent until somebody touched the page. */
  get isAllowed(): boolean {
    return this.#context?.state === "running";
  }

  get isSounding(): boolean {
    return this.#timer !== undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called from a gesture (click, key): lets later alarms be heard. */
  unlock(): void {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume().then(() => this.#changed());
    else this.#changed();
  }

  sound(isWanted: boolean): void {
    if (isWanted === this.isSounding) return;
    if (isWanted) {
      this.#context ??= new AudioContext();
      this.#beep();
      this.#timer = setInterval(() => this.#beep(), TONE_S * 1000);
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#changed();
  }

  #beep(): void {
    const context = this.#context;
    if (context?.state !== "running") return;
    const oscillator = new OscillatorNode(context, { type: "square", frequency: TONES_HZ[this.#step++ % 2] ?? 880 });
    const gain = new GainNode(context, { gain: 0 });
    const start = context.currentTime;
    gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    gain.gain.setValueAtTime(LOUDNESS, start + TONE_S - 0.08);
    gain.gain.linearRampToValueAtTime(0, start + TONE_S - 0.02);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + TONE_S);
  }

  #changed(): void {
    this.#listeners.forEach((listener) => listener());
  }
}
