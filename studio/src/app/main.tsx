import { createRoot } from "react-dom/client";
import { watchWrites } from "./activity";
import { App } from "./App";
import "./studio.css";

watchWrites();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
