/** `/` finds anything by its name or number: vehicles, patrols, cases, alarms, zones and help panels. */
import { useEffect, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { t, useLanguage } from "../i18n";
import { found } from "./finding";
import type { Hit } from "./finding";
import { useDesk } from "./hooks";
import { useEndedMatters } from "./ended_matters";

export function Search({ onClose }: { onClose: () => void }) {
  useLanguage();
  const desk = useDesk();
  const dialog = useRef<HTMLDialogElement>(null);
  const [before] = useState(() => document.activeElement);
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  // Not modal: an alarm that rings meanwhile can be answered with a click.
  useEffect(() => dialog.current?.show(), []);
  const ended = useEndedMatters(words);
  const hits = found(desk, ended, words);
  const current = Math.min(at, hits.length - 1);
  const open = (hit: Hit | undefined): void => {
    if (!hit) return;
    onClose();
    hit.open();
  };
  const press = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0) setAt(Math.max(0, Math.min(hits.length - 1, current + by)));
    else if (event.nativeEvent.isComposing) return;
    else if (event.key === "Enter") open(hits[current]);
    else if (event.key === "Escape") {
      onClose();
      // Nothing was opened: the keyboard goes on where it was.
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="floating search" onClose={onClose} onBlur={onClose} aria-label={t("search.title")}>
      <input
        autoFocus
        value={words}
        placeholder={t("search.what")}
        aria-label={t("search.title")}
        role="combobox"
        aria-expanded={hits.length > 0}
        aria-controls="search-hits"
        aria-activedescendant={hits[current] ? `hit-${current}` : undefined}
        onChange={(event) => {
          setWords(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div id="search-hits" role="listbox" aria-label={t("search.hits")} onMouseDown={(event) => event.preventDefault()}>
        {hits.map((hit, index) => (
          <div key={hit.key} id={`hit-${index}`} role="option" aria-selected={index === current} className={`row${index === current ? " current" : ""}`} onClick={() => open(hit)}>
            <span className="row-title">{hit.title}</span>
            <span className="row-more">{hit.more}</span>
          </div>
        ))}
      </div>
      {words.trim() !== "" && hits.length === 0 && <p className="empty">{ended.isAsking ? t("search.asking") : t("search.nothing")}</p>}
      {ended.error && <p className="note">{t("search.open_only")}</p>}
    </dialog>
  );
}
