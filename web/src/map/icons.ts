/** The signs of the map, drawn at start: their shapes differ, so that they can be told apart without colour. */
import type { Map as GlMap } from "maplibre-gl";
import { COLOURS } from "./style";

const SCALE = 2;
const RING_PX = 8;
type Draw = (pen: CanvasRenderingContext2D, size: number) => void;

export function addIcons(map: GlMap): void {
  add(map, "hatch", 12, hatch);
  add(map, "dots", 10, dots);
  add(map, "crosses", 10, crosses);
  for (const selected of [false, true]) {
    const colour = selected ? COLOURS.selected : "#eef1f4";
    const suffix = selected ? "-selected" : "";
    const sign = (name: string, size: number, draw: Draw): void =>
      selected ? add(map, `${name}-selected`, size + 2 * RING_PX, ringed(size, draw)) : add(map, name, size, draw);
    sign("drone", 26, (pen, size) => drone(pen, size, colour, true));
    sign("drone-stale", 26, (pen, size) => drone(pen, size, colour, false));
    sign("robot", 22, (pen, size) => robot(pen, size, colour, true));
    sign("robot-stale", 22, (pen, size) => robot(pen, size, colour, false));
    add(map, `icon-sighting${suffix}`, selected ? 20 : 16, (pen, size) => eye(pen, size, selected ? colour : COLOURS.calm));
    sign("icon-incident", 20, (pen, size) => flag(pen, size, colour, false));
    sign("icon-alarm", 34, alarm);
    sign("icon-decision", 22, (pen, size) => flag(pen, size, selected ? colour : COLOURS.decision, true));
  }
}

/** The sign in a ring: what is selected is told without its colour. */
function ringed(size: number, draw: Draw): Draw {
  return (pen, whole) => {
    pen.beginPath();
    pen.arc(whole / 2, whole / 2, whole / 2 - 2.5, 0, Math.PI * 2);
    finish(pen, COLOURS.selected, false);
    pen.translate(RING_PX, RING_PX);
    draw(pen, size);
  };
}

function add(map: GlMap, name: string, size: number, draw: Draw): void {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * SCALE;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser cannot draw on a canvas");
  pen.scale(SCALE, SCALE);
  draw(pen, size);
  map.addImage(name, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: SCALE });
}

function path(pen: CanvasRenderingContext2D, points: [number, number][]): void {
  pen.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
  pen.closePath();
}

/** Fills when the position is fresh; hollow when it is old. */
function finish(pen: CanvasRenderingContext2D, colour: string, isSolid: boolean): void {
  pen.lineJoin = "round";
  pen.lineWidth = 3.5;
  pen.strokeStyle = COLOURS.halo;
  pen.stroke();
  pen.lineWidth = 2;
  pen.strokeStyle = colour;
  pen.fillStyle = isSolid ? colour : "rgba(22, 25, 28, 0.5)";
  pen.fill();
  pen.stroke();
}

function drone(pen: CanvasRenderingContext2D, size: number, colour: string, isSolid: boolean): void {
  const middle = size / 2;
  path(pen, [[middle, 3], [size - 5, size - 4], [middle, size - 8], [5, size - 4]]);
  finish(pen, colour, isSolid);
}

function robot(pen: CanvasRenderingContext2D, size: number, colour: string, isSolid: boolean): void {
  path(pen, [[5, 7], [size / 2, 3], [size - 5, 7], [size - 5, size - 4], [5, size - 4]]);
  finish(pen, colour, isSolid);
}

function flag(pen: CanvasRenderingContext2D, size: number, colour: string, isUrgent: boolean): void {
  const middle = size / 2;
  if (isUrgent) path(pen, [[middle, 2], [size - 2, middle], [middle, size - 2], [2, middle]]);
  else path(pen, [[4, 4], [size - 4, 4], [size - 4, size - 4], [4, size - 4]]);
  finish(pen, colour, isUrgent);
  pen.fillStyle = isUrgent ? COLOURS.halo : colour;
  pen.font = `bold ${size * 0.55}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(isUrgent ? "?" : "•", middle, middle + 0.5);
}

function eye(pen: CanvasRenderingContext2D, size: number, colour: string): void {
  const middle = size / 2;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.arc(middle, middle, middle - 3, 0, Math.PI * 2);
  pen.stroke();
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(middle, middle, 1.8, 0, Math.PI * 2);
  pen.fill();
}

function alarm(pen: CanvasRenderingContext2D, size: number): void {
  const middle = size / 2;
  pen.beginPath();
  pen.arc(middle, middle, middle - 3, 0, Math.PI * 2);
  pen.fillStyle = COLOURS.alarm;
  pen.fill();
  pen.lineWidth = 3;
  pen.strokeStyle = "#ffffff";
  pen.stroke();
  pen.fillStyle = "#ffffff";
  pen.font = `bold ${size * 0.6}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText("!", middle, middle + 1);
}

function dots(pen: CanvasRenderingContext2D, size: number): void {
  pen.fillStyle = COLOURS.selected;
  pen.globalAlpha = 0.6;
  pen.beginPath();
  pen.arc(size / 2, size / 2, 1.3, 0, Math.PI * 2);
  pen.fill();
}

function crosses(pen: CanvasRenderingContext2D, size: number): void {
  pen.strokeStyle = "rgba(255, 255, 255, 0.5)";
  pen.lineWidth = 1;
  pen.beginPath();
  for (const offset of [-size, 0, size]) {
    pen.moveTo(offset, size);
    pen.lineTo(offset + size, 0);
    pen.moveTo(offset, 0);
    pen.lineTo(offset + size, size);
  }
  pen.stroke();
}

function hatch(pen: CanvasRenderingContext2D, size: number): void {
  pen.strokeStyle = "rgba(201, 208, 216, 0.35)";
  pen.lineWidth = 1;
  for (const offset of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(offset, size);
    pen.lineTo(offset + size, 0);
    pen.stroke();
  }
}
