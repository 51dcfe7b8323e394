/** A question that is asked once a hand has come to rest; only the answer to the newest one counts. */
import { ApiError } from "../../api/client";

const QUIET_MS = 400;

interface LateQuestionOptions<Answer> {
  ask: () => Promise<Answer>;
  onTold: (answer: Answer | null, error: ApiError | null) => void;
}

export class LateQuestion<Answer> {
  readonly #options: LateQuestionOptions<Answer>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #newest = 0;

  constructor(options: LateQuestionOptions<Answer>) {
    this.#options = options;
  }

  askSoon(): void {
    this.forget();
    const number = this.#newest;
    this.#timer = setTimeout(() => void this.#ask(number), QUIET_MS);
  }

  /** Whatever is still on its way says nothing of what is there now. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#newest++;
  }

  async #ask(number: number): Promise<void> {
    try {
      const answer = await this.#options.ask();
      if (number === this.#newest) this.#options.onTold(answer, null);
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      if (number === this.#newest) this.#options.onTold(null, failure);
    }
  }
}
