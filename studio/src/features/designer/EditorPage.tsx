import { Button, ToggleButton } from "@fluentui/react-components";
import {
  ArrowDownload20Regular,
  ArrowRedo20Regular,
  ArrowUndo20Regular,
  Code20Regular,
  Group20Regular,
  Organization20Regular,
  People20Regular,
  Send20Regular,
} from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ReactFlowProvider } from "@xyflow/react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { Waiting } from "../../ui/Waiting";
import { Canvas } from "./Canvas";
import * as changes from "./changes";
import { CONTROLS, type Control } from "./controls";
import "./designer.css";
import type { Draft } from "./drafts";
import { types as typesQuery } from "./fits";
import { GroupDialog } from "./GroupDialog";
import { grouped } from "./grouping";
import { Palette } from "./Palette";
import { at, placeOf, read, type Link as Line, type StepPorts } from "./pipeline";
import { PipelineSettings } from "./PipelineSettings";
import { ProblemList } from "./ProblemList";
import { SharedBar } from "./SharedBar";
import { StepSettings } from "./StepSettings";
import { placeOfFlaw, useCheck, type Flaw } from "./useCheck";
import { useDraft } from "./useDraft";
import { useShared } from "./useShared";
import { useSubmit } from "./useSubmit";
import { flaw, mapping, parse, plain, textOf, type Mapping } from "./yaml";

const Code = lazy(() => import("../../ui/Code"));

/** A pipeline that is being composed. */
export function EditorPage() {
  const t = useT();
  const { draft: id } = useParams({ from: "/designer/$draft" });
  const held = useDraft(id);
  if (held.draft) return <Editor key={id} {...held} draft={held.draft} />;
  return (
    <Page title={t("Designer")} above={<Link to="/designer">{t("Designer")}</Link>}>
      <Empty>{t("This draft is not in this browser. Drafts are kept in the browser they were made in.")}</Empty>
    </Page>
  );
}

interface Props extends ReturnType<typeof useDraft> {
  draft: Draft;
}

function Editor({ draft, change, place, arrange, rename, adopt, undo, redo, canUndo, canRedo }: Props) {
  const t = useT();
  const { view } = useSearch({ from: "/designer/$draft" });
  const navigate = useNavigate({ from: "/designer/$draft" });
  const { checked, isFetching } = useCheck(draft);
  const submit = useSubmit(draft);
  const shared = useShared(draft, adopt);
  const wrong = useMemo(() => flaw(draft.text), [draft.text]);
  const isText = view === "yaml" || wrong !== null;
  const document = useMemo(() => (wrong === null ? plain(parse(draft.text)) : {}), [draft.text, wrong]);
  const title = textOf(document.display_name) ?? textOf(document.name) ?? draft.name;
  const go = (each: Flaw) => {
    const { way, step } = placeOfFlaw(each.place);
    void navigate({ search: (old) => ({ wsid: old.wsid, way: way.join("/") || undefined, step }) });
  };
  useEffect(() => {
    if (title !== draft.name) rename(title);
  }, [title, draft.name, rename]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const isField = (event.target as Element).closest("input, textarea, [contenteditable]");
      if (isField || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  });
  return (
    <Page
      title={title}
      above={<Link to="/designer">{t("Designer")}</Link>}
      actions={
        <>
          <Button
            icon={<ArrowUndo20Regular />}
            aria-label={t("Undo")}
            title={t("Undo")}
            disabled={!canUndo}
            onClick={undo}
          />
          <Button
            icon={<ArrowRedo20Regular />}
            aria-label={t("Redo")}
            title={t("Redo")}
            disabled={!canRedo}
            onClick={redo}
          />
          <ToggleButton
            icon={<Code20Regular />}
            checked={isText}
            onClick={() => void navigate({ search: (old) => ({ ...old, view: isText ? undefined : "yaml" }) })}
          >
            YAML
          </ToggleButton>
          <Button
            icon={<People20Regular />}
            disabled={shared.isSaving || shared.conflict !== null || (draft.shared !== undefined && !shared.isDirty)}
            onClick={shared.save}
          >
            {t("Save for all")}
          </Button>
          <Button icon={<ArrowDownload20Regular />} onClick={() => download(draft)}>
            {t("Export")}
          </Button>
          <Button
            appearance="primary"
            icon={<Send20Regular />}
            disabled={submit.isPending || checked.problems.length > 0 || wrong !== null}
            onClick={() => submit.mutate()}
          >
            {draft.kind === "job" ? t("Submit") : t("Register")}
          </Button>
        </>
      }
    >
      {submit.error && <Problem error={submit.error} />}
      <SharedBar draft={draft} shared={shared} />
      {isText ? (
        <>
          {wrong && <p className="reason">{wrong}</p>}
          <Suspense fallback={<Waiting />}>
            <Code
              text={draft.text}
              name="pipeline.yml"
              label={t("The pipeline as YAML")}
              onChange={(text) => change(() => text)}
            />
          </Suspense>
        </>
      ) : (
        <ReactFlowProvider>
          <Drawing {...{ draft, change, place, arrange, document, checked }} />
        </ReactFlowProvider>
      )}
      <ProblemList
        checked={checked}
        isChecking={isFetching}
        hasLines={Object.keys(draft.files).length === 0}
        onGo={go}
      />
    </Page>
  );
}

