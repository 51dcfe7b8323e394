import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "maplibre-gl/dist/maplibre-gl.css";
import "./desk.css";
import { App } from "./App";
import { Desk } from "./desk";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
const desk = new Desk();
void desk.begin();
createRoot(root).render(
  <StrictMode>
    <App desk={desk} />
  </StrictMode>,
);
