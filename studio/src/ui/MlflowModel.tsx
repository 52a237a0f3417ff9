import { useQuery } from "@tanstack/react-query";
import { parse } from "yaml";
import { request } from "../api/client";
import type { StoredFile } from "../api/types";
import { useT } from "../app/i18n";
import { Facts } from "./Facts";
import { Loaded } from "./Loaded";
import { bytes } from "./number";
import { Section } from "./Section";
import { Table } from "./Table";

interface Written {
  flavors?: Record<string, Record<string, unknown> | null>;
  signature?: { inputs?: string | null; outputs?: string | null; params?: string | null } | null;
  mlflow_version?: string;
  model_size_bytes?: number;
  run_id?: string;
}

interface Port {
  name?: string;
  type?: string;
  required?: boolean;
  default?: unknown;
  "tensor-spec"?: { dtype?: string; shape?: number[] };
}

/** What a model of MLflow says of itself: what it was made with, what it takes and what it gives. */
export default function MlflowModel({ file }: { file: StoredFile }) {
  const t = useT();
  const found = useQuery({
    queryKey: ["file", file.url, file.modifiedAt, "model"],
    queryFn: async ({ signal }) => parse(await (await request(file.url ?? "", { signal })).text()) as Written | null,
    retry: false,
  });
  return (
    <Loaded of={found}>
      {(model) => {
        const flavors = model?.flavors ?? {};
        const signature = model?.signature ?? {};
        return (
          <Section title={t("Model")}>
            <Facts
              of={[
                [t("Flavors"), Object.entries(flavors).map(versioned).join(", ")],
                ["Python", text(flavors.python_function?.python_version)],
                ["MLflow", model?.mlflow_version],
                [t("Size"), model?.model_size_bytes !== undefined && bytes(model.model_size_bytes)],
              ]}
            />
            <Ports title={t("Inputs")} ports={ports(signature.inputs)} />
            <Ports title={t("Outputs")} ports={ports(signature.outputs)} />
            <Ports title={t("Parameters")} ports={ports(signature.params)} />
          </Section>
        );
      }}
    </Loaded>
  );
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** `sklearn 1.9.1`: a flavor with the version of what it is of. */
const versioned = ([name, facts]: [string, Record<string, unknown> | null]): string =>
  [name, text(facts?.[`${name}_version`])].filter(Boolean).join(" ");

function ports(written: string | null | undefined): Port[] {
  try {
    const found = JSON.parse(written ?? "[]") as unknown;
    return Array.isArray(found) ? (found as Port[]) : [];
  } catch {
    return [];
  }
}

function typeOf({ type, "tensor-spec": tensor }: Port): string {
  return tensor ? `${type} ${tensor.dtype ?? ""} [${(tensor.shape ?? []).join(", ")}]` : (type ?? "");
}

/** A parameter has a default in place of saying whether it is required. */
const isNeeded = (port: Port): boolean => port.required !== false && port.default === undefined;

function Ports({ title, ports: all }: { title: string; ports: Port[] }) {
  const t = useT();
  if (all.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Table
        label={title}
        rows={all.map((port, index) => ({ ...port, index }))}
        rowKey={({ index }) => String(index)}
        columns={[
          { key: "name", title: t("Name"), cell: ({ name }) => name ?? "–" },
          { key: "type", title: t("Type"), cell: typeOf },
          { key: "required", title: t("Required"), cell: (port) => (isNeeded(port) ? t("Yes") : t("No")) },
        ]}
      />
    </>
  );
}
