/** One button over the whole screen; then how the call for help stands, in both languages, in large letters. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { tIn } from "../i18n";
import type { Key } from "../i18n";
import { PressBox } from "./press";
import type { Stage } from "./press";
import { speak } from "./speech";

const STATE_TEXTS: Record<string, Key> = {
  raised: "panel.called",
  ringing: "panel.called",
  answered: "panel.answered",
  responding: "panel.responding",
  on_scene: "panel.on_scene",
  resolved: "panel.ended",
  false_alarm: "panel.ended",
};
const STAGE_TEXTS: Record<Stage, Key> = {
  idle: "panel.help",
  sending: "panel.sending",
  unsent: "panel.unsent",
  called: "panel.called",
  ended: "panel.ended",
  no_token: "panel.no_token",
  refused: "panel.refused",
};

export function Panel({ token }: { token: string | null }) {
  const [box] = useState(() => new PressBox({ token, storage: localStorage }));
  useSyncExternalStore(
    (listener) => box.on(["press"], listener),
    () => box.version(["press"]),
  );
  useEffect(() => {
    box.start();
    return () => box.stop();
  }, [box]);
  const text = textOf(box);
  useEffect(() => {
    if (text !== "panel.help" && text !== "panel.sending") speak(tIn("zh", text), tIn("en", text));
  }, [text]);
  if (box.stage === "idle") return <HelpButton onPush={() => push(box)} />;
  return <Calling box={box} text={text} />;
}

function textOf(box: PressBox): Key {
  const state = box.alarm && box.stage !== "refused" ? STATE_TEXTS[box.alarm.state] : undefined;
  return state ?? STAGE_TEXTS[box.stage];
}

function push(box: PressBox): void {
  speak(tIn("zh", "panel.pressed_spoken"), tIn("en", "panel.pressed_spoken"));
  box.push();
}

function HelpButton({ onPush }: { onPush: () => void }) {
  return (
    <button type="button" className="help" onClick={onPush}>
      <Person />
      <span className="help-zh" lang="zh-CN">
        {tIn("zh", "panel.help")}
      </span>
      <span className="help-en" lang="en">
        {tIn("en", "panel.help")}
      </span>
    </button>
  );
}

function Calling({ box, text }: { box: PressBox; text: Key }) {
  const isOpen = box.stage !== "ended" && box.stage !== "no_token";
  const isMistakeAllowed = isOpen && box.press !== null && !box.press.mistaken;
  return (
    <main className={`calling ${box.stage}`} data-stage={box.stage} data-state={box.alarm?.state}>
      {isOpen && <Waves />}
      <div role="status" aria-live="assertive">
        <p className="said-zh" lang="zh-CN">
          {tIn("zh", text)}
        </p>
        <p className="said-en" lang="en">
          {tIn("en", text)}
        </p>
      </div>
      {box.alarm?.is_vehicle_coming && <Both text="panel.vehicle" />}
      {box.press?.mistaken && isOpen && <Both text="panel.mistake_told" />}
      {box.refusal && box.stage === "refused" && <p className="small">{box.refusal}</p>}
      {isMistakeAllowed && (
        <button type="button" className="mistake" onClick={() => box.mistake()}>
          {tIn("zh", "panel.mistake")} · {tIn("en", "panel.mistake")}
        </button>
      )}
      {box.stage === "ended" && (
        <button type="button" className="mistake" onClick={() => box.clear()}>
          {tIn("zh", "panel.back")} · {tIn("en", "panel.back")}
        </button>
      )}
    </main>
  );
}

function Both({ text }: { text: Key }) {
  return (
    <p className="more">
      <span lang="zh-CN">{tIn("zh", text)}</span> <span lang="en">{tIn("en", text)}</span>
    </p>
  );
}

/** A person who raises a hand. */
function Person() {
  return (
    <svg viewBox="0 0 100 100" className="person" aria-hidden="true">
      <circle cx="46" cy="24" r="14" />
      <path d="M24 92 V62 C24 50 34 43 46 43 C52 43 57 44 61 47 L74 20 C76 15 84 17 83 23 L72 62 C70 68 68 70 68 76 V92 Z" />
      <path d="M84 8 L90 2 M89 16 L98 14 M76 6 L75 -1" className="rays" />
    </svg>
  );
}

/** Something that moves while a call is under way, so that nobody thinks the screen has stopped. */
function Waves() {
  return (
    <div className="waves" aria-hidden="true">
      <span />
      <span />
      <span />
      <Person />
    </div>
  );
}
