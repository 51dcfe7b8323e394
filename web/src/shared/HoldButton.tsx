/** A button that acts only after it was held for 0.6 s, by pointer or by key: one deliberate gesture, no dialog. */
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { t } from "../i18n";

export const HOLD_MS = 600;

interface Props {
  onFire: () => void;
  children: ReactNode;
  tone?: "plain" | "acting" | "alarm";
  isDisabled?: boolean;
  shortcut?: string;
}

export function HoldButton({ onFire, children, tone = "plain", isDisabled = false, shortcut }: Props) {
  const { isHeld, start, stop, release } = useHold(onFire, isDisabled);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) start(event.timeStamp);
  };
  const onPointerDown = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0) return;
    // The button keeps the pointer even when the page moves under it; only sliding off cancels.
    event.currentTarget.setPointerCapture(event.pointerId);
    start(event.timeStamp);
  };
  return (
    <button
      type="button"
      className={`hold-button ${tone}${isHeld ? " held" : ""}`}
      disabled={isDisabled}
      title={t("hold.how")}
      aria-keyshortcuts={shortcut}
      onPointerDown={onPointerDown}
      onPointerMove={(event) => isHeld && isOutside(event) && stop()}
      onPointerUp={(event) => release(event.timeStamp)}
      onPointerCancel={stop}
      onKeyDown={onKeyDown}
      onKeyUp={(event) => release(event.timeStamp)}
      onBlur={stop}
      onContextMenu={(event) => event.preventDefault()}
    >
      <span className="hold-fill" aria-hidden="true" />
      <span className="hold-text">{children}</span>
      {shortcut && <kbd>{shortcut}</kbd>}
    </button>
  );
}

interface Hold {
  isHeld: boolean;
  start: (atMs: number) => void;
  stop: () => void;
  release: (atMs: number) => void;
}

/** Times are those of the events: a page that is late with drawing does not lose a hold that was long enough. */
function useHold(onFire: () => void, isDisabled: boolean): Hold {
  const [isHeld, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const startedMs = useRef<number | null>(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  const stop = (): void => {
    clearTimeout(timer.current);
    startedMs.current = null;
    setHeld(false);
  };
  const fire = (): void => {
    stop();
    onFire();
  };
  const start = (atMs: number): void => {
    if (isDisabled) return;
    clearTimeout(timer.current);
    startedMs.current = atMs;
    setHeld(true);
    timer.current = setTimeout(fire, HOLD_MS);
  };
  const release = (atMs: number): void => {
    const isLongEnough = startedMs.current !== null && atMs - startedMs.current >= HOLD_MS;
    if (isLongEnough) fire();
    else stop();
  };
  return { isHeld, start, stop, release };
}

function isOutside(event: PointerEvent<HTMLButtonElement>): boolean {
  const box = event.currentTarget.getBoundingClientRect();
  const slack = 24;
  const { clientX: x, clientY: y } = event;
  return x < box.left - slack || x > box.right + slack || y < box.top - slack || y > box.bottom + slack;
}
