/** The map, and the few buttons over it. */
import { useEffect, useRef, useState } from "react";
import { nameOf, t, useLanguage } from "../i18n";
import { span } from "../i18n/format";
import { get } from "../api/client";
import type { IdlePlaces, Place } from "../api/types";
import { DeskMap } from "../map/desk_map";
import type { Shape } from "../map/drawing";
import { idlenessFeatures, planFeatures, roundsFeatures, theirZones } from "../map/shapes";
import { useCoverage } from "./coverage/CoverageOfRun";
import type { Desk } from "./desk";
import { useDesk, useDeskTopics } from "./hooks";
import { usePlanner, useRounds, useZoneEditor } from "./planning/hooks";
import { select, selected, useSelection } from "./selection";
import type { Selection } from "./selection";

const IDLE = "idleness-";
const CROSSING_TOLD_MS = 8_000;
const IDLE_EVERY_MS = 10_000;
const LAYERS = [
  ["zone-", "map.zones"],
  ["footprint-", "map.footprints"],
  ["sightings", "map.sightings"],
  [IDLE, "map.idleness"],
] as const;

export function MapPane() {
  useLanguage();
  const desk = useDesk();
  const [crossedAtMs, setCrossedAtMs] = useState<number | null>(null);
  const [map, container] = useDeskMap(desk, setCrossedAtMs);
  useEffect(() => {
    if (crossedAtMs === null) return;
    const timer = setTimeout(() => setCrossedAtMs(null), CROSSING_TOLD_MS);
    return () => clearTimeout(timer);
  }, [crossedAtMs]);
  const selection = useSelection();
  const [isFollowing, setFollowing] = useState(false);
  const [hidden, setHidden] = useState<readonly string[]>([IDLE]);
  useIdleness(map, !hidden.includes(IDLE));
  useEffect(() => map?.select(selection), [map, selection]);
  const kind = selection?.kind;
  const id = selection?.id;
  useEffect(() => {
    const place = kind && id ? placeOf(desk, { kind, id }) : null;
    if (map && place) map.goTo(place);
  }, [map, desk, kind, id]);
  useEffect(() => {
    map?.follow(isFollowing);
  }, [map, isFollowing]);
  usePlanOnMap(map, kind);
  const { told } = useCoverage();
  useEffect(() => map?.setCoverage(told?.map ?? null), [map, told]);
  const toggle = (prefix: string): void => {
    const isHidden = hidden.includes(prefix);
    setHidden(isHidden ? hidden.filter((one) => one !== prefix) : [...hidden, prefix]);
    map?.setLayer(prefix, isHidden);
  };
  return (
    <main className="map-pane" aria-label={t("map.title")}>
      <div className="map" ref={container} />
      <p className="map-word" role="status">
        {crossedAtMs !== null && t("map.crosses")}
      </p>
      <div className="map-tools" role="group" aria-label={t("map.layers")}>
        {LAYERS.map(([prefix, key]) => (
          <button key={prefix} type="button" aria-pressed={!hidden.includes(prefix)} onClick={() => toggle(prefix)}>
            {t(key)}
          </button>
        ))}
        <button type="button" aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
          {t("map.follow")}
        </button>
        <button type="button" onClick={() => map?.showAll()}>
          {t("map.all")}
        </button>
      </div>
    </main>
  );
}

function useDeskMap(desk: Desk, onCrossing: (atMs: number) => void): [DeskMap | null, React.RefObject<HTMLDivElement | null>] {
  const container = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<DeskMap | null>(null);
  useDeskTopics(desk, "site", "zones", "kinds");
  useEffect(() => {
    if (!container.current) return;
    const kindName = (code: string): string => desk.names.kind(code);
    // A shape that is drawn belongs to whichever table is open.
    const onShape = (key: string, shape: Shape): void => {
      const kind = selected()?.kind;
      if (kind === "zones") desk.zoneEditor.take(key, shape);
      else if (kind === "rounds") desk.rounds.take(key, shape);
      else desk.planner.take(key, shape);
    };
    const onCrossed = (): void => onCrossing(Date.now());
    const made = new DeskMap({ container: container.current, store: desk.store, onSelect: select, kindName, onShape, onCrossing: onCrossed });
    setMap(made);
    return () => made.close();
  }, [desk, onCrossing]);
  const { site, zones } = desk;
  useEffect(() => {
    if (map && site) map.setSite(site);
  }, [map, site]);
  useEffect(() => {
    if (map && zones) map.setZones(zones);
  }, [map, zones]);
  return [map, container];
}

