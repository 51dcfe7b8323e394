/** The map, and the few buttons over it. */
import { useEffect, useRef, useState } from "react";
import { t, useLanguage } from "../i18n";
import { DeskMap } from "../map/desk_map";
import type { Desk } from "./desk";
import { useDesk, useDeskTopics } from "./hooks";
import { select, useSelection } from "./selection";
import type { Selection } from "./selection";

const LAYERS = [
  ["zone-", "map.zones"],
  ["footprint-", "map.footprints"],
  ["sightings", "map.sightings"],
] as const;

export function MapPane() {
  useLanguage();
  const desk = useDesk();
  const [map, container] = useDeskMap(desk);
  const selection = useSelection();
  const [isFollowing, setFollowing] = useState(false);
  const [hidden, setHidden] = useState<readonly string[]>([]);
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
  const toggle = (prefix: string): void => {
    const isHidden = hidden.includes(prefix);
    setHidden(isHidden ? hidden.filter((one) => one !== prefix) : [...hidden, prefix]);
    map?.setLayer(prefix, isHidden);
  };
  return (
    <main className="map-pane" aria-label={t("map.title")}>
      <div className="map" ref={container} />
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

function useDeskMap(desk: Desk): [DeskMap | null, React.RefObject<HTMLDivElement | null>] {
  const container = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<DeskMap | null>(null);
  useDeskTopics(desk, "site", "zones", "kinds");
  useEffect(() => {
    if (!container.current) return;
    const kindName = (code: string): string => desk.kindName(code);
    const made = new DeskMap({ container: container.current, store: desk.store, onSelect: select, kindName });
    setMap(made);
    return () => made.close();
  }, [desk]);
  const { site, zones } = desk;
  useEffect(() => {
    if (map && site) map.setSite(site);
  }, [map, site]);
  useEffect(() => {
    if (map && zones) map.setZones(zones);
  }, [map, zones]);
  return [map, container];
}

function placeOf(desk: Desk, selection: Selection) {
  const { store } = desk;
  if (selection.kind === "vehicle") return store.vehicles.get(selection.id)?.state.position;
  if (selection.kind === "incident") return store.incidents.get(selection.id)?.place;
  if (selection.kind === "alarm") return store.alarms.get(selection.id)?.place;
  if (selection.kind === "sighting") return store.sightings.get(selection.id)?.place;
  return null;
}
