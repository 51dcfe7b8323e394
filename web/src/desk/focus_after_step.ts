/** Where the keyboard goes on when a step has taken its own button away. */
import { useEffect } from "react";
import type { RefObject } from "react";

const NEXT_STEP = ".moves .hold-button:enabled";
/** The next steps are told by the server a moment after the step. */
const AWAITED_MS = 3_000;
/** Whoever opens another panel puts the keyboard there first. */
const OTHERS_FIRST_MS = 50;
const STOP = "button:enabled, input:enabled, select:enabled";

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
  let beside: (Element | null)[] = [];
  const came = (event: FocusEvent): void => {
    last = event.target as HTMLElement;
    const line = last.closest("li") ?? last;
    beside = [line.nextElementSibling, line.previousElementSibling];
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
  // A line of a list that was taken out: on with the one beside it.
  const goOnBeside = (): void => {
    const place = beside.find((one) => one?.isConnected);
    const next = place?.matches(STOP) ? (place as HTMLElement) : place?.querySelector<HTMLElement>(STOP);
    setTimeout(() => {
      if (document.activeElement === document.body) (next ?? pane).focus({ preventScroll: !next });
    }, OTHERS_FIRST_MS);
    last = null;
  };
  const changed = (): void => {
    const { activeElement } = document;
    if (activeElement === pane && performance.now() < awaitedUntilMs) {
      if (pane.querySelector(NEXT_STEP)) goOn();
    } else if (last && activeElement === document.body && !(last.isConnected && last.matches(":disabled"))) {
      if (last.isConnected) last.focus({ preventScroll: true });
      else if (isStep) goOn();
      else goOnBeside();
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
