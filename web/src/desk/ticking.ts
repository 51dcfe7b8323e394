/** One timer for all that grows older at the same pace. */
export interface Ticking {
  on: (listener: () => void) => () => void;
  nowMs: () => number;
}

const paces = new Map<number, Ticking>();

export function tickingOf(everyMs: number): Ticking {
  const known = paces.get(everyMs);
  if (known) return known;
  const made = makeTicking(everyMs);
  paces.set(everyMs, made);
  return made;
}

function makeTicking(everyMs: number): Ticking {
  const listeners = new Set<() => void>();
  let nowMs = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = (): void => {
    nowMs = Date.now();
    listeners.forEach((listener) => listener());
  };
  return {
    on: (listener) => {
      if (listeners.size === 0) timer = setInterval(tick, everyMs);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
    nowMs: () => {
      // Nobody listened for a while: whoever begins to must not begin with an old time.
      if (listeners.size === 0 && Date.now() - nowMs >= everyMs) nowMs = Date.now();
      return nowMs;
    },
  };
}
