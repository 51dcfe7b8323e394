/** The left column: what needs me. Alarms first, then decisions, then what is new. */
import { becauseWords } from "../i18n/said";
import { useSyncExternalStore } from "react";
import type { Alarm, Incident, Run, Sighting, Vehicle } from "../api/types";
import { nameOf, t, useLanguage, word } from "../i18n";
import { ago, span, until } from "../i18n/format";
import { ProblemBox } from "../shared/ProblemBox";
import { useAction, useDesk, useLive, useNow } from "./hooks";
import { Row, walkRows } from "./Row";

const RECENT_RUN_MS = 30 * 60_000;
const SHOWN_SIGHTINGS = 12;
const LOST_AFTER_S = 3;

export function NeedsMe() {
  useLanguage();
  return (
    <aside className="needs-me" tabIndex={-1} aria-label={t("left.title")} onKeyDown={walkRows}>
      <Alarms />
      <Decisions />
      <News />
    </aside>
  );
}

function Alarms() {
  const desk = useDesk();
  const store = useLive("alarms");
  const alarms = store.openAlarms();
  return (
    <section aria-label={t("left.alarms")}>
      <h2>{t("left.alarms")}</h2>
      {alarms.length === 0 && <p className="empty">{t("left.no_alarms")}</p>}
      {alarms.map((alarm) => (
        <AlarmRow key={alarm.id} alarm={alarm} />
      ))}
      {desk.ringing().length > 0 && <SoundOff />}
    </section>
  );
}

function SoundOff() {
  const { siren } = useDesk();
  const isAllowed = useSyncExternalStore(
    (listener) => siren.onChange(listener),
    () => siren.isAllowed,
  );
  if (isAllowed) return null;
  return (
    <button type="button" className="sound-off" onClick={() => siren.unlock()}>
      {t("alarm.sound_off")}
    </button>
  );
}

function AlarmRow({ alarm }: { alarm: Alarm }) {
  const desk = useDesk();
  const nowMs = useNow();
  const action = useAction();
  const isRinging = alarm.state === "raised" || alarm.state === "ringing";
  return (
    <div className={`alarm-card${isRinging ? " ringing" : ""}`}>
      {/* Said once: what the row tells grows older every second. */}
      {isRinging && (
        <p className="spoken" role="alert">
          {t("alarm.rings_at", { place: desk.names.alarm(alarm) })}
        </p>
      )}
      <Row selection={{ kind: "alarm", id: alarm.id }} tone="alarm">
        <span className="row-title">
          <span className="sign" aria-hidden="true">
            !
          </span>
          {desk.names.alarm(alarm)}
        </span>
        <span className="row-more">
          {word("alarm", alarm.state)} · {ago(alarm.raised_at, nowMs)}
          {alarm.answered_by ? ` · ${alarm.answered_by}` : ""}
        </span>
        {alarm.mistaken && <span className="row-more">{t("alarm.mistaken")}</span>}
      </Row>
      {isRinging && desk.may("answer_alarms") && (
        <button type="button" className="answer" onClick={() => void action.run(() => desk.requests.answer(alarm)).then(() => goOnAt(`alarm/${alarm.id}`))}>
          {t("alarm.answer")} <kbd>A</kbd>
        </button>
      )}
      <ProblemBox error={action.error} onClose={action.clear} />
    </div>
  );
}

/** The button that was pressed is gone: the keyboard goes on at its row. */
function goOnAt(row: string): void {
  if (document.activeElement === document.body) document.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus();
}

