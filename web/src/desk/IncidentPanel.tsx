/** One case: its photos, why the rule fired, what happened, and the next step. */
import { becauseWords } from "../i18n/said";
import { get } from "../api/client";
import type { Incident, IncidentDetail, Kind, Photo } from "../api/types";
import { t, useLanguage, word } from "../i18n";
import { time, until } from "../i18n/format";
import { ProblemBox } from "../shared/ProblemBox";
import { BecauseMoves } from "./Because";
import { useDesk, useLive, useLoaded, useNow } from "./hooks";
import { incidentMoves } from "./incident_moves";
import { ruleWords } from "./rule_words";
import { Story } from "./Story";

export function IncidentPanel({ id }: { id: string }) {
  useLanguage();
  const desk = useDesk();
  const store = useLive("incidents");
  const live = store.incidents.get(id);
  const key = `${live?.revision} ${live?.sightings}`;
  const detail = useLoaded(() => get<IncidentDetail>(`/incidents/${id}`), key, id);
  const incident = live ?? detail.value;
  if (!incident) return detail.error ? <ProblemBox error={detail.error} /> : <p className="empty">{t("loading")}</p>;
  const moves = incidentMoves(desk.may("decide_incidents") ? (detail.value?.next_states ?? []) : [], incident.worker !== null);
  const isDecided = moves.length === 0 && detail.value?.revision === incident.revision;
  return (
    <article className="panel">
      <IncidentHead incident={incident} />
      <WhyFired incidentId={id} />
      {detail.value && <Photos photos={detail.value.photos} />}
      <BecauseMoves
        moves={moves}
        hasEnded={isDecided}
        phrases={[t("phrase.seen_clearly"), t("phrase.not_a_case"), t("phrase.double")]}
        onMove={(to, because) => desk.requests.moveIncident(incident, to, because)}
      />
      {detail.value && <Story lines={detail.value.timeline} />}
      <ProblemBox error={detail.error} />
    </article>
  );
}

/** "2 h · working hours": a night or a holiday between is no mistake of the clock. */
function limitWords(kind: Kind | undefined): string {
  const limit = kind?.limits["handle"];
  if (!limit) return "";
  const unit = word("limit_unit", limit.unit);
  return t("incident.due_by", { amount: limit.amount, unit, clock: word("limit_clock", limit.clock) });
}

function IncidentHead({ incident }: { incident: Incident }) {
  const desk = useDesk();
  const nowMs = useNow();
  return (
    <header>
      <h1>{desk.names.kind(incident.kind)}</h1>
      <p className={`state-words${incident.needs_decision ? " decision" : ""}`}>
        {incident.needs_decision ? "◆ " : ""}
        {word("incident", incident.state)}
        {incident.due_at && !incident.closed_at ? ` · ${until(incident.due_at, nowMs)}` : ""}
      </p>
      <p className="because">{becauseWords(incident)}</p>
      <dl className="numbers">
        <dt>{t("incident.number")}</dt>
        <dd>{incident.number}</dd>
        <dt>{t("incident.where")}</dt>
        <dd>
          {[incident.zone_id, incident.grid_id]
            .filter((zone) => zone !== null)
            .map((zone) => desk.names.zone(zone))
            .join(" · ") || "–"}
        </dd>
        {incident.due_at && (
          <>
            <dt>{t("incident.due")}</dt>
            <dd>
              {time(incident.due_at, false)} <span className="muted">{limitWords(desk.kinds.get(incident.kind))}</span>
            </dd>
          </>
        )}
        <dt>{t("incident.worker")}</dt>
        <dd>{incident.worker ?? "–"}</dd>
        <dt>{t("incident.seen")}</dt>
        <dd>
          {t("incident.times", { n: incident.sightings })} · {time(incident.first_seen_at)} – {time(incident.last_seen_at)}
        </dd>
        {incident.reworks > 0 && (
          <>
            <dt>{word("incident", "rework")}</dt>
            <dd>{t("incident.times", { n: incident.reworks })}</dd>
          </>
        )}
      </dl>
    </header>
  );
}

/** Why the rule fired, from the newest sighting that the desk holds. */
function WhyFired({ incidentId }: { incidentId: string }) {
  const store = useLive("sightings");
  const newest = store.newestSightings().find((sighting) => sighting.incident_id === incidentId);
  if (!newest) return null;
  return (
    <section>
      <h2>{t("incident.why")}</h2>
      <p>{ruleWords(newest)}</p>
    </section>
  );
}

function Photos({ photos }: { photos: Photo[] }) {
  if (photos.length === 0) return <p className="empty">{t("photos.none")}</p>;
  return (
    <div className="photos">
      {photos.map((photo) => (
        <BoxedPhoto key={photo.id} photo={photo} />
      ))}
    </div>
  );
}

export function BoxedPhoto({ photo }: { photo: Photo }) {
  const { box, width_px, height_px } = photo;
  return (
    <figure className="photo">
      <a href={photo.url} target="_blank" rel="noreferrer">
        <img src={photo.url} alt={word("photo", photo.kind)} />
        {box && (
          <svg viewBox={`0 0 ${width_px} ${height_px}`} preserveAspectRatio="none" aria-hidden="true">
            <rect x={box[0]} y={box[1]} width={box[2] - box[0]} height={box[3] - box[1]} />
          </svg>
        )}
      </a>
      <figcaption>
        {word("photo", photo.kind)} · {time(photo.at)}
      </figcaption>
    </figure>
  );
}
