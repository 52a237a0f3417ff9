import { lazy } from "react";
import { useT } from "../../app/i18n";
import { Section } from "../../ui/Section";
import type { CardProps } from "./ModelPage";

const Code = lazy(() => import("../../ui/Code"));

/** What to write to do the same without the studio. */
export default function CodeTab({ card }: CardProps) {
  const t = useT();
  const endpoint = card.name.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 32);
  const samples: [string, string, string][] = [
    [t("Command line"), "deploy.sh", commands(card.name, endpoint)],
    ["OpenAI", "ask.py", openai(endpoint)],
    ["azure-ai-ml", "deploy.py", sdk(card.name, endpoint)],
  ];
  return samples.map(([title, file, text]) => (
    <Section key={file} title={title}>
      <Code text={text} name={file} label={title} />
    </Section>
  ));
}

const commands = (name: string, endpoint: string) => `smalt catalog import-model -n ${name} --stream
smalt serverless-endpoint create --set name=${endpoint} model_id=${name}
smalt serverless-endpoint get-credentials -n ${endpoint}`;

const openai = (endpoint: string) => `from openai import OpenAI
from smalt import MLClient

client = MLClient()
endpoint = client.serverless_endpoints.get("${endpoint}")
key = client.serverless_endpoints.get_keys("${endpoint}").primary_key

openai = OpenAI(base_url=endpoint.scoring_uri + "/v1", api_key=key)
answer = openai.chat.completions.create(
    model="${endpoint}", messages=[{"role": "user", "content": "Hello"}]
)
print(answer.choices[0].message.content)`;

const sdk = (name: string, endpoint: string) => `from azure.ai.ml import MLClient
from azure.ai.ml.entities import ServerlessEndpoint
from azure.identity import DefaultAzureCredential

client = MLClient.from_config(DefaultAzureCredential())
endpoint = ServerlessEndpoint(
    name="${endpoint}", model_id="azureml://registries/azureml/models/${name}"
)
client.serverless_endpoints.begin_create_or_update(endpoint).result()`;
