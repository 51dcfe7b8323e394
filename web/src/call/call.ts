/**
 * The voice and picture call between a resident's panel and the desk that answered.
 *
 * Only the shape is fixed here: the desk and the panel will talk to it alike when the call itself comes.
 */

export type CallState = "idle" | "connecting" | "talking" | "lost" | "ended";

export interface CallEnd {
  readonly state: CallState;
  /** Why it was lost or ended, for the screen. */
  readonly because: string;
  /** The other side's voice and face once it talks. */
  readonly remote: MediaStream | null;
  /** Calls `listener` after each change; returns how to stop that. */
  onChange(listener: () => void): () => void;
  /** Takes part in the call of an alarm; asks for the microphone. */
  join(alarmId: string): Promise<void>;
  mute(isMuted: boolean): void;
  leave(): Promise<void>;
}
