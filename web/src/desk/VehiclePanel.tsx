/** One vehicle: how it stands, what it sees, where it goes, and a person's word to it. */
import { becauseWords, saidWords } from "../i18n/said";
import { useEffect, useState } from "react";
import { get } from "../api/client";
import type { CommandKind, Eyes, Failsafe, Failsafes as FailsafeTable, Vehicle } from "../api/types";
import { hasWord, nameOf, t, useLanguage, word } from "../i18n";
import { metres, percent, span, time } from "../i18n/format";
import { HoldButton } from "../shared/HoldButton";
import { ProblemBox } from "../shared/ProblemBox";
import { BecauseMoves } from "./Because";
import { RemainderOfVehicle } from "./coverage/Remainder";
import { Fate } from "./Fate";
import { useAction, useDesk, useLive, useLoaded, useNow } from "./hooks";
import { Legs } from "./Legs";
import { Picture } from "./Picture";
import { doingWords, reasonWords } from "./vehicle_words";

const STALE_S = 3;

export function VehiclePanel({ id }: { id: string }) {
  useLanguage();
  const store = useLive("vehicles", "connection");
  const vehicle = store.vehicles.get(id);
  if (!vehicle) return <p className="empty">{store.connection.hadSnapshot ? t("vehicle.unknown", { id }) : t("loading")}</p>;
  return (
    <article className="panel">
      <header>
        <h1>{nameOf(vehicle)}</h1>
        <p className="state-words">{doingWords(vehicle)}</p>
        {vehicle.order_because && vehicle.order_id && <p className="because">{saidWords(vehicle.order_because, vehicle.order_because_said)}</p>}
        {vehicle.state.because && <p className="because">{becauseWords(vehicle.state)}</p>}
        {vehicle.out_of_service && <p className="because">{vehicle.out_of_service}</p>}
      </header>
      <Commands vehicle={vehicle} />
      <Picture vehicleId={id} />
      <Numbers vehicle={vehicle} />
      <Legs vehicle={vehicle} />
      {/* What keeps it from taking off is no question while it flies. */}
      {!vehicle.state.is_airborne && <Readiness vehicle={vehicle} />}
      <Failsafes vehicle={vehicle} />
      <Happenings id={id} />
      <Service vehicle={vehicle} />
    </article>
  );
}

function Commands({ vehicle }: { vehicle: Vehicle }) {
  const desk = useDesk();
  const action = useAction();
  const mayCommand = desk.may("command_vehicles");
  const { run } = action;
  const vehicleId = vehicle.id;
  const give = (kind: CommandKind): void => void run(() => desk.requests.command(vehicleId, kind));
  useEffect(() => {
    const hold = (event: Event): void => {
      if ((event as CustomEvent<string>).detail === vehicleId && mayCommand) {
        void run(() => desk.requests.command(vehicleId, "hold"));
      }
    };
    addEventListener("desk:hold", hold);
    return () => removeEventListener("desk:hold", hold);
  }, [desk, vehicleId, run, mayCommand]);
  return (
    <section aria-label={t("vehicle.commands")}>
      <div className="buttons">
        <HoldButton onFire={() => give("hold")} isDisabled={!mayCommand} shortcut="H">
          {t("command.hold")}
        </HoldButton>
        <HoldButton onFire={() => give("resume")} isDisabled={!mayCommand}>
          {t("command.resume")}
        </HoldButton>
        <HoldButton onFire={() => give("return")} isDisabled={!mayCommand}>
          {t("command.return")}
        </HoldButton>
      </div>
      <p className="hint">{mayCommand ? t("hold.how") : t("vehicle.may_not")}</p>
      {action.isBusy && <p className="fate">{t("fate.sending")}</p>}
      <ProblemBox error={action.error} onClose={action.clear} />
      <Fate vehicleId={vehicleId} />
      <RemainderOfVehicle vehicleId={vehicleId} />
    </section>
  );
}

function Numbers({ vehicle }: { vehicle: Vehicle }) {
  const store = useLive("vehicles");
  const nowMs = useNow();
  const { state, perception } = vehicle;
  const ageS = store.ageS(vehicle, nowMs);
  const isOld = ageS === null || ageS > STALE_S;
  return (
    <dl className={`numbers${isOld ? " old" : ""}`}>
      <dt>{t("vehicle.battery")}</dt>
      <dd>{state.battery_ratio === null ? t("unknown") : percent(state.battery_ratio)}</dd>
      <dt>{t("vehicle.height")}</dt>
      <dd>{state.height_agl_m === null ? t("unknown") : metres(state.height_agl_m)}</dd>
      <dt>{t("vehicle.speed")}</dt>
      <dd>{state.speed_m_s.toFixed(1)} m/s</dd>
      <dt>{t("vehicle.mode")}</dt>
      <dd>{word("mode", state.mode)}</dd>
      <dt>{t("vehicle.link")}</dt>
      <dd>
        {state.link_up ? t("vehicle.link_up") : t("vehicle.link_down")}
        {isOld && ageS !== null ? ` · ${t("age", { span: span(ageS) })}` : ""}
      </dd>
      <dt>{t("vehicle.eyes")}</dt>
      <dd title={perception ? becauseWords(perception) : undefined}>
        {perception === null
          ? t("vehicle.no_eyes")
          : `${eyesWord(perception)} · ${t("vehicle.frames", {
              n: perception.frames_analysed,
              not: perception.frames_not_assessed,
            })}`}
      </dd>
    </dl>
  );
}

