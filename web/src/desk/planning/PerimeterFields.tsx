/** The border of a zone as a part of a patrol: which zone, how far from its border, which way round. */
import { nameOf, t, word } from "../../i18n";
import { useDesk, useDeskTopics } from "../hooks";
import { Amount } from "./Field";
import type { DraftPart } from "./patrol_draft";
import type { ZoneProperties } from "./zone_draft";

interface Props {
  part: DraftPart;
  onChange: (changes: Partial<DraftPart>) => void;
}

export function PerimeterFields({ part, onChange }: Props) {
  const desk = useDesk();
  useDeskTopics(desk, "zones");
  const zones = (desk.zones?.features ?? []).map((one) => one.properties as ZoneProperties);
  const chosen = zones.find((one) => one.id === part.zone);
  return (
    <>
      <label>
        {t("plan.zone")}
        <select value={part.zone} onChange={(event) => onChange({ zone: event.target.value })}>
          <option value="">{t("plan.choose_zone")}</option>
          {/* It may have been taken away since: then the check says so, and the choice stays what it was. */}
          {part.zone && !chosen && <option value={part.zone}>{part.zone}</option>}
          {zones.map((one) => (
            <option key={one.id} value={one.id}>
              {nameOf(one) || one.id} · {word("zone_kind", one.kind)}
            </option>
          ))}
        </select>
      </label>
      <Amount
        label={chosen?.kind === "keep_out" ? t("plan.outset") : t("plan.inset")}
        unit="m"
        min={0}
        max={500}
        value={part.inset_m}
        onChange={(inset_m) => onChange({ inset_m })}
      />
      <label className="tick">
        <input type="checkbox" checked={!part.clockwise} onChange={(event) => onChange({ clockwise: !event.target.checked })} />
        {t("plan.anticlockwise")}
      </label>
    </>
  );
}