function Decisions() {
  const desk = useDesk();
  const store = useLive("incidents", "vehicles", "runs", "connection");
  const nowMs = useNow();
  const waiting = store.waitingIncidents();
  const [urgent, incidents] = parted(waiting, (one) => desk.kinds.get(one.kind)?.is_alarm === true);
  const runs = [...store.runs.values()].filter((run) => isFailedLately(run, nowMs));
  const lost = [...store.vehicles.values()].filter((one) => isLostInFlight(one, store.ageS(one, nowMs)));
  const held = [...store.vehicles.values()].filter((one) => one.doing === "held_by_person");
  const isNothing = waiting.length + store.hiddenWaiting + runs.length + lost.length + held.length === 0;
  return (
    <section aria-label={t("left.decisions")}>
      <h2>{t("left.decisions")}</h2>
      {isNothing && <p className="empty">{t("left.no_decisions")}</p>}
      {urgent.map((one) => (
        <IncidentRow key={one.id} incident={one} tone="alarm" />
      ))}
      {lost.map((one) => (
        <Row key={one.id} selection={{ kind: "vehicle", id: one.id }} tone="decision">
          <span className="row-title">{nameOf(one)}</span>
          <span className="row-more">
            {t(store.connection.isUp ? "left.lost" : "left.unheard", { span: span(store.ageS(one, nowMs) ?? 0) })}
          </span>
        </Row>
      ))}
      {held.map((one) => (
        <Row key={one.id} selection={{ kind: "vehicle", id: one.id }} tone="decision">
          <span className="row-title">{nameOf(one)}</span>
          <span className="row-more">{t("left.held")}</span>
        </Row>
      ))}
      {incidents.map((one) => (
        <IncidentRow key={one.id} incident={one} tone="decision" />
      ))}
      {store.hiddenWaiting > 0 && <p className="note">{t("left.hidden_waiting", { n: store.hiddenWaiting })}</p>}
      {runs.map((run) => (
        <Row key={run.id} selection={{ kind: "run", id: run.id }} tone="decision">
          <span className="row-title">
            {desk.names.run(run)} · {word("run", run.state)}
          </span>
          <span className="row-more">{becauseWords(run)}</span>
        </Row>
      ))}
    </section>
  );
}

function parted<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function isLostInFlight(vehicle: Vehicle, ageS: number | null): boolean {
  return vehicle.state.is_airborne && (!vehicle.state.link_up || (ageS ?? 0) > LOST_AFTER_S);
}

function isFailedLately(run: Run, nowMs: number): boolean {
  return run.state === "failed" && run.ended_at !== null && nowMs - Date.parse(run.ended_at) < RECENT_RUN_MS;
}

function News() {
  const store = useLive("incidents", "sightings");
  const incidents = store.openIncidents().filter((one) => !one.needs_decision);
  const sightings = store.newestSightings().slice(0, SHOWN_SIGHTINGS);
  const others = store.hiddenCases - store.hiddenWaiting;
  return (
    <section aria-label={t("left.news")}>
      <h2>{t("left.news")}</h2>
      {incidents.length + sightings.length === 0 && <p className="empty">{t("left.no_news")}</p>}
      {incidents.map((one) => (
        <IncidentRow key={one.id} incident={one} />
      ))}
      {others > 0 && <p className="note">{t("left.hidden_cases", { n: others })}</p>}
      {sightings.map((one) => (
        <SightingRow key={one.id} sighting={one} />
      ))}
    </section>
  );
}

function IncidentRow({ incident, tone = "plain" }: { incident: Incident; tone?: "alarm" | "decision" | "plain" }) {
  const desk = useDesk();
  const nowMs = useNow();
  return (
    <Row selection={{ kind: "incident", id: incident.id }} tone={tone}>
      <span className="row-title">
        <span className="sign" aria-hidden="true">
          {incident.needs_decision ? "◆" : "■"}
        </span>
        {desk.names.kind(incident.kind)}
      </span>
      <span className="row-more">
        {word("incident", incident.state)} · {incident.number}
        {incident.due_at ? ` · ${until(incident.due_at, nowMs)}` : ""}
      </span>
    </Row>
  );
}

function SightingRow({ sighting }: { sighting: Sighting }) {
  const desk = useDesk();
  const nowMs = useNow(5000);
  return (
    <Row selection={{ kind: "sighting", id: sighting.id }}>
      <span className="row-title">
        <span className="sign" aria-hidden="true">
          ◎
        </span>
        {desk.names.kind(sighting.kind)}
      </span>
      <span className="row-more">
        {desk.names.vehicle(sighting.vehicle_id)} · {ago(sighting.last_seen_at, nowMs)}
        {sighting.zone_id ? ` · ${desk.names.zone(sighting.zone_id)}` : ""}
      </span>
    </Row>
  );
}
