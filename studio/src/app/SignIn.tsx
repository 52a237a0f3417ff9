import { Button, Field, Input, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { json } from "../api/client";
import { useT } from "./i18n";
import { Logo } from "./Logo";

interface Way {
  name: string;
  url: string;
}

interface Props {
  trouble?: string;
  onToken: (token: string) => Promise<void>;
}

export function SignIn({ trouble, onToken }: Props) {
  const t = useT();
  const [token, setToken] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(trouble);
  const ways = useQuery({
    queryKey: ["signIn"],
    queryFn: () => json<{ value: Way[] }>("/smalt/signIn"),
    retry: false,
  });
  const place = window.location.pathname + window.location.search;
  const submit = () => {
    setBusy(true);
    onToken(token).catch((error: unknown) => {
      setRefused(error instanceof Error ? error.message : String(error));
      setBusy(false);
    });
  };
  return (
    <main className="signin">
      <form
        className="signin-card"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Logo />
        <h1>{t("Sign in to smalt studio")}</h1>
        {ways.data?.value.map((way) => (
          <Button
            key={way.url}
            as="a"
            appearance="primary"
            href={`${way.url}?next=${encodeURIComponent(place.startsWith("/studio/signin") ? "/studio/" : place)}`}
          >
            {t("Sign in with {name}", { name: way.name })}
          </Button>
        ))}
        <p>
          {t("On the machine of the server, run:")} <code>smalt studio</code>
        </p>
        {refused && (
          <MessageBar intent="error">
            <MessageBarBody>{refused}</MessageBarBody>
          </MessageBar>
        )}
        <Field label={t("Or paste a personal token")}>
          <Input type="password" autoComplete="off" value={token} onChange={(_, data) => setToken(data.value)} />
        </Field>
        <Button appearance="primary" type="submit" disabled={!token || isBusy}>
          {t("Sign in")}
        </Button>
      </form>
    </main>
  );
}
