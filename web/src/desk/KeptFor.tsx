/** What the controller keeps for how long: whoever works here, or is seen here, may know it. */
import { t, useLanguage } from "../i18n";
import { useDesk, useDeskTopics } from "./hooks";

const KEPT = ["flights", "journal", "refused"] as const;

export function KeptFor() {
  useLanguage();
  const desk = useDesk();
  useDeskTopics(desk, "site");
  const keptFor = desk.site?.kept_for;
  if (!keptFor) return null;
  return (
    <section className="kept-for" aria-label={t("kept.title")}>
      <h3>{t("kept.title")}</h3>
      <ul>
        {KEPT.map((what) => (
          <li key={what}>{keptWords(what, keptFor[`${what}_days`])}</li>
        ))}
        <li>{t("kept.cases")}</li>
      </ul>
    </section>
  );
}

/** Null days are for ever. */
function keptWords(what: (typeof KEPT)[number], days: number | null): string {
  if (days === null) return t(`kept.${what}_ever`);
  return t(`kept.${what}`, { days: t("kept.days", { n: days }) });
}
