/** The bottom strip: one tile a vehicle, always at the same place. */
import type { Vehicle } from "../api/types";
import { nameOf, t, useLanguage } from "../i18n";
import { percent, shortened, span } from "../i18n/format";
import { useDesk, useLive, useNow } from "./hooks";
import { Picture } from "./Picture";
import { select, useSelection } from "./selection";
import { doingWords, nextWords } from "./vehicle_words";

const STALE_S = 3;
const NAME_WIDTHS = 16;

export function Strip() {
  useLanguage();
  const store = useLive("vehicles", "connection");
  const vehicles = [...store.vehicles.values()].sort((a, b) => a.id.localeCompare(b.id));
  return (
    <footer className="strip" tabIndex={-1} aria-label={t("strip.title")}>
      {vehicles.length === 0 && (
        <p className="empty">{store.connection.hadSnapshot ? t("strip.none") : t("loading")}</p>
      )}
      {vehicles.map((vehicle) => (
        <Tile key={vehicle.id} vehicle={vehicle} />
      ))}
    </footer>
  );
}

function Tile({ vehicle }: { vehicle: Vehicle }) {
  const desk = useDesk();
  const store = useLive("vehicles");
  const nowMs = useNow();
  const selection = useSelection();
  const isCurrent = selection?.kind === "vehicle" && selection.id === vehicle.id;
  const ageS = store.ageS(vehicle, nowMs);
  const isOld = ageS === null || ageS > STALE_S;
  const battery = vehicle.state.battery_ratio;
  return (
    <button
      type="button"
      className={`tile${isCurrent ? " current" : ""}${isOld ? " old" : ""}`}
      aria-current={isCurrent}
      data-vehicle={vehicle.id}
      onClick={() => select({ kind: "vehicle", id: vehicle.id })}
    >
      <Picture vehicleId={vehicle.id} isSmall />
      <span className="tile-words">
        <span className="tile-name">
          <span className="called" title={nameOf(vehicle)}>
            {vehicle.kind === "robot" ? "■" : "▲"} {shortened(nameOf(vehicle), NAME_WIDTHS)}
          </span>
          <span className="battery">{battery === null ? "–" : percent(battery)}</span>
        </span>
        <span>{doingWords(vehicle)}</span>
        <span className="muted">{nextWords(vehicle, desk)}</span>
        {isOld && ageS !== null && <span className="muted">{t("age", { span: span(ageS) })}</span>}
      </span>
    </button>
  );
}
