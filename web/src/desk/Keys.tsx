/** The keys of the desk, and what is kept for how long; `?` shows them. */
import { useEffect, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { t, useLanguage } from "../i18n";
import type { Desk } from "./desk";
import { useDesk } from "./hooks";
import { KeptFor } from "./KeptFor";
import { Search } from "./Search";
import { select, selected } from "./selection";
import { nextView } from "./view";

const KEYS = [
  ["A", "keys.answer"],
  ["H", "keys.hold"],
  ["↑ ↓", "keys.walk"],
  ["Enter", "keys.open"],
  ["→", "keys.right"],
  ["M", "keys.map"],
  ["V", "keys.view"],
  ["/", "keys.search"],
  ["Esc", "keys.close"],
  ["?", "keys.show"],
] as const;

export function Keys() {
  useLanguage();
  const desk = useDesk();
  const [isShown, setShown] = useState(false);
  const [isSearching, setSearching] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (isSearching || desk.user === null) return;
      if (event.key === "?") setShown((shown) => !shown);
      else if (event.key === "/") {
        // Firefox would open its own search.
        event.preventDefault();
        setSearching(true);
      } else if (event.key === "Escape") escape(desk, isShown, setShown);
      else actOn(desk, event.key.toLowerCase());
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [desk, isShown, isSearching]);
  useEffect(() => {
    // Not modal: an alarm that rings meanwhile can be answered with a click.
    if (isShown) dialog.current?.show();
    else dialog.current?.close();
  }, [isShown]);
  return (
    <>
      {isSearching && <Search onClose={() => setSearching(false)} />}
      <dialog ref={dialog} className="floating keys" onClose={() => setShown(false)} aria-label={t("keys.title")}>
        <h2>{t("keys.title")}</h2>
        <dl>
          {KEYS.map(([key, text]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{t(text)}</dd>
            </div>
          ))}
        </dl>
        <p className="muted">{t("keys.buttons")}</p>
        <KeptFor />
        <button type="button" onClick={() => setShown(false)}>
          {t("close")}
        </button>
      </dialog>
    </>
  );
}

/** Closes one thing at a time: the keys, the shape in hand, what is selected. */
function escape(desk: Desk, isShown: boolean, setShown: (shown: boolean) => void): void {
  if (isShown) setShown(false);
  else if (desk.planner.activeKey) desk.planner.activate(null);
  else if (desk.zoneEditor.activeKey) desk.zoneEditor.activate(null);
  else if (desk.rounds.activeKey) desk.rounds.activate(null);
  else select(null);
}

function actOn(desk: Desk, key: string): void {
  const selection = selected();
  if (key === "a") answerFirst(desk);
  if (key === "v") nextView();
  if (key === "m") document.querySelector<HTMLElement>(".map canvas")?.focus();
  if (key === "h" && selection?.kind === "vehicle") {
    dispatchEvent(new CustomEvent("desk:hold", { detail: selection.id }));
  }
}

function answerFirst(desk: Desk): void {
  const alarm = desk.ringing()[0];
  if (!alarm || !desk.may("answer_alarms")) return;
  select({ kind: "alarm", id: alarm.id });
  desk.requests.answer(alarm).catch((error: unknown) => {
    // The alarm's own panel shows who was first; the list is right again with the next event.
    if (!(error instanceof ApiError)) throw error;
  });
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return target !== null && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
