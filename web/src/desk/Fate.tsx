/** What became of the newest words to a vehicle: sent, accepted by it, done, or failed because. */
import { becauseWords, saidWords } from "../i18n/said";
import type { Command } from "../api/types";
import { t, useLanguage, word } from "../i18n";
import { colon, time } from "../i18n/format";
import { useLive } from "./hooks";

const STEPS = ["sent", "accepted", "done"];
const SHOWN = 2;

export function Fate({ vehicleId }: { vehicleId: string }) {
  useLanguage();
  const store = useLive("commands");
  const own = [...store.commands.values()].filter((one) => one.vehicle_id === vehicleId);
  const newest = own.sort((a, b) => b.made_at.localeCompare(a.made_at)).slice(0, SHOWN);
  return (
    <div aria-live="polite">
      {newest.map((command) => (
        <OneFate key={command.id} command={command} />
      ))}
    </div>
  );
}

function OneFate({ command }: { command: Command }) {
  const reached = STEPS.indexOf(command.state);
  return (
    <p className={`fate ${command.state}`} data-fate={command.state}>
      <strong>{word("command", command.kind)}</strong> <span className="muted">{time(command.made_at)}</span>
      <br />
      {command.because && <span className="because">{becauseWords(command)}</span>}
      {reached >= 0
        ? STEPS.slice(0, reached + 1)
            .map((step) => word("fate", step))
            .join(" → ")
        : `${word("fate", command.state)}${colon()}${saidWords(command.state_because, command.state_because_said) || t("unknown")}`}
      {reached >= 0 && reached < 2 ? " …" : ""}
    </p>
  );
}
