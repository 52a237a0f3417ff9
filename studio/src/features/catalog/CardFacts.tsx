import { lazy, Suspense } from "react";
import { AssetLink } from "../../ui/AssetLink";
import { useT, useWords } from "../../app/i18n";
import { Facts } from "../../ui/Facts";
import { Section } from "../../ui/Section";
import { Waiting } from "../../ui/Waiting";
import { When } from "../../ui/time";
import { amount, gib } from "./numbers";
import type { CardProps } from "./ModelPage";

const Markdown = lazy(() => import("../../ui/Markdown"));

/** What is known of a model, what it needs, and what was measured. */
export function CardFacts({ card: { properties: of } }: CardProps) {
  const t = useT();
  const { language } = useWords();
  const measured = Object.entries(of.benchmarks);
  return (
    <>
      <div className="cards">
        <Section title={t("About it")}>
          <Facts
            of={[
              [t("Publisher"), of.publisher],
              [t("Licence"), of.licenseUrl ? <Outside to={of.licenseUrl}>{of.license}</Outside> : of.license],
              [
                t("Licence accepted"),
                of.licenseAcceptedBy && of.licenseAcceptedAt && (
                  <span className="row">
                    {of.licenseAcceptedBy} <When at={of.licenseAcceptedAt} />
                  </span>
                ),
              ],
              [t("Task"), of.inferenceTasks.join(", ")],
              [t("Fine-tuning tasks"), of.fineTuningTasks.join(", ")],
              [t("Capability"), of.capabilities.join(", ")],
              [t("Reads"), of.inputModalities.join(", ")],
              [t("Writes"), of.outputModalities.join(", ")],
              [t("Languages"), of.languages.join(", ")],
              [t("Parameters"), amount(of.parameters, language)],
              [t("Context"), of.contextWindow?.toLocaleString(language)],
              [t("Longest answer"), of.maxOutputTokens?.toLocaleString(language)],
              [t("Knows until"), of.trainingDataDate],
              ["Hugging Face", of.huggingFaceId && <code>{of.huggingFaceId}</code>],
              [t("Connection"), of.connection],
              [t("Model"), of.model && <AssetLink id={of.model} />],
            ]}
          />
        </Section>
        {of.needs && (
          <Section title={t("What it needs")}>
            <Facts
              of={[
                [t("Disk"), gib(of.needs.disk)],
                [t("Memory"), gib(of.needs.memory)],
                [t("Memory of a GPU"), gib(of.needs.gpuMemory)],
                [t("Memory to train adapters"), gib(of.needs.fineTuningMemory)],
              ]}
            />
            <p className="faint">{t("Estimated from how many numbers it is made of.")}</p>
          </Section>
        )}
        {measured.length > 0 && (
          <Section title={t("Measured")}>
            <Facts of={measured.map(([name, value]) => [name, String(value)])} />
          </Section>
        )}
      </div>
      <Suspense fallback={<Waiting />}>
        {[of.description, of.evaluation].map((text) => text && <Markdown key={text} text={text} />)}
      </Suspense>
    </>
  );
}

function Outside({ to, children }: { to: string; children?: string }) {
  if (!/^https?:\/\//.test(to)) return children;
  return (
    <a href={to} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
