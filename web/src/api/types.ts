/** The names that the pages use for the generated types (`make generate` writes schema.ts). */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Place = [number, number];
export type Param = string | number | boolean | null;

/** RFC 9457 problem details; only the first three are there for certain. */
export type Problem = Pick<Schemas["Problem"], "status" | "code" | "detail"> & Partial<Schemas["Problem"]>;
export type User = Schemas["UserTold"];
export type Permission = Schemas["Permission"];
export type Site = Omit<Schemas["SiteTold"], "basemap"> & { basemap: GeoJSON.FeatureCollection };
export type VehicleState = Schemas["StateTold"];
export type Said = Schemas["SaidTold"];
export type Reason = Schemas["ReasonTold"];
export type Eyes = Schemas["EyesTold"];
export type Vehicle = Schemas["VehicleTold"];
export type Leg = Schemas["LegTold"];
export type Order = Schemas["OrderTold"];
export type Failsafes = Schemas["FailsafesTold"];
export type Failsafe = Schemas["FailsafeTold"];
export type CommandKind = Schemas["CommandKind"];
export type Command = Schemas["CommandTold"];
export type PatrolGiven = Schemas["PatrolGiven"];
export type Patrol = Schemas["PatrolTold"];
export type PatrolCheck = Schemas["PatrolCheckTold"];
export type Run = Schemas["RunTold"];
export type RunRemainder = Schemas["RunRemainderTold"];
export type Coverage = Omit<Schemas["RunCoverageTold"], "map"> & { map: GeoJSON.FeatureCollection };
export type Sighting = Schemas["SightingTold"];
export type Incident = Schemas["IncidentTold"];
export type IncidentDetail = Schemas["IncidentInFullTold"];
export type StoryLine = Schemas["LineTold"];
export type Photo = Schemas["PhotoTold"];
export type Alarm = Schemas["AlarmTold"];
export type AlarmDetail = Schemas["AlarmInFullTold"];
export type PanelAlarm = Schemas["PanelAlarmTold"];
export type Kind = Schemas["KindTold"];
export type PatrolStarts = Schemas["PatrolStartsTold"];
export type Zones = Schemas["ZonesTold"];
export type ZoneRevision = Schemas["ZoneRevisionTold"];
export type ZoneHistory = Schemas["ZoneHistoryTold"];
export type ZoneCheck = Schemas["ZoneCheckTold"];
export type Notice = Schemas["NoticeTold"];
export type PlanNotice = Schemas["PlanNoticeTold"];
export type IdlePlaces = Schemas["PlacesTold"];
export type Rounds = Schemas["RoundsTold"];
export type RoundsGiven = Schemas["RoundsGiven"];
