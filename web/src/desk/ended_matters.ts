/** Cases and alarms that the live line does not tell of (those that have ended, and open ones beyond its many): a search asks for them. */
import { useEffect, useState } from "react";
import { ApiError, get } from "../api/client";
import type { Alarm, Incident } from "../api/types";
import type { Ended } from "./finding";

const NEWEST = 200;
const QUIET_MS = 250;
const SHOWN = 12;

export interface EndedMatters extends Ended {
  isAsking: boolean;
  /** They could not be asked for: what is found is what the desk knew already. */
  error: ApiError | null;
}

/** The newest ones, and any older case by a part of its number. */
export function useEndedMatters(words: string): EndedMatters {
  const number = words.split(/\s+/).find((one) => /\d{2}/.test(one)) ?? "";
  const [newest, numbered] = [useAnswer(newestEnded, "", 0), useAnswer(byNumber, number, QUIET_MS)];
  const incidents = new Map([...newest.told.incidents, ...numbered.told.incidents].map((one) => [one.id, one]));
  return {
    incidents: [...incidents.values()],
    alarms: newest.told.alarms,
    isAsking: newest.isAsking || numbered.isAsking,
    error: newest.error ?? numbered.error,
  };
}

const NOTHING: Ended = { incidents: [], alarms: [] };

async function newestEnded(): Promise<Ended> {
  const [{ incidents }, { alarms }] = await Promise.all([
    get<{ incidents: Incident[] }>(`/incidents?open=false&limit=${NEWEST}`),
    get<{ alarms: Alarm[] }>(`/alarms?open=false&limit=${NEWEST}`),
  ]);
  return { incidents, alarms };
}

async function byNumber(number: string): Promise<Ended> {
  if (number === "") return NOTHING;
  // Open ones as well: of very many, the live line tells only a part.
  const query = new URLSearchParams({ number, limit: String(SHOWN) });
  return { ...NOTHING, ...(await get<{ incidents: Incident[] }>(`/incidents?${query.toString()}`)) };
}

interface Answer {
  told: Ended;
  isAsking: boolean;
  error: ApiError | null;
}

/** Asks once the hands rest; only the answer to the newest question counts. */
function useAnswer(ask: (words: string) => Promise<Ended>, words: string, quietMs: number): Answer {
  const [answer, setAnswer] = useState<Answer & { words: string | null }>({ told: NOTHING, isAsking: true, error: null, words: null });
  useEffect(() => {
    let isWanted = true;
    const timer = setTimeout(() => {
      ask(words).then(
        (told) => isWanted && setAnswer({ told, isAsking: false, error: null, words }),
        (error: unknown) => {
          if (!(error instanceof ApiError)) throw error;
          if (isWanted) setAnswer({ told: NOTHING, isAsking: false, error, words });
        },
      );
    }, quietMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [ask, words, quietMs]);
  return answer.words === words ? answer : { ...answer, isAsking: true };
}
