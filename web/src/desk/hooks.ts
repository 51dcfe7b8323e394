/** The bridge from the stores to React: a component draws itself again when one of its topics changed. */
import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { ApiError } from "../api/client";
import type { Topic } from "../live/store";
import type { Desk, DeskTopic } from "./desk";
import { tickingOf } from "./ticking";

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("useDesk is for components of the desk");
  return desk;
}

export function useLive(...topics: Topic[]): Desk["store"] {
  const { store } = useDesk();
  const names = topics.join(" ");
  const listen = useCallback((listener: () => void) => store.on(names.split(" ") as Topic[], listener), [store, names]);
  useSyncExternalStore(listen, () => store.version(topics));
  return store;
}

export function useDeskTopics(desk: Desk, ...topics: DeskTopic[]): void {
  const names = topics.join(" ");
  const listen = useCallback((listener: () => void) => desk.on(names.split(" ") as DeskTopic[], listener), [desk, names]);
  useSyncExternalStore(listen, () => desk.version(topics));
}

/** The page's clock, ticking every `everyMs`: hundreds of lines grow older in one stroke. */
export function useNow(everyMs = 1000): number {
  const ticking = tickingOf(everyMs);
  return useSyncExternalStore(ticking.on, ticking.nowMs);
}

export interface Action {
  isBusy: boolean;
  error: ApiError | null;
  run: (work: () => Promise<unknown>) => Promise<boolean>;
  clear: () => void;
}

/** Something that is asked of the server: busy, then done or failed with what the server said. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(null), []);
  return { isBusy, error, run, clear };
}

export interface Loaded<T> {
  value: T | null;
  error: ApiError | null;
}

/** Loads something now, whenever `key` changes, and when the server is there again; what was loaded before stays until the new one is there. */
export function useLoaded<T>(load: () => Promise<T>, key: string, identity: string): Loaded<T> {
  const upSince = useUpSince();
  const [state, setState] = useState<Loaded<T> & { identity: string }>({ value: null, error: null, identity });
  useEffect(() => {
    let isWanted = true;
    load().then(
      (value) => isWanted && setState({ value, error: null, identity }),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        if (isWanted) setState((old) => ({ value: old.identity === identity ? old.value : null, error, identity }));
      },
    );
    return () => {
      isWanted = false;
    };
    // `load` is made anew with each drawing; `key` says when it would give something else.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, identity, upSince]);
  return state.identity === identity ? state : { value: null, error: null };
}

/** Grows each time the live line comes back: what could not be asked, or has changed meanwhile, is asked again. */
function useUpSince(): number {
  const { connection } = useLive("connection");
  return connection.times;
}