/** While pictures come, what they tell of the ground; else what is wrong with the stream. Standing on the ground, a
 * vehicle may well see one and the same grey for hours. */
function eyesWord(eyes: Eyes): string {
  const isParked = eyes.view === "too_low" && (eyes.source === "covered" || eyes.source === "frozen");
  return eyes.source === "live" || isParked ? word("view", eyes.view) : word("eyes", eyes.source);
}

function Readiness({ vehicle }: { vehicle: Vehicle }) {
  const { is_ready, because } = vehicle.readiness;
  return (
    <section>
      <h2>{t("ready.title")}</h2>
      {is_ready ? (
        <p>{t("ready.yes")}</p>
      ) : (
        <ul className="reasons">
          {because.map((reason) => (
            <li key={reason.code}>{reasonWords(reason)}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Failsafes({ vehicle }: { vehicle: Vehicle }) {
  const path = `/vehicles/${encodeURIComponent(vehicle.id)}/failsafes`;
  const { value, error } = useLoaded(() => get<FailsafeTable>(path), vehicle.order_id ?? "", vehicle.id);
  return (
    <section>
      <h2>{t("failsafes.title")}</h2>
      <ProblemBox error={error} />
      <FailsafeRows rows={value?.rows ?? []} />
    </section>
  );
}

/** The table phase by phase: what fails, and what the vehicle does then. */
export function FailsafeRows({ rows }: { rows: Failsafe[] }) {
  const phases = [...new Set(rows.map((row) => row.phase))];
  return (
    <>
      {phases.map((phase) => (
        <details key={phase}>
          <summary>{word("phase", phase)}</summary>
          <dl className="failsafes">
            {rows
              .filter((row) => row.phase === phase)
              .map((row) => (
                <div key={row.failure}>
                  <dt>{word("failure", row.failure)}</dt>
                  <dd>{failsafeWords(row)}</dd>
                </div>
              ))}
          </dl>
        </details>
      ))}
    </>
  );
}

/** Taking it out of service keeps new orders from it; it does not stop what it is doing. */
function Service({ vehicle }: { vehicle: Vehicle }) {
  const desk = useDesk();
  if (!desk.may("command_vehicles")) return null;
  const isOut = vehicle.out_of_service !== null;
  const move = isOut ? { to: "in", label: t("service.in") } : { to: "out", label: t("service.out") };
  return (
    <details open={isOut}>
      <summary>{t("service.title")}</summary>
      <BecauseMoves moves={[move]} phrases={[]} onMove={(to, because) => desk.requests.setService(vehicle.id, to === "in", because)} />
    </details>
  );
}

/** "comes home, after 10 s (autopilot)". */
function failsafeWords(row: Failsafe): string {
  const after = row.after_s === null ? "" : t("failsafes.after", { s: row.after_s });
  const below = row.below_ratio === null ? "" : t("failsafes.below", { percent: Math.round(row.below_ratio * 100) });
  return `${word("failsafe", row.answer)}${after}${below} · ${word("failsafe_by", row.by)}`;
}

function Happenings({ id }: { id: string }) {
  const store = useLive("happenings");
  const [isAll, setAll] = useState(false);
  const own = store.happenings.filter((one) => one.vehicle_id === id);
  if (own.length === 0) return null;
  return (
    <section>
      <h2>{t("vehicle.happened")}</h2>
      <ol className="story">
        {own.slice(0, isAll ? 100 : 4).map((one) => (
          <li key={one.cursor}>
            <time>{time(one.at)}</time>
            <span>
              {hasWord("happening", one.kind) && <strong>{word("happening", one.kind)} </strong>}
              {saidWords(one.text, one.text_said)}
            </span>
          </li>
        ))}
      </ol>
      {own.length > 4 && (
        <button type="button" className="quiet" onClick={() => setAll(!isAll)}>
          {isAll ? t("less") : t("more")}
        </button>
      )}
    </section>
  );
}
