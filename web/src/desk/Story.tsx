import { becauseWords } from "../i18n/said";
import type { StoryLine } from "../api/types";
import { t, word } from "../i18n";
import { time } from "../i18n/format";
import { useDesk } from "./hooks";

/** Their sentence says no more than their word. */
const SAID_BY_THE_WORD = new Set(["raised", "rung", "ringing"]);

export function Story({ lines }: { lines: StoryLine[] }) {
  const desk = useDesk();
  return (
    <section>
      <h2>{t("story.title")}</h2>
      <ol className="story">
        {lines.toReversed().map((line, index) => (
          <li key={index}>
            <time>{time(line.at)}</time>
            <span>
              <strong>{word("what", line.what)}</strong> <span className="muted">{desk.names.actor(line.actor)}</span>
              {line.because && !SAID_BY_THE_WORD.has(line.what) && <span className="because">{becauseWords(line)}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
