/** What people ask of the server from the desk; the answer is on the screen before the live line tells of it. */
import { ApiError, send } from "../api/client";
import type { Alarm, Command, CommandKind, Incident, Patrol, PatrolCheck, PatrolGiven, Run } from "../api/types";
import { t } from "../i18n";
import { commandOf } from "../live/messages";
import { UNANSWERED } from "../live/store";
import type { LiveStore } from "../live/store";

interface RequestsOptions {
  store: LiveStore;
  /** The patrols, or the vehicles' readiness, are not what they were. */
  onPatrols: () => Promise<void>;
  onFleet: () => void;
}

/** How long people wait before they are told that nobody answers. */
const COMMAND = { withinMs: 12_000 };
const STEP = { withinMs: 20_000 };

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  async command(vehicleId: string, kind: CommandKind): Promise<Command> {
    const path = `/vehicles/${encodeURIComponent(vehicleId)}/commands`;
    const because = t(`because.${kind}`);
    const made_at = new Date().toISOString();
    const before = new Set(this.#options.store.commands.keys());
    try {
      const command = commandOf(await send<Record<string, unknown>>("POST", path, { kind, because }, COMMAND));
      this.#options.store.putCommand(command);
      return command;
    } catch (error) {
      // The server may have done it and only its answer was lost: who looks elsewhere meanwhile finds both said here.
      if (error instanceof ApiError && error.code === "no_connection") {
        this.#options.store.putUnanswered(unanswered({ vehicle_id: vehicleId, kind, because, made_at }), before);
      }
      throw error;
    }
  }

  async setService(vehicleId: string, isInService: boolean, because: string): Promise<void> {
    const path = `/vehicles/${encodeURIComponent(vehicleId)}/service`;
    await send("PUT", path, { in_service: isInService, because }, STEP);
    this.#options.onFleet();
  }

  async startPatrol(patrolId: string, vehicleId: string | null): Promise<Run> {
    const run = await send<Run>("POST", `/patrols/${patrolId}/runs`, { vehicle_id: vehicleId }, STEP);
    this.#options.store.putRun(run);
    return run;
  }

  async cancelRun(runId: string, because: string): Promise<void> {
    this.#options.store.putRun(await send<Run>("POST", `/runs/${runId}/cancel`, { because }, STEP));
  }

  async addPatrol(patrol: PatrolGiven): Promise<Patrol> {
    const stored = await send<Patrol>("POST", "/patrols", patrol);
    await this.#options.onPatrols();
    return stored;
  }

  /** Plans and proves without storing anything, so it needs no key. */
  checkPatrol(patrol: PatrolGiven): Promise<PatrolCheck> {
    return send<PatrolCheck>("POST", "/patrols/check", patrol);
  }

  async moveIncident(incident: Incident, to: string, because: string): Promise<void> {
    const step = { to, because, revision: incident.revision };
    this.#options.store.putIncident(await send<Incident>("POST", `/incidents/${incident.id}/moves`, step, STEP));
  }

  async moveAlarm(alarm: Alarm, to: string, because: string): Promise<void> {
    const step = { to, because, revision: alarm.revision };
    this.#options.store.putAlarm(await send<Alarm>("POST", `/alarms/${alarm.id}/moves`, step, STEP));
  }

  answer(alarm: Alarm): Promise<void> {
    return this.moveAlarm(alarm, "answered", t("because.answered"));
  }

  async look(alarm: Alarm, vehicleId: string | null): Promise<void> {
    const told = await send<Alarm>("POST", `/alarms/${alarm.id}/look`, { vehicle_id: vehicleId }, STEP);
    this.#options.store.putAlarm(told);
  }
}

function unanswered(given: Pick<Command, "vehicle_id" | "kind" | "because" | "made_at">): Command {
  const fate = { state: UNANSWERED, state_because: t("fate.unanswered_because"), state_because_said: [], state_at: given.made_at };
  return { ...given, ...fate, id: crypto.randomUUID(), expires_at: given.made_at, because_said: [] };
}
