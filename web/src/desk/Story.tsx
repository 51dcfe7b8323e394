import type { StoryLine } from "../api/types";
import { t, word } from "../i18n";
import { time } from "../i18n/format";

export function Story({ lines }: { lines: StoryLine[] }) {
  return (
    <section>
      <h2>{t("story.title")}</h2>
      <ol className="story">
        {lines.map((line, index) => (
          <li key={index}>
            <time>{time(line.at)}</time>
            <span>
              <strong>{word("what", line.what)}</strong> <span className="muted">{line.actor}</span>
              {line.because && <span className="because">{line.because}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
