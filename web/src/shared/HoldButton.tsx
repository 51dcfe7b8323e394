/** A button that acts only after it was held for 0.6 s, by pointer or by key: one deliberate gesture, no dialog. */
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
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
  const [isHeld, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stop = (): void => {
    clearTimeout(timer.current);
    setHeld(false);
  };
  const start = (): void => {
    if (isDisabled) return;
    clearTimeout(timer.current);
    setHeld(true);
    timer.current = setTimeout(() => {
      setHeld(false);
      onFire();
    }, HOLD_MS);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) start();
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <button
      type="button"
      className={`hold-button ${tone}${isHeld ? " held" : ""}`}
      disabled={isDisabled}
      title={t("hold.how")}
      aria-keyshortcuts={shortcut}
      onPointerDown={(event) => event.button === 0 && start()}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onKeyDown={onKeyDown}
      onKeyUp={stop}
      onBlur={stop}
      onContextMenu={(event) => event.preventDefault()}
    >
      <span className="hold-fill" aria-hidden="true" />
      <span className="hold-text">{children}</span>
      {shortcut && <kbd>{shortcut}</kbd>}
    </button>
  );
}
