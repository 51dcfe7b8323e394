/**
 * The press of the help button: kept on the panel and sent again until the server has stored it.
 *
 * A reload, a power cut or a lost line in between changes nothing: the press has its own id and is one alarm.
 */
import { ApiError, get, send } from "../api/client";
import type { PanelAlarm } from "../api/types";
import { Emitter } from "../live/emitter";
import { uuid7 } from "./ids";

const KEPT = "roundsman.press";
const AGAIN_MS = 1500;
const LOOK_MS = 1500;
const ENDED_SHOWN_MS = 30_000;

/** What is kept on the panel. */
export interface Press {
  press_id: string;
  pressed_at: string;
  /** The resident said that it was a mistake; sent again until the server knows. */
  mistaken: boolean;
}

/** `no_token`: the panel's address lacks its token. `refused`: the server does not know this panel. */
export type Stage = "idle" | "sending" | "unsent" | "called" | "ended" | "no_token" | "refused";

export interface PressOptions {
  token: string | null;
  storage: Storage;
}

export class PressBox extends Emitter<"press"> {
  press: Press | null;
  alarm: PanelAlarm | null = null;
  stage: Stage = "idle";
  /** What the server said when it refused; for whoever repairs the panel. */
  refusal = "";
  readonly #options: PressOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #isKnownMistaken = false;

  constructor(options: PressOptions) {
    super();
    this.#options = options;
    this.press = readPress(options.storage);
    if (!options.token) this.stage = "no_token";
    else if (this.press) this.stage = "sending";
  }

  /** Goes on with a press that was kept over a reload. */
  start(): void {
    if (this.press && this.#options.token) void this.#work();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The button. A press while one is open is the same call for help. */
  push(): void {
    if (!this.#options.token || (this.press && this.stage !== "ended" && this.stage !== "refused")) return;
    this.#keep({ press_id: uuid7(), pressed_at: new Date().toISOString(), mistaken: false });
    this.alarm = null;
    this.#tries = 0;
    this.#isKnownMistaken = false;
    this.#show("sending");
    void this.#work();
  }

  /** "I pressed by mistake": it still reaches the desk, and a person there ends the alarm. */
  mistake(): void {
    if (!this.press) return;
    this.#keep({ ...this.press, mistaken: true });
    this.emit("press");
    void this.#work();
  }

  /** Back to the button after the end was shown. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#options.storage.removeItem(KEPT);
    this.press = null;
    this.alarm = null;
    this.#show("idle");
  }

  async #work(): Promise<void> {
    clearTimeout(this.#timer);
    const press = this.press;
    if (!press) return;
    try {
      const alarm = await this.#ask(press);
      if (this.press?.press_id !== press.press_id) return;
      this.#tries = 0;
      this.alarm = alarm;
      this.#show(alarm.is_open ? "called" : "ended");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failed(error);
    }
    this.#again();
  }

  async #ask(press: Press): Promise<PanelAlarm> {
    const token = this.#options.token ?? "";
    const options = { token, retries: 0 };
    let alarm =
      this.alarm === null
        ? await send<PanelAlarm>(
            "POST",
            "/panel/presses",
            { press_id: press.press_id, pressed_at: press.pressed_at },
            { ...options, key: press.press_id },
          )
        : await get<PanelAlarm>(`/panel/alarm?press_id=${press.press_id}`, { token });
    if (press.mistaken && !this.#isKnownMistaken && alarm.is_open) {
      const path = `/panel/presses/${press.press_id}/mistake`;
      alarm = await send<PanelAlarm>("POST", path, undefined, { ...options, key: `${press.press_id}-mistake` });
      this.#isKnownMistaken = true;
    }
    return alarm;
  }

  #failed(error: ApiError): void {
    const { status } = error.problem;
    this.#tries += 1;
    if (status >= 400 && status < 500 && status !== 429) {
      this.refusal = error.message;
      this.#show("refused");
    } else if (this.alarm === null) this.#show(this.#tries > 3 ? "unsent" : "sending");
  }

  /** Even a refusal is tried again: the server may be set right while somebody waits. */
  #again(): void {
    if (this.stage === "ended") {
      this.#timer = setTimeout(() => this.clear(), ENDED_SHOWN_MS);
      return;
    }
    this.#timer = setTimeout(() => void this.#work(), this.alarm === null ? AGAIN_MS : LOOK_MS);
  }

  #keep(press: Press): void {
    this.press = press;
    this.#options.storage.setItem(KEPT, JSON.stringify(press));
  }

  #show(stage: Stage): void {
    this.stage = stage;
    this.emit("press");
  }
}

function readPress(storage: Storage): Press | null {
  const kept = storage.getItem(KEPT);
  return kept === null ? null : (JSON.parse(kept) as Press);
}
