/** What two people changed of one patrol: pure, so that it can be tested without a server. */
import type { PatrolDraft } from "./patrol_draft";

export const FIELDS = ["name", "name_zh", "height_agl_m", "speed_m_s", "vehicle_ids", "schedule", "is_active", "parts"] as const;
export type DraftField = (typeof FIELDS)[number];

export interface FieldChange {
  field: DraftField;
  /** It was changed here as well: what was typed here stays. */
  isMineToo: boolean;
}

/** The fields that `theirs` changed since `base`. */
export function changesOf(base: PatrolDraft, mine: PatrolDraft, theirs: PatrolDraft): FieldChange[] {
  return FIELDS.filter((field) => !isSame(base, theirs, field)).map((field) => ({ field, isMineToo: !isSame(base, mine, field) }));
}

/** `theirs` with everything on it that was changed here. */
export function merged(base: PatrolDraft, mine: PatrolDraft, theirs: PatrolDraft): PatrolDraft {
  const changed = FIELDS.filter((field) => field !== "is_active" && !isSame(base, mine, field));
  return { ...theirs, ...Object.fromEntries(changed.map((field) => [field, mine[field]])) };
}

function isSame(one: PatrolDraft, other: PatrolDraft, field: DraftField): boolean {
  return valueOf(one, field) === valueOf(other, field);
}

/** Keys of parts are made anew each time a patrol is read, and say nothing. */
function valueOf(draft: PatrolDraft, field: DraftField): string {
  if (field === "parts") return JSON.stringify(draft.parts.map((part) => ({ ...part, key: "" })));
  return JSON.stringify(draft[field]);
}
