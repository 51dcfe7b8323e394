/** The messages of the live WebSocket. */
import type { Alarm, Command, Eyes, Incident, Place, Problem, Run, Sighting, Vehicle, VehicleState } from "../api/types";

export interface Snapshot {
  type: "snapshot";
  /** The journal's newest line that the snapshot contains; events go on behind `after`. */
  cursor: number;
  after: number;
  /** What the account may not see is left out. */
  vehicles?: Vehicle[];
  runs?: Run[];
  incidents?: Incident[];
  alarms?: Alarm[];
  /** The ids of the open cases that `incidents` leaves out since they are very many. */
  hidden_incidents?: string[];
  /** Those of them that wait for a decision. */
  hidden_waiting?: string[];
  sightings?: Sighting[];
  /** People's words to vehicles that are on their way or changed in the last minutes, with what became of them. */
  commands?: Command[];
}

export interface EventMessage {
  type: "event";
  cursor: number;
  /** Older than the snapshot, which already shows what it changed. */
  replayed: boolean;
  subject: string;
  key: string;
  at: string;
  body: Record<string, unknown>;
}

export interface Telemetry {
  type: "telemetry";
  vehicles: { id: string; state: VehicleState; perception: Eyes | null }[];
}

export interface Tracks {
  type: "tracks";
  vehicle_id: string;
  at: string;
  footprint: Place[];
  tracks: { id: number; label: string; place: Place; score: number }[];
}

export interface AlarmMessage {
  type: "alarm";
  alarm: Alarm;
}

export interface Ping {
  type: "ping";
}

/** The server's last word before it closes the line. */
export interface ProblemMessage extends Problem {
  type: "problem";
}

export type ServerMessage = Snapshot | EventMessage | Telemetry | Tracks | AlarmMessage | Ping | ProblemMessage;

/** Reads a command in the form of the journal, or of the REST interface. */
export function commandOf(body: Record<string, unknown>): Command {
  if ("state_because" in body) return body as unknown as Command;
  const told = body as unknown as Command & { asked_because: string; at: string };
  const asked = { because: told.asked_because, because_said: [] };
  return { ...told, ...asked, state_because: told.because, state_because_said: told.because_said, state_at: told.at };
}
