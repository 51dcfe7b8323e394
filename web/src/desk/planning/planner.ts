/** What is being planned: the draft, the shape in hand, and what the server says of it as one draws. */
import { ApiError, send } from "../../api/client";
import type { Patrol, PatrolCheck } from "../../api/types";
import { Emitter } from "../../live/emitter";
import type { DrawingTask, Shape } from "../../map/drawing";
import { givenOf, SHAPES } from "./patrol_draft";
import type { DraftPart, PatrolDraft } from "./patrol_draft";

const QUIET_MS = 400;
const MOST_STEPS_BACK = 50;

export type PlannerTopic = "draft" | "check";

export class Planner extends Emitter<PlannerTopic> {
  draft: PatrolDraft | null = null;
  activeKey: string | null = null;
  check: PatrolCheck | null = null;
  error: ApiError | null = null;
  isChecking = false;
  readonly #before: PatrolDraft[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  open(draft: PatrolDraft): void {
    this.#before.length = 0;
    this.#put(draft);
    this.activate(null);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#asked++;
    this.draft = null;
    this.activeKey = null;
    this.check = null;
    this.error = null;
    this.emit("draft");
    this.emit("check");
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  change(changes: Partial<PatrolDraft>): void {
    if (!this.draft) return;
    this.#before.push(this.draft);
    if (this.#before.length > MOST_STEPS_BACK) this.#before.shift();
    this.#put({ ...this.draft, ...changes });
  }

  changePart(key: string, changes: Partial<DraftPart>): void {
    const parts = this.draft?.parts.map((part) => (part.key === key ? { ...part, ...changes } : part));
    if (parts) this.change({ parts });
  }

  addPart(part: DraftPart): void {
    if (!this.draft) return;
    this.change({ parts: [...this.draft.parts, part] });
    this.activate(part.key);
  }

  removePart(key: string): void {
    if (!this.draft) return;
    if (this.activeKey === key) this.activeKey = null;
    this.change({ parts: this.draft.parts.filter((part) => part.key !== key) });
  }

  undo(): void {
    const draft = this.#before.pop();
    if (draft) this.#put(draft);
  }

  activate(key: string | null): void {
    this.activeKey = key;
    this.emit("draft");
  }

  /** A shape comes from the map. */
  take(key: string, shape: Shape): void {
    this.changePart(key, { shape });
  }

  /** The shape that the map lets a person draw or mend. */
  task(): DrawingTask | null {
    const part = this.draft?.parts.find((one) => one.key === this.activeKey);
    return part ? { key: part.key, kind: SHAPES[part.type], geometry: part.shape } : null;
  }

  /** Stores the draft; an active patrol flies by its schedule, a draft does not. */
  async store(isActive: boolean): Promise<Patrol> {
    if (!this.draft) throw new Error("there is no draft to store");
    const draft = { ...this.draft, is_active: isActive };
    const path = draft.id === null ? "/patrols" : `/patrols/${draft.id}`;
    const stored = await send<Patrol>(draft.id === null ? "POST" : "PUT", path, givenOf(draft));
    this.#before.length = 0;
    // What was typed while it was stored stays, on top of the new revision.
    this.#put({ ...this.draft, id: stored.id, revision: stored.revision, is_active: isActive });
    return stored;
  }

  #put(draft: PatrolDraft): void {
    this.draft = draft;
    if (!draft.parts.some((part) => part.key === this.activeKey)) this.activeKey = null;
    this.emit("draft");
    this.#checkSoon();
  }

  #checkSoon(): void {
    clearTimeout(this.#timer);
    const number = ++this.#asked;
    if (!this.draft?.parts.some((part) => part.shape)) {
      this.#told(null, null);
      return;
    }
    this.isChecking = true;
    this.emit("check");
    this.#timer = setTimeout(() => void this.#ask(number), QUIET_MS);
  }

  async #ask(number: number): Promise<void> {
    if (!this.draft) return;
    // A name is asked for when it is stored, not while one draws.
    const draft = { ...this.draft, name: this.draft.name || "-", is_active: this.draft.is_active };
    try {
      const check = await send<PatrolCheck>("POST", "/patrols/check", givenOf(draft));
      if (number === this.#asked) this.#told(check, null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (number === this.#asked) this.#told(null, error);
    }
  }

  #told(check: PatrolCheck | null, error: ApiError | null): void {
    this.isChecking = false;
    this.check = check;
    this.error = error;
    this.emit("check");
  }
}
