/** The desk's one screen, with the sign-in page before it (and over it when a sign-in has ended). */
import { useEffect } from "react";
import type { ReactNode } from "react";
import { t, useLanguage } from "../i18n";
import { Bar } from "./Bar";
import type { Desk } from "./desk";
import { DeskContext, useDeskTopics, useLive } from "./hooks";
import { Keys } from "./Keys";
import { MapPane } from "./MapPane";
import { NeedsMe } from "./NeedsMe";
import { OfflineBar } from "./OfflineBar";
import { SelectedPane } from "./SelectedPane";
import { useSelection } from "./selection";
import { SignIn } from "./SignIn";
import { Skips } from "./Skips";
import { Strip } from "./Strip";
import { shownView, useView } from "./view";

export function App({ desk }: { desk: Desk }) {
  useLanguage();
  useDeskTopics(desk, "session", "site", "zones", "kinds");
  useEffect(() => unlockByFirstGesture(desk), [desk]);
  if (desk.isAsking && !desk.unreachable) return <p className="waiting">{t("loading")}</p>;
  if (!desk.hasBeenSignedIn) return <SignIn desk={desk} />;
  return (
    <DeskContext value={desk}>
      {/* Another person gets a screen of their own: what was typed for one is not shown to the next. */}
      <Screen key={desk.lastUser?.id} isInert={desk.user === null}>
        <Skips />
        <Bar />
        <OfflineBar />
        <NeedsMe />
        <MapPane />
        <SelectedPane />
        <Strip />
        <Keys />
      </Screen>
      {desk.user === null && <SignIn desk={desk} />}
    </DeskContext>
  );
}

/** While the line is lost, what is told of states fades: it was so then. */
function Screen({ isInert, children }: { isInert: boolean; children: ReactNode }) {
  const { connection } = useLive("connection");
  const isOld = connection.hadSnapshot && !connection.isUp;
  const selection = useSelection();
  const view = shownView(useView(), selection);
  return (
    <div className={`desk view-${view}${isOld ? " is-old" : ""}${selection ? " has-selection" : ""}`} inert={isInert}>
      {children}
    </div>
  );
}

/** Browsers keep a page silent until somebody has touched it. */
function unlockByFirstGesture(desk: Desk): () => void {
  const unlock = (): void => {
    desk.siren.unlock();
    removeEventListener("pointerdown", unlock);
    removeEventListener("keydown", unlock);
  };
  addEventListener("pointerdown", unlock);
  addEventListener("keydown", unlock);
  return () => {
    removeEventListener("pointerdown", unlock);
    removeEventListener("keydown", unlock);
  };
}
