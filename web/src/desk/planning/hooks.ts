/** The bridge from the drawing tables to React. */
import { useCallback, useSyncExternalStore } from "react";
import { useDesk } from "../hooks";
import type { Planner } from "./planner";
import type { RoundsTable } from "./rounds/rounds_table";
import type { ZoneEditor } from "./zone_editor";

export function usePlanner(): Planner {
  const { planner } = useDesk();
  const listen = useCallback((listener: () => void) => planner.on(["draft", "check"], listener), [planner]);
  useSyncExternalStore(listen, () => planner.version(["draft", "check"]));
  return planner;
}

export function useZoneEditor(): ZoneEditor {
  const { zoneEditor } = useDesk();
  const listen = useCallback((listener: () => void) => zoneEditor.on(["draft", "check"], listener), [zoneEditor]);
  useSyncExternalStore(listen, () => zoneEditor.version(["draft", "check"]));
  return zoneEditor;
}

export function useRounds(): RoundsTable {
  const { rounds } = useDesk();
  const listen = useCallback((listener: () => void) => rounds.on(["draft", "found"], listener), [rounds]);
  useSyncExternalStore(listen, () => rounds.version(["draft", "found"]));
  return rounds;
}
