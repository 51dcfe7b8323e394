/** Moves with their reason: a line to type in, phrases to pick, and one button a move. */
import { useId, useState } from "react";
import type { ApiError } from "../api/client";
import { t } from "../i18n";
import { HoldButton } from "../shared/HoldButton";
import { ProblemBox } from "../shared/ProblemBox";
import { useAction } from "./hooks";

export interface Move {
  to: string;
  label: string;
  /** What is written when nobody types; undefined: a person has to say why. */
  usual?: string;
}

interface Props {
  moves: Move[];
  phrases: string[];
  onMove: (to: string, because: string) => Promise<void>;
}

export function BecauseMoves({ moves, phrases, onMove }: Props) {
  const [because, setBecause] = useState("");
  const [isAsked, setAsked] = useState(false);
  const action = useAction();
  const id = useId();
  if (moves.length === 0) return <NoStep because={because} error={action.error} onClose={() => drop()} />;
  const drop = (): void => {
    setBecause("");
    action.clear();
  };
  const fire = (move: Move): void => {
    const reason = because.trim() || move.usual;
    if (!reason) {
      setAsked(true);
      document.getElementById(id)?.focus();
      return;
    }
    setAsked(false);
    void action.run(() => onMove(move.to, reason)).then((isDone) => isDone && setBecause(""));
  };
  return (
    <section className="moves" aria-label={t("moves.title")}>
      <label htmlFor={id}>{t("moves.because")}</label>
      <input
        id={id}
        value={because}
        maxLength={500}
        placeholder={t("moves.placeholder")}
        aria-invalid={isAsked && !because}
        onChange={(event) => setBecause(event.target.value)}
      />
      {isAsked && !because.trim() && (
        <p className="ask" role="alert">
          {t("moves.say_why")}
        </p>
      )}
      <div className="phrases">
        {phrases.map((phrase) => (
          <button key={phrase} type="button" className="quiet" onClick={() => setBecause(phrase)}>
            {phrase}
          </button>
        ))}
      </div>
      <div className="buttons">
        {moves.map((move) => (
          <HoldButton key={move.to} onFire={() => fire(move)}>
            {move.label}
          </HoldButton>
        ))}
      </div>
      <Result isBusy={action.isBusy} error={action.error} onClose={action.clear} />
    </section>
  );
}

/** Somebody else was quicker and left no step to take: who was about to is told so, and keeps the words. */
function NoStep({ because, error, onClose }: { because: string; error: ApiError | null; onClose: () => void }) {
  if (!error && !because.trim()) return null;
  return (
    <section className="moves">
      <div className="note" role="alert">
        {t("moves.gone")}
        {because.trim() && <p className="because">{because}</p>}
      </div>
      <ProblemBox error={error} />
      <button type="button" className="quiet" onClick={onClose}>
        {t("close")}
      </button>
    </section>
  );
}

function Result({ isBusy, error, onClose }: { isBusy: boolean; error: ApiError | null; onClose: () => void }) {
  return (
    <>
      {isBusy && <p className="fate">{t("fate.sending")}</p>}
      <ProblemBox error={error} onClose={onClose} />
    </>
  );
}
