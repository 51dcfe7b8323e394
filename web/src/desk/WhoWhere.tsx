/** Who stood where when a rule fired, as a small plan: north is up, people are round, things are square. */
import { t, word } from "../i18n";
import { colon, listed } from "../i18n/format";

interface Member {
  label: string;
  east_m: number;
  north_m: number;
}

const SIZE_PX = 180;
const EDGE_PX = 18;
const LEAST_M = 4;

export function WhoWhere({ facts }: { facts: Record<string, unknown> }) {
  const who = membersOf(facts["who"]);
  if (who.length === 0) return null;
  const [west, east] = [Math.min(...who.map((one) => one.east_m)), Math.max(...who.map((one) => one.east_m))];
  const [south, north] = [Math.min(...who.map((one) => one.north_m)), Math.max(...who.map((one) => one.north_m))];
  const widthM = Math.max(east - west, north - south, LEAST_M);
  const perM = (SIZE_PX - 2 * EDGE_PX) / widthM;
  const x = (one: Member): number => SIZE_PX / 2 + (one.east_m - (west + east) / 2) * perM;
  const y = (one: Member): number => SIZE_PX / 2 - (one.north_m - (south + north) / 2) * perM;
  return (
    <figure className="who">
      <svg viewBox={`0 0 ${SIZE_PX} ${SIZE_PX}`} role="img" aria-label={inWords(who)}>
        {who.map((one, index) =>
          one.label === "person" ? (
            <circle key={index} cx={x(one)} cy={y(one)} r={5} />
          ) : (
            <rect key={index} x={x(one) - 6} y={y(one) - 6} width={12} height={12} />
          ),
        )}
        <path d={`M8 ${SIZE_PX - 8} h${2 * perM}`} />
        <text x={8} y={SIZE_PX - 12}>
          2 m
        </text>
        <text x={SIZE_PX - 16} y={16}>
          ↑N
        </text>
      </svg>
      <figcaption>
        {t("sighting.who")}
        {colon()}
        {inWords(who)}
      </figcaption>
    </figure>
  );
}

function membersOf(value: unknown): Member[] {
  return Array.isArray(value) ? (value as Member[]) : [];
}

/** "4 × person, 1 × cart". */
function inWords(who: Member[]): string {
  const counts = new Map<string, number>();
  who.forEach((one) => counts.set(one.label, (counts.get(one.label) ?? 0) + 1));
  return listed([...counts].map(([label, n]) => `${n} × ${word("label", label)}`));
}
