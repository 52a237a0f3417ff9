import { Button, Field, Input, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useState } from "react";
import { useT } from "./i18n";
import { Logo } from "./Logo";

interface Props {
  trouble?: string;
  onToken: (token: string) => Promise<void>;
}

export function SignIn({ trouble, onToken }: Props) {
  const t = useT();
  const [token, setToken] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(trouble);
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
