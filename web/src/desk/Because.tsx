/** Moves with their reason: a line to type in, phrases to pick, and one button a move. */
import { useEffect, useId, useState } from "react";
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
  /** No step is left, for good: whoever still has words in hand is told so. */
  hasEnded?: boolean;
  /** The step is not to be taken yet; words may be written meanwhile. */
  isDisabled?: boolean;
  /** Told whether there are words, a step on its way or its refusal, that must not go away with what they are about. */
  onInHand?: ((isInHand: boolean) => void) | undefined;
  onMove: (to: string, because: string) => Promise<void>;
}

export function BecauseMoves({ moves, phrases, hasEnded = false, isDisabled = false, onInHand, onMove }: Props) {
  const [because, setBecause] = useState("");
  const [isAsked, setAsked] = useState(false);
  const action = useAction();
  const id = useId();
  const isInHand = because.trim() !== "" || action.isBusy || action.error !== null;
  useEffect(() => onInHand?.(isInHand), [onInHand, isInHand]);
  const drop = (): void => {
    setBecause("");
    action.clear();
  };
  if (hasEnded) return <NoStep because={because} isBusy={action.isBusy} error={action.error} onClose={drop} />;
  // Between two steps nothing may be offered for a moment: what was typed stays where it is.
  if (moves.length === 0 && !because && !action.isBusy && !action.error) return null;
  const fire = (move: Move): void => {
    const reason = because.trim() || move.usual;
    if (!reason) {
      setAsked(true);
      document.getElementById(id)?.focus();
      return;
    }
    setAsked(false);
    void action.run(async () => {
      await onMove(move.to, reason);
      setBecause("");
    });
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
          <HoldButton key={move.to} isDisabled={isDisabled} onFire={() => fire(move)}>
            {move.label}
          </HoldButton>
        ))}
      </div>
      <Result isBusy={action.isBusy} error={action.error} onClose={action.clear} />
    </section>
  );
}

interface NoStepProps {
  because: string;
  isBusy: boolean;
  error: ApiError | null;
  onClose: () => void;
}

/** It has ended and left no step to take: who was about to is told so, and keeps the words. Whether the own step, still on
 * its way or without an answer, was the one that ended it, nobody knows here. */
export function NoStep({ because, isBusy, error, onClose }: NoStepProps) {
  const typed = because.trim();
  if (isBusy) return <p className="fate">{t("fate.sending")}</p>;
  if (!error && !typed) return null;
  return (
    <section className="moves">
      {error?.code !== "no_connection" && (
        <p className="note" role="alert">
          {t("moves.gone")}
        </p>
      )}
      {typed && <p className="because">{t("moves.typed", { words: typed })}</p>}
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
