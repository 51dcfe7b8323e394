import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./panel.css";
import { Panel } from "./Panel";

const root = document.getElementById("root");
if (root === null) throw new Error("panel/index.html has no element #root");
const token = new URLSearchParams(location.search).get("device");
createRoot(root).render(
  <StrictMode>
    <Panel token={token} />
  </StrictMode>,
);
