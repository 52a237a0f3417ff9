/** What opens the service behind a connection. */

const API_KEY = ["AzureOpenAI", "OpenAI", "AIServices", "CognitiveSearch", "Serverless", "Serp", "ApiKey"];
const AUTH: Record<string, string> = {
  ...Object.fromEntries(API_KEY.map((category) => [category, "ApiKey"])),
  CustomKeys: "CustomKeys",
  Git: "PAT",
  PythonFeed: "PAT",
  ContainerRegistry: "UsernamePassword",
};
/** Where each way to sign in has its secret. */
const SECRET: Record<string, string> = {
  ApiKey: "key",
  PAT: "pat",
  UsernamePassword: "password",
  AccountKey: "key",
  SAS: "sas",
  AccessKey: "secretAccessKey",
  ServicePrincipal: "clientSecret",
};

/** The kinds of services that are made here. */
export const CATEGORIES = Object.keys(AUTH);

/** How one signs in to a service of this kind; nothing for kinds that are made elsewhere. */
export const authOf = (category: string): string | undefined => AUTH[category];

export const hasUser = (authType: string): boolean => authType === "UsernamePassword";

export const hasSecret = (authType: string): boolean => authType === "CustomKeys" || authType in SECRET;

/** Credentials of a secret as it was typed in: several keys of one's own are `key=value`. */
export function credentialsOf(authType: string, secret: string): Record<string, unknown> {
  if (authType !== "CustomKeys") return { [SECRET[authType]]: secret };
  const [key, ...rest] = secret.split("=");
  return { keys: { [key.trim()]: rest.join("=") } };
}
