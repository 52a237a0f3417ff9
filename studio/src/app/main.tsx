import { createRoot } from "react-dom/client";
import { watchWrites } from "./activity";
import { App } from "./App";
import { fetchPage } from "./router";
import "./studio.css";

watchWrites();
// What the address shows is fetched while it is found out who asks.
fetchPage();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
