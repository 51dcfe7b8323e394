/** Times, distances and shares as people read them. */
import { language, t } from "./index";

const locale = (): string => (language() === "zh" ? "zh-CN" : "en-GB");

function isToday(at: Date, now: Date): boolean {
  return at.toDateString() === now.toDateString();
}

/** Time of day; with the date when it is not today. */
export function time(iso: string | Date | null | undefined, withSeconds = true): string {
  if (!iso) return "–";
  const at = typeof iso === "string" ? new Date(iso) : iso;
  const clock: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" } : {}),
    hour12: false,
  };
  const day: Intl.DateTimeFormatOptions = isToday(at, new Date()) ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(locale(), { ...day, ...clock }).format(at);
}

/** "Mon, 5 Jan". */
export function day(at: Date): string {
  return new Intl.DateTimeFormat(locale(), { weekday: "short", month: "short", day: "numeric" }).format(at);
}

/** "14:03:07". */
export function clock(at: Date): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "medium", hour12: false }).format(at);
}

/** The zone's difference to UTC at that moment: "UTC+8"; letters like CST name several zones. */
export function zoneName(at: Date, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "shortOffset" }).formatToParts(at);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  return /^GMT(\+0)?$/.test(name) ? "UTC" : name.replace("GMT", "UTC");
}

/** The site's time of day where it is another than this page's; null where both read the same. */
export function siteClock(at: Date, timeZone: string): string | null {
  if (zoneName(at, timeZone) === zoneName(at)) return null;
  const there = new Intl.DateTimeFormat(locale(), { timeZone, hour: "2-digit", minute: "2-digit", hour12: false });
  return `${there.format(at)} ${zoneName(at, timeZone)}`;
}

/** How long ago or ahead, in the largest fitting unit. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return t("span.seconds", { n: s });
  if (s < 5400) return t("span.minutes", { n: Math.round(s / 60) });
  if (s < 129600) return t("span.hours", { n: Math.round(s / 3600) });
  return t("span.days", { n: Math.round(s / 86400) });
}

export function ago(iso: string, nowMs: number): string {
  return t("span.ago", { span: span((nowMs - Date.parse(iso)) / 1000) });
}

export function until(iso: string, nowMs: number): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  return seconds >= 0 ? t("span.in", { span: span(seconds) }) : t("span.overdue", { span: span(-seconds) });
}

export function metres(m: number): string {
  return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`;
}

/** How sure a place is: halves of metres matter where they are few. */
export function plusMinus(m: number): string {
  return `± ${m < 10 ? m.toFixed(1) : Math.round(m)} m`;
}

/** Never rounded up to the whole: 99.96 % is not all of it. */
export function shareSeen(ratio: number): string {
  const tenths = Math.floor(ratio * 1000 + 1e-6);
  return tenths >= 1000 ? inPercent("100") : inPercent((tenths / 10).toFixed(1));
}

/** A long name with its middle left out, for names often differ at their end; a Chinese letter is as wide as two others. */
export function shortened(name: string, widths: number): string {
  const letters = [...name];
  const widthOf = (letter: string): number => (letter > "\u2e7f" ? 2 : 1);
  if (letters.reduce((sum, letter) => sum + widthOf(letter), 0) <= widths) return name;
  const upTo = (ordered: string[], room: number): string[] => {
    let left = room;
    const end = ordered.findIndex((letter) => (left -= widthOf(letter)) < 0);
    return ordered.slice(0, end);
  };
  const head = upTo(letters, Math.ceil((widths - 1) / 2));
  const tail = upTo([...letters].reverse(), Math.floor((widths - 1) / 2)).reverse();
  return `${head.join("")}…${tail.join("")}`;
}

/** "Label: ", in Chinese "Label：". */
export function colon(): string {
  return language() === "zh" ? "：" : ": ";
}

/** Things one after the other: "A, B", in Chinese "A、B". */
export function listed(things: readonly string[]): string {
  return things.join(language() === "zh" ? "、" : ", ");
}

export function percent(ratio: number): string {
  return inPercent(String(Math.round(ratio * 100)));
}

/** English sets the sign apart, Chinese does not. */
function inPercent(number: string): string {
  return language() === "zh" ? `${number}%` : `${number} %`;
}
