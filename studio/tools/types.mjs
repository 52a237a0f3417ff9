/** Writes src/api/schema.d.ts: types of what is written to the server, from its own description on standard input. */
import { writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const KINDS = { jobs: "Job", data: "Data", models: "Model", environments: "Environment", components: "Component" };
const WORKSPACE = "/workspaces/{workspace}/";
const MORE = { [`${WORKSPACE}schedules/{name}`]: "Schedule", [`${WORKSPACE}connections/{name}`]: "Connection" };

let text = "";
for await (const piece of process.stdin) text += piece;
const described = JSON.parse(text);
const schemas = {};
for (const [path, methods] of Object.entries(described.paths)) {
  if (!path.startsWith("/subscriptions/") || !methods.put) continue;
  const below = path.slice(path.indexOf(WORKSPACE));
  const kind = Object.keys(KINDS).find((each) =>
    below === `${WORKSPACE}${each}/{name}`
      ? each === "jobs"
      : below === `${WORKSPACE}${each}/{name}/versions/{version}`,
  );
  const name = kind ? KINDS[kind] : MORE[below];
  const body = name && methods.put.requestBody?.content["application/json"]?.schema;
  if (body) schemas[name] = body.$ref ? described.components.schemas[body.$ref.split("/").at(-1)] : body;
}
const made = await openapiTS({ openapi: "3.1.0", info: described.info, paths: {}, components: { schemas } });
const note = "// Written by tools/types.mjs from the description of the server; run `make studio-types`.\n";
writeFileSync(new URL("../src/api/schema.d.ts", import.meta.url), note + astToString(made));
