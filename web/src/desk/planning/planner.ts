/** What is being planned: the draft, the shape in hand, and what the server says of it as one draws. */
import { ApiError, get, send } from "../../api/client";
import type { Patrol, PatrolCheck, PatrolGiven } from "../../api/types";
import { Emitter } from "../../live/emitter";
import type { DrawingTask, Shape } from "../../map/drawing";
import { merged } from "./draft_changes";
import { DraftShelf, isChanged, shelfKey } from "./draft_shelf";
import type { OpenDraft } from "./draft_shelf";
import { LateQuestion } from "./late_question";
import { draftOf, emptyDraft, givenOf, isDrawn, SHAPES } from "./patrol_draft";
import type { DraftPart, PatrolDraft } from "./patrol_draft";
import { StepsBack } from "./steps_back";

export type PlannerTopic = "draft" | "check";

export class Planner extends Emitter<PlannerTopic> {
  draft: PatrolDraft | null = null;
  /** What the open draft was before anybody changed it here. */
  base: PatrolDraft | null = null;
  /** Somebody else stored this meanwhile, and the open draft has changes of its own. */
  theirs: PatrolDraft | null = null;
  activeKey: string | null = null;
  check: PatrolCheck | null = null;
  error: ApiError | null = null;
  isChecking = false;
  readonly #storage: Storage | undefined;
  readonly #shelves = new Map<string, DraftShelf>();
  #shelf: DraftShelf;
  readonly #before = new StepsBack<PatrolDraft>();
  readonly #question = new LateQuestion<PatrolCheck>({
    ask: () => send<PatrolCheck>("POST", "/patrols/check", this.#asked()),
    onTold: (check, error) => this.#told(check, error),
  });
  /** Grows with each document that is opened: an answer for the one before is not for this one. */
  #document = 0;
  #storing: Promise<Patrol> | null = null;

  constructor(storage?: Storage) {
    super();
    this.#storage = storage;
    // Nobody has signed in yet.
    this.#shelf = new DraftShelf("");
  }

  /** Drafts are their author's: another person on the same page goes on with their own, from what is stored. */
  belongTo(user: string): void {
    const shelf = this.#shelves.get(user) ?? new DraftShelf(user, this.#storage);
    if (shelf === this.#shelf) return;
    this.#putAside();
    this.#shelves.set(user, shelf);
    this.#shelf = shelf;
    if (!this.draft) return;
    const fresh = this.draft.id === null ? emptyDraft() : (this.theirs ?? this.base ?? this.draft);
    this.#load(shelf.get(shelfKey(fresh.id)) ?? { draft: fresh, base: fresh });
  }

  /** Opens a stored patrol, or a new one, as it was left: the draft before it is put aside with its changes. */
  open(stored: Patrol | null): void {
    this.#putAside();
    const fresh = stored ? draftOf(stored) : emptyDraft();
    const kept = this.#shelf.get(shelfKey(fresh.id));
    this.#load(kept ?? { draft: fresh, base: fresh });
    if (stored) this.meet(stored);
  }

  /** Drafts with changes that nobody has stored, except the open one. */
  get unsaved(): OpenDraft[] {
    const open = this.draft && shelfKey(this.draft.id);
    return this.#shelf.keys.filter((key) => key !== open).map((key) => this.#shelf.get(key)!);
  }

  /** The browser has no room to keep the drafts: a reload of the page would lose the last changes. */
  get isShelfFull(): boolean {
    return this.#shelf.isFull;
  }

  get isChanged(): boolean {
    return this.draft !== null && this.base !== null && isChanged({ draft: this.draft, base: this.base });
  }

  /** Throws away the changes of a draft, the open one or one that was put aside. */
  discard(id: string | null): void {
    this.#shelf.remove(shelfKey(id));
    if (this.draft?.id === id && this.base) this.#load({ draft: this.theirs ?? this.base, base: this.theirs ?? this.base });
    this.emit("draft");
  }

  /** Takes notice of what is stored now: it replaces a draft without changes, and is laid beside one that has some. */
  meet(stored: Patrol): void {
    if (!this.draft || this.draft.id !== stored.id || this.#storing || stored.revision <= this.draft.revision) return;
    const theirs = draftOf(stored);
    if (!this.isChanged) this.#load({ draft: theirs, base: theirs });
    else if ((this.theirs?.revision ?? 0) < theirs.revision) {
      this.theirs = theirs;
      this.emit("draft");
    }
  }

  /** Goes on with what the other person stored; what was typed here is one step back. */
  takeTheirs(): void {
    this.#settle((theirs) => theirs);
  }

  /** Goes on from what the other person stored, with everything on it that was changed here. */
  putMineOnTop(): void {
    this.#settle((theirs, mine, base) => merged(base, mine, theirs));
  }

  get canUndo(): boolean {
    return this.#before.canUndo;
  }

  change(changes: Partial<PatrolDraft>): void {
    if (!this.draft) return;
    this.#remember(this.draft);
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
    const draft = this.#before.take();
    // Its revision and approval are the server's word, and are not taken back.
    if (draft && this.draft) this.#put({ ...draft, id: this.draft.id, revision: this.draft.revision, is_active: this.draft.is_active });
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
    const kind = part && SHAPES[part.type];
    return part && kind ? { key: part.key, kind, geometry: part.shape } : null;
  }

  /** The server is there again: what it could not be asked is asked now. */
  checkAgain(): void {
    if (this.error?.code === "no_connection") this.#checkSoon();
  }

  /** Stores the draft; an active patrol flies by its schedule, a draft does not. A second press joins the first. */
  async store(isActive: boolean): Promise<Patrol> {
    if (!this.draft) throw new Error("there is no draft to store");
    this.#storing ??= this.#send({ ...this.draft, is_active: isActive }, this.#document).finally(() => (this.#storing = null));
    return this.#storing;
  }

  async #send(sent: PatrolDraft, document: number): Promise<Patrol> {
    const isNew = sent.id === null;
    const shelf = this.#shelf;
    try {
      const stored = await send<Patrol>(isNew ? "POST" : "PUT", isNew ? "/patrols" : `/patrols/${sent.id}`, givenOf(sent));
      this.#stored(sent, stored, document, shelf);
      return stored;
    } catch (error) {
      if (error instanceof ApiError && error.code === "conflict" && sent.id !== null) {
        const newest = await get<Patrol>(`/patrols/${sent.id}`);
        this.#storing = null;
        this.meet(newest);
      }
      throw error;
    }
  }

  /** What was typed while it was stored stays, on top of the new revision, wherever that draft lies now. */
  #stored(sent: PatrolDraft, stored: Patrol, document: number, shelf: DraftShelf): void {
    const { id, revision } = stored;
    const told = { id, revision, is_active: sent.is_active };
    const base = { ...sent, ...told };
    const isOpen = document === this.#document && this.draft !== null;
    const draft = isOpen ? this.draft : shelf.get(shelfKey(sent.id))?.draft;
    shelf.remove(shelfKey(sent.id));
    if (!draft) return;
    shelf.put({ draft: { ...draft, ...told }, base });
    if (!isOpen) {
      this.emit("draft");
      return;
    }
    this.base = base;
    this.theirs = null;
    this.#before.forget();
    this.#put({ ...draft, ...told });
  }

  #settle(choose: (theirs: PatrolDraft, mine: PatrolDraft, base: PatrolDraft) => PatrolDraft): void {
    const { draft: mine, base, theirs } = this;
    if (!mine || !base || !theirs) return;
    this.#remember(mine);
    this.base = theirs;
    this.theirs = null;
    this.#put(choose(theirs, mine, base));
  }

  #putAside(): void {
    if (this.draft && this.base) this.#shelf.put({ draft: this.draft, base: this.base });
  }

  #load({ draft, base }: OpenDraft): void {
    this.#document++;
    this.#before.forget();
    this.base = base;
    this.theirs = null;
    this.activeKey = null;
    this.#put(draft);
  }

  #remember(draft: PatrolDraft): void {
    this.#before.remember(draft);
  }

  #put(draft: PatrolDraft): void {
    this.draft = draft;
    this.#putAside();
    if (!draft.parts.some((part) => part.key === this.activeKey)) this.activeKey = null;
    this.emit("draft");
    this.#checkSoon();
  }

  #checkSoon(): void {
    if (!this.draft?.parts.some(isDrawn)) {
      this.#question.forget();
      this.#told(null, null);
      return;
    }
    this.isChecking = true;
    this.emit("check");
    this.#question.askSoon();
  }

  /** A name is asked for when it is stored, not while one draws. */
  #asked(): PatrolGiven {
    const draft = this.draft ?? emptyDraft();
    return givenOf({ ...draft, name: draft.name || "-" });
  }

  #told(check: PatrolCheck | null, error: ApiError | null): void {
    this.isChecking = false;
    this.check = check;
    this.error = error;
    this.emit("check");
  }
}
