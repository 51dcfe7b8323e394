/** Where the keyboard goes on when a step has taken its own button away. */
import { useEffect } from "react";
import type { RefObject } from "react";

const NEXT_STEP = ".moves .hold-button:enabled";
/** The next steps are told by the server a moment after the step. */
const AWAITED_MS = 3_000;

/** A step taken by keys takes its button away, or switches it off for as long as it is on its way: the keyboard goes on
 * at the next step, or at the panel where there is none. Whoever clicked elsewhere meanwhile is left there. */
export function useFocusAfterStep(pane: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = pane.current;
    return element ? keepFocus(element) : undefined;
  }, [pane]);
}

function keepFocus(pane: HTMLElement): () => void {
  let last: HTMLElement | null = null;
  let isStep = false;
  let awaitedUntilMs = 0;
  const came = (event: FocusEvent): void => {
    last = event.target as HTMLElement;
    isStep = last.closest(".moves, .answer, .hold-button") !== null;
  };
  const left = (event: FocusEvent): void => {
    const lost = event.target as HTMLElement;
    // What is taken away, or switched off, loses the keyboard as well: then it is not in use any more a moment later.
    setTimeout(() => {
      if (lost === last && lost.isConnected && !lost.matches(":disabled")) last = null;
    });
  };
  const goOn = (): void => {
    const next = pane.querySelector<HTMLElement>(NEXT_STEP);
    awaitedUntilMs = next ? 0 : performance.now() + AWAITED_MS;
    (next ?? pane).focus({ preventScroll: true });
  };
  const changed = (): void => {
    const { activeElement } = document;
    if (activeElement === pane && performance.now() < awaitedUntilMs) {
      if (pane.querySelector(NEXT_STEP)) goOn();
    } else if (last && activeElement === document.body && !(last.isConnected && last.matches(":disabled"))) {
      if (last.isConnected) last.focus({ preventScroll: true });
      // Of all else that goes away (a part of a list) the browser knows the place: Tab goes on from there.
      else if (isStep) goOn();
      else last = null;
    }
  };
  const stop = new AbortController();
  pane.addEventListener("focusin", came, { signal: stop.signal });
  pane.addEventListener("focusout", left, { signal: stop.signal });
  const watch = new MutationObserver(changed);
  watch.observe(pane, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  return () => {
    stop.abort();
    watch.disconnect();
  };
}