interface DrawingProps extends Pick<Props, "draft" | "change" | "place" | "arrange"> {
  document: ReturnType<typeof plain>;
  checked: ReturnType<typeof useCheck>["checked"];
}

/** One level of the pipeline with what can be done to it. */
function Drawing({ draft, change, place, arrange, document, checked }: DrawingProps) {
  const t = useT();
  const { way: wayText = "", step: chosen } = useSearch({ from: "/designer/$draft" });
  const navigate = useNavigate({ from: "/designer/$draft" });
  const { data: types } = useQuery(typesQuery(useScope()));
  const way = useMemo(() => wayText.split("/").filter(Boolean), [wayText]);
  const level = useMemo(() => placeOf(document, way) ?? [], [document, way]);
  const here = useMemo(() => mapping(at(document, level)), [document, level]);
  const known = useMemo(
    () => way.reduce<Record<string, StepPorts>>((found, name) => found[name]?.steps ?? {}, checked.steps),
    [checked.steps, way],
  );
  const model = useMemo(() => read(here, known), [here, known]);
  const flawed = useMemo(() => stepsWith(checked.problems, way), [checked.problems, way]);
  const counts = useMemo(
    () => Object.fromEntries(Object.entries(flawed).map(([name, list]) => [name, list.length])),
    [flawed],
  );
  const places = draft.places[wayText] ?? NOWHERE;
  const go = useCallback(
    (next: { way?: string; step?: string }) => void navigate({ search: (old) => ({ ...old, ...next }) }),
    [navigate],
  );
  const choose = useCallback((step?: string) => go({ step }), [go]);
  const [isGrouping, setGrouping] = useState(false);
  const enter = (name: string) => {
    if (model.steps.find((each) => each.name === name)?.isNested) {
      go({ way: [...way, name].join("/"), step: undefined });
    }
  };
  const begin = (
    stem: string,
    step: Mapping,
    where?: { x: number; y: number },
    then: (text: string, name: string) => string = (text) => text,
  ) => {
    const free = changes.freeName(
      stem,
      model.steps.map((each) => each.name),
    );
    change((text) => then(changes.addStep(text, level, free, step), free));
    if (where) place(wayText, { [free]: where });
    choose(free);
  };
  const add = (component: string, where?: { x: number; y: number }) =>
    begin(component.split(":")[0], { component: `azureml:${component}` }, where);
  const control = (kind: Control) => {
    const { first, most } = CONTROLS[kind];
    begin(kind, first, undefined, (text, name) =>
      most === undefined ? text : changes.set(text, level, ["jobs", name, "limits", "max_iteration_count"], most),
    );
  };
  const remove = (nodes: string[], links: Line[]) => {
    change((text) => {
      const after = links.reduce((now, link) => withoutLine(now, link, level), text);
      return nodes.reduce((now, node) => withoutNode(now, node, level), after);
    });
    if (nodes.length > 0) choose(undefined);
  };
  const group = (steps: string[], name: string) => {
    change((text) => grouped(text, level, model, steps, name));
    choose(name);
  };
  const open = model.steps.find(({ name }) => name === chosen);
  return (
    <>
      {isGrouping && (
        <GroupDialog
          {...{ model, settings: here.settings, chosen: open?.name }}
          onGroup={group}
          onClose={() => setGrouping(false)}
        />
      )}
      <nav className="crumbs" aria-label={t("Pipeline")}>
        <button type="button" className="link" onClick={() => go({ way: undefined, step: undefined })}>
          {draft.name}
        </button>
        {way.map((part, index) => (
          <span key={way.slice(0, index + 1).join("/")}>
            {" / "}
            <button
              type="button"
              className="link"
              onClick={() => go({ way: way.slice(0, index + 1).join("/"), step: undefined })}
            >
              {part}
            </button>
          </span>
        ))}
        <span className="faint"> · {t("{count} steps", { count: model.steps.length })} · </span>
        <button type="button" className="link" onClick={() => arrange(wayText)}>
          <Organization20Regular aria-hidden /> {t("Arrange")}
        </button>
        {model.steps.length > 1 && (
          <>
            <span className="faint"> · </span>
            <button type="button" className="link" onClick={() => setGrouping(true)}>
              <Group20Regular aria-hidden /> {t("Group steps")}
            </button>
          </>
        )}
      </nav>
      <div className="graph designer">
        <Palette onAdd={add} onControl={control} />
        <div className="graph-canvas">
          <Canvas
            key={wayText}
            {...{ model, places, problems: counts, chosen, types }}
            onChoose={choose}
            onEnter={enter}
            onPlace={(moved) => place(wayText, moved)}
            onConnect={(from, to) => {
              if ("input" in to) change((text) => changes.connect(text, level, from, to));
              else if (from.of === "stepOutput") {
                change((text) => changes.deliver(text, level, { step: from.step, output: from.name }, to.output));
              }
            }}
            onRemove={remove}
            onDrop={add}
          />
        </div>
        {open ? (
          <StepSettings
            {...{ text: draft.text, level, model, step: open, types }}
            problems={flawed[open.name] ?? []}
            onChange={change}
            onChoose={choose}
            onEnter={open.isNested ? () => enter(open.name) : undefined}
          />
        ) : (
          <PipelineSettings {...{ kind: draft.kind, level, document: here, model }} onChange={change} />
        )}
      </div>
    </>
  );
}

