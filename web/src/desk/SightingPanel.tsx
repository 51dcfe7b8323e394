/** One sighting: what perception believes it saw, and why. */
import { get } from "../api/client";
import type { IncidentDetail, Sighting } from "../api/types";
import { t, useLanguage, word } from "../i18n";
import { percent, plusMinus, time } from "../i18n/format";
import { ProblemBox } from "../shared/ProblemBox";
import { useDesk, useLive, useLoaded } from "./hooks";
import { BoxedPhoto } from "./IncidentPanel";
import { ruleWords } from "./rule_words";
import { select } from "./selection";
import { WhoWhere } from "./WhoWhere";

export function SightingPanel({ id }: { id: string }) {
  useLanguage();
  const desk = useDesk();
  const store = useLive("sightings");
  const detail = useLoaded(() => get<Sighting>(`/sightings/${id}`), id, id);
  const sighting: Sighting | null = detail.value ?? store.sightings.get(id) ?? null;
  const caseId = sighting?.incident_id ?? "";
  // The boxes of its pictures are told with the case that it belongs to.
  const incident = useLoaded(async () => (caseId ? get<IncidentDetail>(`/incidents/${caseId}`) : null), caseId, caseId);
  if (!sighting) return detail.error ? <ProblemBox error={detail.error} /> : <p className="empty">{t("loading")}</p>;
  const { incident_id } = sighting;
  return (
    <article className="panel">
      <header>
        <h1>{desk.names.kind(sighting.kind)}</h1>
        <p className="muted">{t("sighting.what")}</p>
        <p className="because">{ruleWords(sighting)}</p>
      </header>
      <div className="photos">
        {incident.value?.photos
          .filter((photo) => sighting.photos.includes(photo.id))
          .map((photo) => (
            <BoxedPhoto key={photo.id} photo={photo} />
          ))}
      </div>
      <WhoWhere facts={sighting.facts} />
      <dl className="numbers">
        <dt>{t("sighting.by")}</dt>
        <dd>{desk.names.vehicle(sighting.vehicle_id)}</dd>
        <dt>{t("incident.where")}</dt>
        <dd>
          {desk.names.zone(sighting.zone_id) || "–"} ({plusMinus(sighting.ellipse.major_m)})
        </dd>
        <dt>{t("sighting.when")}</dt>
        <dd>
          {time(sighting.first_seen_at)} – {time(sighting.last_seen_at)}
        </dd>
        <dt>{t("sighting.score")}</dt>
        <dd>{percent(sighting.score)}</dd>
        <dt>{t("sighting.rule")}</dt>
        <dd>{word("rule", sighting.rule)}</dd>
        {typeof sighting.facts["looks"] === "number" && (
          <>
            <dt>{t("sighting.looks")}</dt>
            <dd>{sighting.facts["looks"]}</dd>
          </>
        )}
      </dl>
      {incident_id && (
        <button type="button" onClick={() => select({ kind: "incident", id: incident_id })}>
          {t("sighting.open_case")}
        </button>
      )}
      <ProblemBox error={detail.error ?? incident.error} />
    </article>
  );
}
