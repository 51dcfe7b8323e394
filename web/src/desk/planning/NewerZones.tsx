/** Somebody else put other zones in force while these were changed here: who, why, what, and what of it is ours too. */
import { get } from "../../api/client";
import type { ZoneHistory, ZoneRevision } from "../../api/types";
import { nameOf, t, word } from "../../i18n";
import { colon, time } from "../../i18n/format";
import { ProblemBox } from "../../shared/ProblemBox";
import { useDesk, useLoaded } from "../hooks";
import { useZoneEditor } from "./hooks";
import { Choice } from "./Unsaved";
import { SHAPE, zoneChanges } from "./zone_changes";
import type { ZoneChange, ZoneField } from "./zone_changes";

export function NewerZones() {
  const editor = useZoneEditor();
  const { base, zones, theirs, revision } = editor;
  if (!zones || !theirs) return null;
  const changes = zoneChanges(base, zones, theirs.zones);
  return (
    <section className="note newer" role="alert">
      <h2>{t("zones.newer", { n: theirs.revision })}</h2>
      <Authors since={revision} until={theirs.revision} />
      <ul className="reasons">
        {changes.map((change) => (
          <li key={change.id}>
            <ChangeWords change={change} />
          </li>
        ))}
      </ul>
      {changes.some((one) => one.theirs) && <p className="hint">{t("zones.newer_on_map")}</p>}
      <Choice onTheirs={() => editor.takeTheirs()} onMine={() => editor.putMineOnTop()} />
    </section>
  );
}

/** Everybody whose zones came between, with their reasons. */
function Authors({ since, until }: { since: number; until: number }) {
  const desk = useDesk();
  const limit = Math.min(500, Math.max(1, until - since));
  const { value, error } = useLoaded(() => get<ZoneHistory>(`/zones/revisions?limit=${limit}`), `${since} ${until}`, "revisions");
  if (error) return <ProblemBox error={error} />;
  const between = value?.revisions.filter((one) => one.revision > since && one.revision <= until) ?? [];
  return between.map((one) => <p key={one.revision}>{authorWords(one, (name) => desk.names.actor(name))}</p>);
}

export function authorWords({ made_by, made_at, because }: ZoneRevision, nameOfActor: (name: string) => string): string {
  return t("zones.newer_by", { who: nameOfActor(made_by), at: time(made_at, false), because });
}

export function ChangeWords({ change }: { change: ZoneChange }) {
  return (
    <>
      {nameOf(change) || change.id}
      {colon()}
      {word("zone_change", change.what)}
      {change.isMineToo && <strong> · {t("zones.mine_too")}</strong>}
      {change.fields.length > 0 && (
        <ul>
          {change.fields.map((one) => (
            <li key={one.field}>{fieldWords(one)}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** "Ceiling: no limit → 60 m · yours: 45 m"; of what has no short words only that it is another. */
export function fieldWords(one: ZoneField): string {
  const told = (value: unknown): string | null => valueWords(one.field, value);
  const [was, theirs] = [told(one.was), told(one.theirs)];
  const change = was === null || theirs === null ? t("zones.field_other") : `${was} → ${theirs}`;
  const mine = "mine" in one ? ` · ${t("plan.mine_too", { mine: told(one.mine) ?? t("zones.field_other") })}` : "";
  return `${word("zone_field", one.field)}${colon()}${change}${mine}`;
}

function valueWords(field: string, value: unknown): string | null {
  if (field === SHAPE || (typeof value === "object" && value !== null)) return null;
  if (field === "floor_agl_m" || field === "ceiling_agl_m") return typeof value === "number" ? `${value} m` : t("zones.no_limit");
  if (field === "kind") return word("zone_kind", String(value));
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return isPlain || (typeof value === "string" && value !== "") ? String(value) : "–";
}
