/** Two plans side by side: how long something that appears anywhere, at any hour, stays unseen. */
import { useState } from "react";
import { ApiError, send } from "../../api/client";
import type { Notice, PlanNotice } from "../../api/types";
import { nameOf, t, useLanguage } from "../../i18n";
import { colon, percent, span } from "../../i18n/format";
import { saidWords } from "../../i18n/said";
import { ProblemBox } from "../../shared/ProblemBox";
import { useAction, useDesk, useDeskTopics } from "../hooks";
import { Amount } from "./Field";
import { usePlanner } from "./hooks";
import { givenOf, isDrawn } from "./patrol_draft";

const DRAFT = "draft";
const SIDES = ["A", "B"] as const;
type Side = (typeof SIDES)[number];
type Chosen = Record<Side, string[]>;

/** How much is looked at: many starts on much ground are compared over fewer days, or at fewer places. */
interface Asked {
  days: number;
  spacing_m: number;
}

const USUAL: Asked = { days: 7, spacing_m: 15 };
const DASHES: Record<Side, string> = { A: "", B: "6 4" };
const [WIDTH_PX, HEIGHT_PX, LEFT_PX, BOTTOM_PX] = [340, 190, 34, 22];

export function NoticePanel() {
  useLanguage();
  const desk = useDesk();
  useDeskTopics(desk, "patrols");
  const { draft } = usePlanner();
  const action = useAction();
  const [chosen, setChosen] = useState<Chosen>({ A: [], B: [] });
  const [asked, setAsked] = useState<Asked>(USUAL);
  const [found, setFound] = useState<Found | null>(null);
  // What only starts by hand has no hours to be compared by.
  const patrols = (desk.patrols ?? []).filter((one) => one.schedule).map((one) => ({ id: one.id, name: nameOf(one) }));
  const drawn = draft?.schedule && draft.parts.some(isDrawn) ? [{ id: DRAFT, name: t("notice.draft") }] : [];
  const toggle = (side: Side, id: string): void => {
    const has = chosen[side].includes(id);
    setChosen({ ...chosen, [side]: has ? chosen[side].filter((one) => one !== id) : [...chosen[side], id] });
  };
  const compare = (): void =>
    void action.run(async () => {
      const plans = SIDES.filter((side) => chosen[side].length > 0).map((side) => ({
        name: side,
        patrol_ids: chosen[side].filter((id) => id !== DRAFT),
        patrols: chosen[side].includes(DRAFT) && draft ? [{ ...givenOf(draft), name: draft.name || "-", is_active: true }] : [],
      }));
      setFound(await compared(plans, asked));
    });
  return (
    <article className="panel planning">
      <header>
        <h1>{t("notice.title")}</h1>
      </header>
      <p className="muted">{t("notice.what")}</p>
      <table className="choose">
        <thead>
          <tr>
            <th />
            {SIDES.map((side) => (
              <th key={side} scope="col">
                {side}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...patrols, ...drawn].map(({ id, name }) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              {SIDES.map((side) => (
                <td key={side}>
                  <input
                    type="checkbox"
                    aria-label={`${side}: ${name}`}
                    checked={chosen[side].includes(id)}
                    onChange={() => toggle(side, id)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <div className="fields">
        <Amount label={t("notice.days")} unit={t("notice.days_unit")} min={1} max={31} value={asked.days} onChange={(days) => setAsked({ ...asked, days: Math.round(days) })} />
        <Amount label={t("notice.spacing")} unit="m" min={1} max={1000} value={asked.spacing_m} onChange={(spacing_m) => setAsked({ ...asked, spacing_m })} />
      </div>
      <button type="button" className="primary" disabled={action.isBusy || SIDES.every((side) => chosen[side].length === 0)} onClick={compare}>
        {action.isBusy ? t("notice.busy") : t("notice.compare")}
      </button>
      <ProblemBox error={action.error} onClose={action.clear} />
      {found && found.asked.days < found.wanted.days && <p className="note">{t("notice.fewer_days", { n: found.asked.days })}</p>}
      {found && <Result notice={found.notice} spacingM={found.asked.spacing_m} />}
    </article>
  );
}

interface Found {
  notice: Notice;
  wanted: Asked;
  /** What was really looked at: fewer days where all of them are more than the server takes. */
  asked: Asked;
}

async function compared(plans: unknown, wanted: Asked, asked: Asked = wanted): Promise<Found> {
  try {
    return { notice: await send<Notice>("POST", "/patrols/notice", { plans, ...asked }), wanted, asked };
  } catch (error) {
    if (!hasTooManyStarts(error) || asked.days <= 1) throw error;
    return compared(plans, wanted, { ...asked, days: Math.ceil(asked.days / 4) });
  }
}

/** Whether fewer days would help: other refusals have nothing to do with how many there are. */
function hasTooManyStarts(error: unknown): boolean {
  return error instanceof ApiError && (error.problem.detail_said ?? []).some((one) => one.code === "ask.too_many_sights");
}

const ROWS = [
  ["median_s", "notice.median"],
  ["p90_s", "notice.p90"],
  ["p99_s", "notice.p99"],
  ["worst_s", "notice.worst"],
  ["mean_s", "notice.mean"],
  ["mean_seen_s", "notice.mean_seen"],
  ["worst_seen_s", "notice.worst_seen"],
] as const;

function Result({ notice, spacingM }: { notice: Notice; spacingM: number }) {
  return (
    <section aria-live="polite">
      <Curves plans={notice.plans} />
      <table className="figures">
        <thead>
          <tr>
            <th />
            {notice.plans.map((plan) => (
              <th key={plan.name} scope="col">
                {plan.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ROWS.map(([field, key]) => (
            <tr key={field}>
              <th scope="row">{t(key)}</th>
              {notice.plans.map((plan) => (
                <td key={plan.name}>{plan[field] === null ? t("notice.never") : span(plan[field])}</td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">{t("notice.unseen_places")}</th>
            {notice.plans.map((plan) => (
              <td key={plan.name}>{percent(plan.never_seen_ratio)}</td>
            ))}
          </tr>
          <tr>
            <th scope="row">{t("notice.starts")}</th>
            {notice.plans.map((plan) => (
              <td key={plan.name}>{plan.starts}</td>
            ))}
          </tr>
        </tbody>
      </table>
      <p className="hint">{t("notice.places", { n: notice.places, m: spacingM })}</p>
      <ul className="reasons">
        {notice.plans.flatMap((plan) =>
          plan.problems.map((one, index) => (
            <li key={`${plan.name}${index}`}>
              {plan.name}
              {colon()}
              {saidWords(one, plan.problems_said?.[index])}
            </li>
          )),
        )}
      </ul>
    </section>
  );
}

/** The share that is still unseen after so long; the two differ by their dashes, not by colour alone. */
function Curves({ plans }: { plans: PlanNotice[] }) {
  const endS = Math.max(1, ...plans.map((plan) => plan.curve.at(-1)?.after_s ?? 0));
  const x = (afterS: number): number => LEFT_PX + (afterS / endS) * (WIDTH_PX - LEFT_PX - 8);
  const y = (ratio: number): number => 8 + (1 - ratio) * (HEIGHT_PX - BOTTOM_PX - 8);
  return (
    <svg className="curves" viewBox={`0 0 ${WIDTH_PX} ${HEIGHT_PX}`} role="img" aria-label={t("notice.curve")}>
      {[0, 0.5, 1].map((ratio) => (
        <g key={ratio}>
          <path className="grid" d={`M${LEFT_PX} ${y(ratio)} H${WIDTH_PX - 8}`} />
          <text x={2} y={y(ratio) + 4}>
            {percent(ratio)}
          </text>
        </g>
      ))}
      {[0, 0.5, 1].map((share) => (
        <text key={share} x={x(share * endS) - share * 34} y={HEIGHT_PX - 6}>
          {span(share * endS)}
        </text>
      ))}
      {plans.map((plan) => (
        <path
          key={plan.name}
          className={`plan ${plan.name}`}
          strokeDasharray={DASHES[plan.name as Side]}
          d={plan.curve.map((one, index) => `${index ? "L" : "M"}${x(one.after_s)} ${y(one.unseen_ratio)}`).join("")}
        />
      ))}
      {plans.map((plan, index) => (
        <g key={plan.name}>
          <path className={`plan ${plan.name}`} strokeDasharray={DASHES[plan.name as Side]} d={`M${WIDTH_PX - 70} ${22 + index * 18} h30`} />
          <text x={WIDTH_PX - 34} y={26 + index * 18}>
            {plan.name}
          </text>
        </g>
      ))}
    </svg>
  );
}
