/** Which runs a patrol's page shows: none goes away under the hands of somebody who writes about it. Pure. */

export function withHeld(held: readonly string[], id: string, isInHand: boolean): string[] {
  const others = held.filter((one) => one !== id);
  return isInHand ? [...others, id] : others;
}

/** Those that have ended first: they are older, and what is being typed in does not move. */
export function runsShown(active: readonly string[], held: readonly string[]): string[] {
  return [...held.filter((id) => !active.includes(id)), ...active];
}
