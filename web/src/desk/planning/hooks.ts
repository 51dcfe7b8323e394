/** The bridge from the planner and the zone draft to React. */
import { useCallback, useSyncExternalStore } from "react";
import { useDesk } from "../hooks";
import type { Planner } from "./planner";
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
