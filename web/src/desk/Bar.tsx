import { nameOf, t, useLanguage, word } from "../i18n";
import { useAction, useDesk, useLive, useNow } from "./hooks";
import { clock, day, listed, siteClock, zoneName } from "../i18n/format";
import { LanguageSwitch } from "./LanguageSwitch";
import { select } from "./selection";
import { nextView, useView } from "./view";

export function Bar() {
  useLanguage();
  const desk = useDesk();
  const leaving = useAction();
  return (
    <header className="bar">
      <img src="/icon.svg" alt="" width={22} height={22} />
      <strong className="site">{desk.site ? nameOf(desk.site) : t("product")}</strong>
      <GoingOn />
      <span className="grow" />
      <ViewSwitch />
      <button type="button" className="quiet patrols" onClick={() => select(null)}>
        {t("bar.patrols")}
      </button>
      <Clock />
      <span className="who" title={listed(desk.user?.roles.map((role) => word("role", role)) ?? [])}>
        {desk.user?.name}
      </span>
      <LanguageSwitch />
      <button type="button" className="quiet" disabled={leaving.isBusy} onClick={() => void leaving.run(() => desk.signOut())}>
        {t("bar.sign_out")}
      </button>
      {leaving.error && (
        <span className="count decision" role="alert">
          {t("bar.still_in")}
        </span>
      )}
    </header>
  );
}

const VIEW_SIGNS = { all: "◫", map: "▣", lists: "☰" } as const;

function ViewSwitch() {
  const view = useView();
  const title = `${word("view_of", view)} · ${t("view_of.next")}`;
  return (
    <button type="button" className="quiet view" title={title} aria-label={title} aria-keyshortcuts="V" onClick={nextView}>
      {VIEW_SIGNS[view]}
    </button>
  );
}

/** Numbers of what goes on; zeros stay, so that each thing keeps its place. */
function GoingOn() {
  const store = useLive("vehicles", "runs", "incidents", "alarms");
  const vehicles = [...store.vehicles.values()];
  const flying = vehicles.filter((one) => one.state.is_airborne && one.kind === "drone").length;
  const waiting = store.activeRuns().filter((run) => run.state === "planned").length;
  const open = store.openIncidents();
  const alarms = store.openAlarms().length;
  return (
    <span className="going-on">
      {alarms > 0 && <span className="count alarm">{t("bar.alarms", { n: alarms })}</span>}
      <span className="count">{t("bar.flying", { n: flying, all: vehicles.length })}</span>
      <span className="count">{t("bar.waiting", { n: waiting })}</span>
      <span className="count">{t("bar.open_cases", { n: open.length + store.hiddenCases })}</span>
    </span>
  );
}

/** This page's clock with its zone, and the site's where that reads otherwise. */
function Clock() {
  const { site } = useDesk();
  const at = new Date(useNow());
  const siteTime = site && siteClock(at, site.time_zone);
  return (
    <time className="clock" dateTime={at.toISOString()}>
      <span className="muted day">{day(at)}</span> {clock(at)} <span className="muted">{zoneName(at)}</span>
      {siteTime && <span className="muted"> · {t("bar.site_clock", { time: siteTime })}</span>}
    </time>
  );
}
