/** One help alarm: where, since when, who answered, and what is done about it. */
import { becauseWords } from "../i18n/said";
import { get } from "../api/client";
import type { Alarm, AlarmDetail } from "../api/types";
import { t, useLanguage, word } from "../i18n";
import { ago, time } from "../i18n/format";
import { HoldButton } from "../shared/HoldButton";
import { ProblemBox } from "../shared/ProblemBox";
import { BecauseMoves } from "./Because";
import type { Move } from "./Because";
import { useAction, useDesk, useLive, useLoaded, useNow } from "./hooks";
import { Picture } from "./Picture";
import { Story } from "./Story";

const ORDER = ["responding", "on_scene", "resolved", "false_alarm", "ringing"];

export function AlarmPanel({ id }: { id: string }) {
  useLanguage();
  const store = useLive("alarms");
  const live = store.alarms.get(id);
  const detail = useLoaded(() => get<AlarmDetail>(`/alarms/${id}`), `${live?.revision} ${live?.state}`, id);
  const alarm = live ?? detail.value;
  if (!alarm) return detail.error ? <ProblemBox error={detail.error} /> : <p className="empty">{t("loading")}</p>;
  return (
    <article className="panel alarm-panel">
      <AlarmHead alarm={alarm} />
      <AlarmSteps alarm={alarm} nextStates={detail.value?.next_states ?? []} />
      <LookOn alarm={alarm} />
      {detail.value && <Story lines={detail.value.timeline} />}
      <ProblemBox error={detail.error} />
    </article>
  );
}

function AlarmHead({ alarm }: { alarm: Alarm }) {
  const isRinging = alarm.state === "raised" || alarm.state === "ringing";
  const nowMs = useNow();
  return (
    <header>
      <h1>
        <span className="sign alarm" aria-hidden="true">
          !
        </span>{" "}
        {useDesk().names.alarm(alarm)}
      </h1>
      <p className="state-words">{word("alarm", alarm.state)}</p>
      <p className="muted">
        {alarm.number} · {time(alarm.pressed_at)} · {ago(alarm.pressed_at, nowMs)}
      </p>
      {!isRinging && <p className="because">{becauseWords(alarm)}</p>}
      {alarm.answered_by && <p>{t("alarm.answered_by", { who: alarm.answered_by, time: time(alarm.answered_at) })}</p>}
      {alarm.mistaken && <p className="note">{t("alarm.mistaken")}</p>}
      {alarm.escalation > 0 && isRinging && <p className="note">{word("escalation", String(alarm.escalation))}</p>}
    </header>
  );
}

function AlarmSteps({ alarm, nextStates }: { alarm: Alarm; nextStates: string[] }) {
  const desk = useDesk();
  const action = useAction();
  if (!desk.may("answer_alarms")) return null;
  const isRinging = alarm.state === "raised" || alarm.state === "ringing";
  const moves = isRinging || !alarm.is_open ? [] : ORDER.filter((to) => nextStates.includes(to)).map((to) => move(to));
  return (
    <>
      {isRinging && (
        <button type="button" className="answer big" onClick={() => void action.run(() => desk.requests.answer(alarm))}>
          {t("alarm.answer")} <kbd>A</kbd>
        </button>
      )}
      <ProblemBox error={action.error} onClose={action.clear} />
      <BecauseMoves
        moves={moves}
        hasEnded={!alarm.is_open}
        phrases={[t("phrase.helped"), t("phrase.handed_over"), t("phrase.nobody"), t("phrase.mistake")]}
        onMove={(to, because) => desk.requests.moveAlarm(alarm, to, because)}
      />
    </>
  );
}

/** Ending an alarm always needs a person's own reason; going there does not. */
function move(to: string): Move {
  const label = word("alarm_move", to);
  if (to === "responding") return { to, label, usual: t("because.responding") };
  if (to === "on_scene") return { to, label, usual: t("because.on_scene") };
  return { to, label };
}

function LookOn({ alarm }: { alarm: Alarm }) {
  const desk = useDesk();
  const store = useLive("runs", "vehicles");
  const action = useAction();
  const run = alarm.look_run_id ? store.runs.get(alarm.look_run_id) : undefined;
  const vehicleId = run?.vehicle_id;
  return (
    <section>
      <h2>{t("look.title")}</h2>
      {run && (
        <p>
          {run.vehicle_id ? desk.names.vehicle(run.vehicle_id) : t("look.waiting")} · {word("run", run.state)}
          <span className="because">{becauseWords(run)}</span>
        </p>
      )}
      {alarm.is_open && desk.may("answer_alarms") && (
        <HoldButton onFire={() => void action.run(() => desk.requests.look(alarm, null))}>{t("look.send")}</HoldButton>
      )}
      {action.isBusy && <p className="fate">{t("fate.sending")}</p>}
      <ProblemBox error={action.error} onClose={action.clear} />
      {vehicleId && <Picture vehicleId={vehicleId} />}
    </section>
  );
}