/** Where the patrols have not been for how long, asked for only while somebody looks at it. */
function useIdleness(map: DeskMap | null, isShown: boolean): void {
  useEffect(() => {
    if (!map || !isShown) return;
    const read = (): void => {
      // Old colours would say that a place has just been seen: without the server there are none, and the bar tells why.
      get<IdlePlaces>("/patrols/idleness").then(
        (told) => map.setIdleness(idlenessFeatures(told.places, (idleS) => (idleS === null ? "–" : span(idleS)))),
        () => map.setIdleness(idlenessFeatures([], () => "")),
      );
    };
    read();
    const timer = setInterval(read, IDLE_EVERY_MS);
    return () => clearInterval(timer);
  }, [map, isShown]);
}

/** The table that is open lies on the map: a patrol with its route, or zones that are not in force yet. */
function usePlanOnMap(map: DeskMap | null, kind: Selection["kind"] | undefined): void {
  const desk = useDesk();
  const planned = usePlanner().version(["draft", "check"]);
  const edited = useZoneEditor().version(["draft"]);
  const round = useRounds().version(["draft", "found"]);
  useEffect(() => {
    if (!map || kind !== "plan" || !desk.planner.draft) return;
    const { draft, activeKey, check } = desk.planner;
    const others = draft.parts.filter((part) => part.key !== activeKey).map((part) => part.shape);
    map.setPlan(planFeatures(others, check), desk.planner.task());
  }, [map, desk, kind, planned]);
  useEffect(() => {
    if (!map || kind !== "zones") return;
    const task = desk.zoneEditor.task();
    const theirs = desk.zoneEditor.theirChanges.map(({ geometry, properties }) => ({ geometry, label: nameOf(properties) || properties.id }));
    map.setPlan(theirZones(theirs), task);
    map.setZones(desk.zoneEditor.document(task?.key));
  }, [map, desk, kind, edited]);
  useEffect(() => {
    if (!map || kind !== "rounds") return;
    const { draft, activeKey, network, found } = desk.rounds;
    const others = draft.items.filter((item) => item.key !== activeKey).map((item) => item.shape);
    map.setPlan(planFeatures(others, null), desk.rounds.task());
    map.setRounds(roundsFeatures(network, found, (idleS) => t("span.seconds", { n: Math.round(idleS) })));
  }, [map, desk, kind, round]);
  useEffect(() => {
    if (!map || (kind !== "plan" && kind !== "zones" && kind !== "rounds")) return;
    return () => {
      map.setPlan(planFeatures([], null), null);
      map.setRounds(null);
      if (kind === "zones" && desk.zones) map.setZones(desk.zones);
    };
  }, [map, desk, kind]);
  useEffect(() => {
    const show = (event: Event): void => map?.goTo((event as CustomEvent<Place>).detail);
    addEventListener("desk:place", show);
    return () => removeEventListener("desk:place", show);
  }, [map]);
}

function placeOf(desk: Desk, selection: Selection) {
  const { store } = desk;
  if (selection.kind === "vehicle") return store.vehicles.get(selection.id)?.state.position;
  if (selection.kind === "incident") return store.incidents.get(selection.id)?.place;
  if (selection.kind === "alarm") return store.alarms.get(selection.id)?.place;
  if (selection.kind === "sighting") return store.sightings.get(selection.id)?.place;
  return null;
}
