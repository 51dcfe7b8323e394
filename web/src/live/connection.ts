/** One WebSocket to the controller: says hello with the cursor, takes a snapshot after every reconnect, never gives up. */
import { decode } from "@msgpack/msgpack";
import type { ServerMessage } from "./messages";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** The server pings more often than this; longer silence means that the line is dead. */
const SILENCE_MS = 12_000;
/** The snapshot is one long message: over a slow line nothing is heard until all of it has come. */
const SNAPSHOT_MS = 40_000;
const TOPICS = ["telemetry", "tracks", "events", "alarms"];

export interface ConnectionOptions {
  url: string;
  cursor: () => number | null;
  onMessage: (message: ServerMessage) => void;
  onUp: () => void;
  onDown: () => void;
  /** Makes the socket; tests give their own. */
  open?: (url: string) => WebSocket;
}

export class LiveConnection {
  readonly #options: ConnectionOptions;
  #socket: WebSocket | null = null;
  #waitMs = FIRST_WAIT_MS;
  #again: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#again);
    clearTimeout(this.#watchdog);
    this.#socket?.close();
    this.#socket = null;
  }

  send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect(): void {
    const socket = (this.#options.open ?? ((url) => new WebSocket(url)))(this.#options.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#watch(socket);
    socket.onopen = () => {
      this.#watch(socket, SNAPSHOT_MS);
      this.send({ type: "hello", after: this.#options.cursor(), topics: TOPICS });
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#receive(socket, event.data);
    socket.onclose = () => this.#lost(socket);
  }

  #receive(socket: WebSocket, data: string | ArrayBuffer): void {
    if (socket !== this.#socket) return;
    this.#watch(socket);
    const message = (typeof data === "string" ? JSON.parse(data) : decode(data)) as ServerMessage;
    if (message.type === "snapshot") {
      this.#waitMs = FIRST_WAIT_MS;
      this.#options.onUp();
    }
    this.#options.onMessage(message);
  }

  #watch(socket: WebSocket, silenceMs = SILENCE_MS): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      socket.close();
      this.#lost(socket);
    }, silenceMs);
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket || this.#stopped) return;
    this.#socket = null;
    clearTimeout(this.#watchdog);
    this.#options.onDown();
    // Not all desks at the same moment: a controller that comes back would be run over.
    this.#again = setTimeout(() => this.#connect(), this.#waitMs * (0.75 + Math.random() / 2));
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2);
  }
}