const NOWHERE = {};

/** The problems of each step of a level, with those of what is inside of it. */
function stepsWith(problems: Flaw[], way: string[]): Record<string, Flaw[]> {
  const found: Record<string, Flaw[]> = {};
  for (const each of problems) {
    const { way: inner, step } = placeOfFlaw(each.place);
    const whole = step === undefined ? inner : [...inner, step];
    if (whole.length <= way.length || way.some((name, index) => whole[index] !== name)) continue;
    (found[whole[way.length]] ??= []).push(each);
  }
  return found;
}

function withoutLine(
  text: string,
  { source, sourcePort, target, targetPort }: Line,
  level: readonly (string | number)[],
): string {
  if (target.startsWith("out:")) return changes.withhold(text, level, source, sourcePort ?? "");
  return targetPort === undefined ? text : changes.disconnect(text, level, target, targetPort);
}

function withoutNode(text: string, node: string, level: readonly (string | number)[]): string {
  if (node.startsWith("in:")) return changes.removePort(text, level, "inputs", node.slice(3));
  if (node.startsWith("out:")) return changes.removePort(text, level, "outputs", node.slice(4));
  return changes.removeStep(text, level, node);
}

function download({ text, path }: Draft): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  const link = window.document.createElement("a");
  link.href = url;
  link.download = path.split("/").at(-1) ?? "pipeline.yml";
  link.click();
  URL.revokeObjectURL(url);
}
