/** The order that a vehicle has, leg by leg. */
import type { Leg, Vehicle } from "../api/types";
import { hasWord, t, word } from "../i18n";
import { metres } from "../i18n/format";
import type { Desk } from "./desk";
import { useDesk, useLive } from "./hooks";

export function Legs({ vehicle }: { vehicle: Vehicle }) {
  const desk = useDesk();
  const store = useLive("orders");
  const order = vehicle.order_id ? store.orders.get(vehicle.order_id) : undefined;
  if (!vehicle.order_id) return null;
  if (!order) return <p className="empty">{t("loading")}</p>;
  const done = Math.max(order.legs_done, vehicle.legs_done);
  return (
    <section>
      <h2>
        {word("purpose", order.purpose)} · {word("order", vehicle.order_state ?? order.state)}
      </h2>
      <progress max={order.legs.length} value={done} aria-label={t("legs.progress")} />
      <p className="muted">{t("legs.done", { done, total: order.legs.length })}</p>
      <details>
        <summary>{t("legs.show")}</summary>
        <ol className="legs">
          {order.legs.map((leg, index) => (
            <li key={index} className={index < done ? "done" : index === done ? "now" : ""}>
              {legWords(leg, desk)}
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function legWords(leg: Leg, desk: Desk): string {
  const name = leg.name && !hasWord("leg", leg.name) ? desk.names.part(leg.name) : word("leg", leg.name || leg.purpose);
  const dwell = leg.dwell_s > 0 ? ` · ${t("legs.dwell", { s: Math.round(leg.dwell_s) })}` : "";
  return `${name} · ${metres(leg.height_agl_m)}${dwell}`;
}
