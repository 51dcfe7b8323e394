/** HTTP to our own server: every write carries a key, so that sending it again does it once. */
import type { Problem } from "./types";

export const BASE = "/api/v1";
const RETRY_AFTER_MS = [400, 1200, 3000];

/** The server said no, or could not be reached (`code` is then "no_connection"). */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

type SignedOutListener = () => void;
const signedOut = new Set<SignedOutListener>();

/** Calls `listener` whenever the server no longer knows our sign-in. */
export function onSignedOut(listener: SignedOutListener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

export interface SendOptions {
  token?: string;
  key?: string;
  retries?: number;
  /** Ends the request, and what the server does for it. */
  signal?: AbortSignal;
  /** Whoever waits for an answer is told after so long that none came: a server that hangs breaks no line. */
  withinMs?: number;
}

export async function get<T>(path: string, options: { token?: string; signal?: AbortSignal } = {}): Promise<T> {
  const init: RequestInit = { headers: authorisation(options.token) };
  if (options.signal) init.signal = options.signal;
  return read<T>(await reach(path, init), path);
}

/** Sends a write, JSON or a file as it is; it is tried again with the same key when the network fails. */
export async function send<T>(method: string, path: string, body?: unknown, options: SendOptions = {}): Promise<T> {
  const deadline = deadlineOf(options);
  const init: RequestInit = {
    method,
    headers: {
      ...authorisation(options.token),
      "Idempotency-Key": options.key ?? crypto.randomUUID(),
      ...(body === undefined || body instanceof Blob ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    ...(deadline.signal ? { signal: deadline.signal } : {}),
  };
  const retries = options.retries ?? RETRY_AFTER_MS.length;
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        return await read<T>(await reach(path, init), path);
      } catch (error) {
        if (deadline.isOver()) throw noConnection(error);
        const mayRetry = error instanceof ApiError && error.code === "no_connection" && attempt < retries;
        if (!mayRetry) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS[attempt]));
      }
    }
  } finally {
    deadline.stop();
  }
}

interface Deadline {
  signal: AbortSignal | undefined;
  isOver: () => boolean;
  stop: () => void;
}

function deadlineOf({ signal, withinMs }: SendOptions): Deadline {
  if (withinMs === undefined) return { signal, isOver: () => false, stop: () => undefined };
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), withinMs);
  return {
    signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
    isOver: () => over.signal.aborted,
    stop: () => clearTimeout(timer),
  };
}

function noConnection(error: unknown): ApiError {
  return new ApiError({ status: 0, code: "no_connection", detail: String(error) });
}

function authorisation(token?: string): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(BASE + path, { ...init, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw noConnection(error);
  }
}

async function read<T>(response: Response, path: string): Promise<T> {
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/session") signedOut.forEach((listener) => listener());
  throw new ApiError(problem);
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { status: response.status, code: `http_${response.status}`, detail: response.statusText };
  if (!response.headers.get("content-type")?.includes("json")) return fallback;
  return { ...fallback, ...((await response.json()) as Partial<Problem>) };
}
