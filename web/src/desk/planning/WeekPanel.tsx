/** The week: every start of every patrol on the site's own clock. */
import { useMemo, useState } from "react";
import { get } from "../../api/client";
import type { PatrolStarts } from "../../api/types";
import { language, nameOf, t, useLanguage } from "../../i18n";
import { ProblemBox } from "../../shared/ProblemBox";
import { useDesk, useDeskTopics, useLoaded, useNow } from "../hooks";
import { select } from "../selection";
import { blackoutsOn, localText } from "./schedule_rule";

const DAY_MS = 86_400_000;
const DAYS = 7;
const HOURS = [...Array(24).keys()];

interface Start {
  patrolId: string;
  day: string;
  hour: number;
  clock: string;
}

export function WeekPanel() {
  useLanguage();
  const desk = useDesk();
  useDeskTopics(desk, "patrols", "site");
  const nowMs = useNow(60_000);
  const [weeks, setWeeks] = useState(0);
  const zone = desk.site?.time_zone ?? "UTC";
  const firstMs = nowMs - (nowMs % 60_000) + weeks * DAYS * DAY_MS;
  const since = new Date(firstMs).toISOString();
  const until = new Date(firstMs + DAYS * DAY_MS).toISOString();
  const names = desk.patrols?.map((one) => `${one.id}${one.revision}`).join() ?? "";
  const loaded = useLoaded(() => get<PatrolStarts>(`/patrols/starts?${new URLSearchParams({ since, until }).toString()}`), `${since}${names}`, "week");
  const days = daysFrom(firstMs, zone);
  const last = days.at(-1)!;
  const starts = useMemo(() => {
    const all = loaded.value?.starts.map((one) => placed(one.patrol_id, one.at, zone)) ?? [];
    // Seven times 24 hours from now reach into an eighth day, which is not shown.
    return all.filter((one) => one.day <= last);
  }, [loaded.value, zone, last]);
  return (
    <article className="panel">
      <header>
        <h1>{t("week.title")}</h1>
        <p className="hint">{t("week.zone", { zone })}</p>
      </header>
      <div className="buttons">
        <button type="button" disabled={weeks === 0} onClick={() => setWeeks(weeks - 1)}>
          ← {t("week.before")}
        </button>
        <button type="button" onClick={() => setWeeks(weeks + 1)}>
          {t("week.after")} →
        </button>
      </div>
      <ProblemBox error={loaded.error} />
      {!loaded.value && !loaded.error && <p className="empty">{t("loading")}</p>}
      {loaded.value?.is_cut && <p className="note">{t("week.cut")}</p>}
      {/* An empty table would say that nothing is planned. */}
      {loaded.value && <Grid days={days} starts={starts} />}
      {loaded.value && <Legend starts={starts} />}
      <Blackouts days={days} />
    </article>
  );
}

function placed(patrolId: string, at: string, zone: string): Start {
  const [day, clock] = localText(Date.parse(at), zone).split("T") as [string, string];
  return { patrolId, day, clock, hour: Number(clock.slice(0, 2)) };
}

function grouped(starts: Start[]): Map<string, Start[]> {
  const found = new Map<string, Start[]>();
  for (const start of starts) {
    const key = `${start.day}/${start.hour}`;
    const known = found.get(key);
    if (known) known.push(start);
    else found.set(key, [start]);
  }
  return found;
}

function daysFrom(firstMs: number, zone: string): string[] {
  return [...Array(DAYS).keys()].map((day) => localText(firstMs + day * DAY_MS, zone).slice(0, 10));
}

function Grid({ days, starts }: { days: string[]; starts: Start[] }) {
  const byHour = useMemo(() => grouped(starts), [starts]);
  return (
    <table className="week">
      <thead>
        <tr>
          <th />
          {days.map((day) => (
            <th key={day} scope="col">
              {dayName(day)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {HOURS.map((hour) => (
          <tr key={hour}>
            <th scope="row">{String(hour).padStart(2, "0")}</th>
            {days.map((day) => (
              <Cell key={day} starts={byHour.get(`${day}/${hour}`) ?? []} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** One hour of one day: a number when there is more than one start, the minute when there is one. */
function Cell({ starts }: { starts: Start[] }) {
  const desk = useDesk();
  const first = starts[0];
  if (!first) return <td />;
  const name = (id: string): string => nameOf(desk.patrols?.find((one) => one.id === id) ?? { name: id });
  const told = [...new Set(starts.map((one) => one.patrolId))].map((id) => line(starts, id, name(id))).join("\n");
  return (
    <td className="start" title={told}>
      <button type="button" aria-label={told} onClick={() => select({ kind: "patrol", id: first.patrolId })}>
        {starts.length === 1 ? `:${first.clock.slice(3)}` : `${starts.length}×`}
      </button>
    </td>
  );
}

/** "06:30 Every morning", "06:00 The street … 30×". */
function line(starts: Start[], patrolId: string, name: string): string {
  const own = starts.filter((one) => one.patrolId === patrolId);
  return `${own[0]!.clock} ${name}${own.length > 1 ? ` … ${own.length}×` : ""}`;
}

function Legend({ starts }: { starts: Start[] }) {
  const desk = useDesk();
  const counts = new Map<string, number>();
  starts.forEach((one) => counts.set(one.patrolId, (counts.get(one.patrolId) ?? 0) + 1));
  if (counts.size === 0) return <p className="empty">{t("week.none")}</p>;
  return (
    <ul className="reasons">
      {[...counts].map(([id, n]) => (
        <li key={id}>
          {nameOf(desk.patrols?.find((one) => one.id === id) ?? { name: id })}: {t("week.starts", { n })}
        </li>
      ))}
    </ul>
  );
}

/** Why a day is empty. */
function Blackouts({ days }: { days: string[] }) {
  const desk = useDesk();
  const told = (desk.patrols ?? [])
    .filter((patrol) => patrol.is_active)
    .flatMap((patrol) => blackoutsOn(days, patrol.schedule).map((one) => ({ patrol, one })));
  if (told.length === 0) return null;
  return (
    <ul className="reasons blackouts">
      {told.map(({ patrol, one }, index) => (
        <li key={index}>
          {t("week.blackout", { name: nameOf(patrol), first: dayName(one.first_day), last: dayName(one.last_day) })}
          {one.because && <span className="because">{one.because}</span>}
        </li>
      ))}
    </ul>
  );
}

function dayName(day: string): string {
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  const options = { weekday: "short", day: "numeric", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(locale, options).format(new Date(`${day}T00:00:00Z`));
}
