/** What the controller tells and takes, by the names that the pages use. */

export type Place = [number, number];
export type Param = string | number | boolean | null;

export interface Problem {
  status: number;
  code: string;
  title?: string;
  detail: string;
  where?: string | null;
  remedy?: string | null;
  params?: Record<string, Param>;
  problems?: Record<string, Param>[];
}

export interface User {
  id: string;
  name: string;
  roles: string[];
  permissions: string[];
  panel_id: string | null;
}

export interface Site {
  name: string;
  name_zh: string;
  time_zone: string;
  origin: Place;
  return_height_agl_m: number;
  docks: { id: string; name: string; name_zh: string; place: Place }[];
  panels: { id: string; name: string; name_zh: string; place: Place }[];
  basemap: GeoJSON.FeatureCollection;
}

export interface VehicleState {
  position: Place | null;
  height_agl_m: number | null;
  heading_deg: number | null;
  speed_m_s: number;
  battery_ratio: number | null;
  mode: string;
  is_armed: boolean | null;
  is_airborne: boolean;
  gps_ok: boolean | null;
  link_up: boolean;
  is_stale: boolean;
  age_s: number | null;
  because: string;
}

export interface Reason {
  code: string;
  text: string;
  params: Record<string, Param>;
}

export interface Eyes {
  source: string;
  frames_analysed: number;
  frames_not_assessed: number;
  frames_dropped: number;
  sightings: number;
  at: string;
}

export interface Vehicle {
  id: string;
  name: string;
  name_zh: string;
  kind: string;
  dock_id: string;
  capabilities: string[];
  doing: string;
  state: VehicleState;
  run_id: string | null;
  order_id: string | null;
  order_state: string | null;
  order_because: string;
  legs_done: number;
  legs_total: number;
  current_leg: string;
  readiness: { is_ready: boolean; because: Reason[] };
  perception: Eyes | null;
  out_of_service: string | null;
}

export interface Leg {
  place: Place;
  height_agl_m: number;
  speed_m_s: number;
  purpose: string;
  dwell_s: number;
  name: string;
}

export interface Order {
  id: string;
  vehicle_id: string;
  run_id: string | null;
  purpose: string;
  state: string;
  legs_done: number;
  because: string;
  return_height_agl_m: number;
  legs: Leg[];
}

export interface Failsafe {
  phase: string;
  failure: string;
  action: string;
  text: string;
  text_zh: string;
}

export type CommandKind = "hold" | "resume" | "return" | "land";

export interface Command {
  id: string;
  vehicle_id: string;
  kind: string;
  made_at: string;
  state: string;
  state_because: string;
  state_at: string;
}

export interface PatrolGiven {
  id?: string | null;
  name: string;
  name_zh?: string;
  parts: Record<string, unknown>[];
  height_agl_m: number;
  speed_m_s: number;
  vehicle_ids?: string[];
  schedule?: { rule: string; first_start_local: string; time_zone: string } | null;
  is_active?: boolean;
  revision?: number;
}

export interface Patrol extends Required<Omit<PatrolGiven, "id">> {
  id: string;
  next_start_at: string | null;
}

export interface PatrolCheck {
  is_flyable: boolean;
  vehicle_id: string | null;
  route: [number, number, number][];
  duration_s: number;
  distance_m: number;
  violations: {
    leg: number | null;
    phase: string;
    zone_id: string | null;
    place: Place | null;
    amount_m: number | null;
    because: string;
    remedy: string;
  }[];
  problems: { where: string; what: string; remedy: string }[];
}

export interface Run {
  id: string;
  kind: string;
  patrol_id: string | null;
  alarm_id: string | null;
  name: string;
  state: string;
  vehicle_id: string | null;
  asked_by: string;
  planned_at: string;
  started_at: string | null;
  ended_at: string | null;
  place: Place | null;
  legs_total: number;
  legs_done: number;
  because: string;
}

export interface Ellipse {
  major_m: number;
  minor_m: number;
  heading_deg: number;
}

export interface Sighting {
  id: string;
  vehicle_id: string;
  incident_id: string | null;
  kind: string;
  zone_id: string | null;
  place: Place;
  ellipse: Ellipse;
  first_seen_at: string;
  last_seen_at: string;
  observed_s: number;
  score: number;
  because: string;
  facts: Record<string, unknown>;
  rule: string;
  photos: string[];
}

export interface Incident {
  id: string;
  number: string;
  kind: string;
  state: string;
  place: Place;
  zone_id: string | null;
  grid_id: string | null;
  worker: string | null;
  sightings: number;
  first_seen_at: string;
  last_seen_at: string;
  due_at: string | null;
  closed_at: string | null;
  reworks: number;
  needs_decision: boolean;
  because: string;
  revision: number;
}

export interface StoryLine {
  at: string;
  actor: string;
  what: string;
  because: string;
}

export interface Photo {
  id: string;
  kind: string;
  url: string;
  box: [number, number, number, number] | null;
  width_px: number;
  height_px: number;
  at: string;
}

export interface IncidentDetail extends Incident {
  timeline: StoryLine[];
  photos: Photo[];
  next_states: string[];
}

export interface Alarm {
  id: string;
  number: string;
  press_id: string;
  panel_id: string;
  panel_name: string;
  panel_name_zh: string;
  place: Place;
  state: string;
  is_open: boolean;
  pressed_at: string;
  raised_at: string;
  answered_at: string | null;
  answered_by: string | null;
  ended_at: string | null;
  escalation: number;
  look_run_id: string | null;
  mistaken: boolean;
  because: string;
  revision: number;
}

export interface AlarmDetail extends Alarm {
  timeline: StoryLine[];
  next_states: string[];
}

/** What the resident is told about the own alarm. */
export interface PanelAlarm {
  press_id: string;
  number: string;
  state: string;
  is_open: boolean;
  is_vehicle_coming: boolean;
  mistaken: boolean;
}

export interface Kind {
  code: string;
  name: string;
  name_zh: string;
}
