import { Button, Radio, RadioGroup } from "@fluentui/react-components";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { flowFile, flowFiles, flowVersions, type FileEntry, type FlowFile } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { useScope } from "../../../app/workspace";
import { Problem } from "../../../ui/Problem";
import { Section } from "../../../ui/Section";
import { Waiting } from "../../../ui/Waiting";
import { isGone, textOf } from "../edits";
import { useDraft } from "../useDraft";
import { proposed, rebased, type Both } from "./merging";

const Difference = lazy(() => import("../../../ui/Difference"));

/** Two people have changed the flow: what the other saved on the left, what is edited here on the right. */
export function Merge() {
  const t = useT();
  const scope = useScope();
  const { flow, edits, rebase } = useDraft();
  const navigate = useNavigate({ from: "/flows/$name" });
  const latest = flow.latestVersion;
  const [chosen, setChosen] = useState<Record<string, FlowFile | null>>({});
  const was = useQuery(flowFiles(scope, flow.name, edits.base));
  const is = useQuery(flowFiles(scope, flow.name, latest));
  const versions = useQuery(flowVersions(scope, flow.name));
  const theirs = was.data && is.data ? changesOf(was.data, is.data) : null;
  const paths = theirs?.filter((path) => path in edits.files) ?? [];
  const texts = useQueries({
    queries: paths.flatMap((path) => [
      { ...flowFile(scope, flow.name, edits.base, path), enabled: was.data?.some((each) => each.path === path) },
      { ...flowFile(scope, flow.name, latest, path), enabled: is.data?.some((each) => each.path === path) },
    ]),
  });
  const error = was.error ?? is.error ?? texts.find((each) => each.error)?.error;
  if (error) return <Problem error={error} />;
  if (!theirs || texts.some((each) => each.isLoading)) return <Waiting />;
  const both = paths.map((path, index): Both => ({
    path,
    base: texts[2 * index].data ?? null,
    theirs: texts[2 * index + 1].data ?? null,
    mine: edits.files[path],
  }));
  const others = (versions.data ?? []).filter(({ version }) => version > edits.base);
  const done = () => {
    rebase(rebased(edits, latest, both, chosen));
    void navigate({ search: (old) => ({ wsid: old.wsid, tab: "edit" }) });
  };
  const set = (path: string, file: FlowFile | null) => setChosen((old) => ({ ...old, [path]: file }));
  return (
    <>
      <ul className="lines">
        {others.map((each) => (
          <li key={each.version}>
            <strong>{t("Version {version}", { version: each.version })}</strong> {each.createdBy}: {each.message}{" "}
            <code>{each.changed.join(", ")}</code>
          </li>
        ))}
      </ul>
      {both.length === 0 && <p>{t("You have changed other files than they have: nothing has to be decided.")}</p>}
      {both.map((each) => (
        <OneFile key={each.path} of={each} chosen={chosen} onChoose={(file) => set(each.path, file)} />
      ))}
      <div className="row">
        <Button appearance="primary" onClick={done}>
          {t("Go on with both")}
        </Button>
        <span className="faint">{t("Nothing is saved by this yet.")}</span>
      </div>
    </>
  );
}

interface OneProps {
  of: Both;
  chosen: Record<string, FlowFile | null>;
  onChoose: (file: FlowFile | null) => void;
}

function OneFile({ of, chosen, onChoose }: OneProps) {
  const t = useT();
  const [first] = useState(() => proposed(of));
  const text = textOf(first.file);
  if (text === null || of.theirs === null) {
    const mine = isGone(of.mine) ? t("I have taken the file away") : t("As I have it");
    const other = of.theirs === null ? t("As they have it: taken away, or no text") : t("As they have it");
    return (
      <Section title={of.path}>
        <RadioGroup
          aria-label={of.path}
          value={of.path in chosen && chosen[of.path] === null ? "theirs" : "mine"}
          onChange={(_, { value }) => onChoose(value === "mine" ? of.mine : null)}
        >
          <Radio value="mine" label={mine} />
          <Radio value="theirs" label={other} />
        </RadioGroup>
      </Section>
    );
  }
  return (
    <Section
      title={`${of.path} · ${
        first.conflicts > 0
          ? t("Places changed by both: {count}. Yours stand on the right.", { count: first.conflicts })
          : t("both changes fit together")
      }`}
    >
      <Suspense fallback={<Waiting />}>
        <Difference
          before={of.theirs}
          after={text}
          name={of.path}
          labels={[t("As they saved it"), t("What will stand")]}
          onChange={(content) => onChoose({ path: of.path, content })}
        />
      </Suspense>
    </Section>
  );
}

function changesOf(was: readonly FileEntry[], is: readonly FileEntry[]): string[] {
  const old = new Map(was.map(({ path, sha256 }) => [path, sha256]));
  const now = new Map(is.map(({ path, sha256 }) => [path, sha256]));
  return [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
}
