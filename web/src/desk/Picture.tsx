/** The newest picture of a vehicle's camera, once a second; it says so when it is not new. */
import { useEffect, useState } from "react";
import { BASE } from "../api/client";
import { t, useLanguage, word } from "../i18n";
import { ago, listed } from "../i18n/format";
import { useNow } from "./hooks";
import { Turns } from "./turns";

const EVERY_MS = 1000;
/** Where there was none it is asked for less often. */
const NONE_YET_MS = 4000;
const OLD_MS = 4000;
/** Browsers have six lines to one server: on a slow net, words to vehicles must not wait behind the pictures of forty. */
const AT_A_TIME = 2;
/** One that hangs takes the turn of the others no longer than this. */
const GIVEN_UP_MS = 15_000;
const turns = new Turns(AT_A_TIME);

interface Followed {
  track: number;
  label: string;
  score: number;
  box: [number, number, number, number];
}

interface Shot {
  url: string;
  takenAt: string;
  size: string;
  followed: Followed[];
}

export function Picture({ vehicleId, isSmall = false }: { vehicleId: string; isSmall?: boolean }) {
  useLanguage();
  const shot = usePicture(vehicleId);
  const nowMs = useNow();
  if (!shot) return <div className={`picture none${isSmall ? " small" : ""}`}>{t("picture.none")}</div>;
  const isOld = nowMs - Date.parse(shot.takenAt) > OLD_MS;
  return (
    <figure className={`picture${isOld ? " old" : ""}${isSmall ? " small" : ""}`}>
      <img src={shot.url} alt={t("picture.what")} />
      {!isSmall && <Boxes shot={shot} />}
      {isOld && <figcaption>{ago(shot.takenAt, nowMs)}</figcaption>}
    </figure>
  );
}

/** What the eyes follow, on the very frame in which it was seen. */
function Boxes({ shot }: { shot: Shot }) {
  const [width, height] = shot.size.split("x").map(Number);
  if (!width || !height || shot.followed.length === 0) return null;
  return (
    <svg className="boxes" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid slice" role="img" aria-label={inWords(shot)}>
      {shot.followed.map(({ track, label, box: [left, top, right, bottom] }) => (
        <g key={track}>
          <rect x={left} y={top} width={right - left} height={bottom - top} />
          <text x={left} y={Math.max(top - 4, 12)}>
            {word("label", label)} {track}
          </text>
        </g>
      ))}
    </svg>
  );
}

function inWords(shot: Shot): string {
  return listed(shot.followed.map((one) => word("label", one.label)));
}

function usePicture(vehicleId: string): Shot | null {
  const [shot, setShot] = useState<Shot | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    let url: string | null = null;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      const next = document.hidden ? null : await turns.take(() => (stop.signal.aborted ? Promise.resolve(null) : fetchPicture(vehicleId, stop.signal)));
      if (stop.signal.aborted) return;
      if (next) {
        if (url) URL.revokeObjectURL(url);
        url = next.url;
        setShot(next);
      }
      timer = setTimeout(() => void look(), next || document.hidden ? EVERY_MS : NONE_YET_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
      if (url) URL.revokeObjectURL(url);
    };
  }, [vehicleId]);
  return shot;
}

/** Returns null where there is none or the server cannot be reached: the old one stays and shows its age. */
async function fetchPicture(vehicleId: string, signal: AbortSignal): Promise<Shot | null> {
  try {
    const response = await fetch(`${BASE}/vehicles/${encodeURIComponent(vehicleId)}/picture`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(GIVEN_UP_MS)]),
      priority: "low",
    });
    if (!response.ok) return null;
    const takenAt = response.headers.get("X-Taken-At") ?? new Date().toISOString();
    const size = response.headers.get("X-Size") ?? "";
    const followed = JSON.parse(response.headers.get("X-Tracks") ?? "[]") as Followed[];
    return { url: URL.createObjectURL(await response.blob()), takenAt, size, followed };
  } catch {
    return null;
  }
}
