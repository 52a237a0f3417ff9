import { Spinner } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useState, type ReactNode } from "react";
import { ApiError, json, request, useSession as keep, type Session } from "../api/client";
import { workspaces } from "../api/queries";
import { keepActivity } from "./activity";
import { useT } from "./i18n";
import { SignIn } from "./SignIn";
import { wasHere } from "./workspace";

interface SessionState {
  session: Session;
  signOut: () => void;
}

const Context = createContext<SessionState | null>(null);

/** The signed-in person. Only for what stands inside the gate. */
export function useSession(): SessionState {
  const found = use(Context);
  if (!found) throw new Error("Nobody is signed in.");
  return found;
}

/** Tells the other tabs of this browser that its session has ended. */
const channel = new BroadcastChannel("smalt:session");

/** Shows what it holds to whoever is signed in, and the sign-in page to everybody else. */
export function SessionGate({ children }: { children: ReactNode }) {
  const t = useT();
  const client = useQueryClient();
  const [session, setSession] = useState<Session | null | undefined>(undefined);
  const [trouble, setTrouble] = useState<string>();

  const leave = useCallback(() => {
    client.clear();
    setSession(null);
  }, [client]);

  const enter = useCallback(
    (next: Session | null) => {
      keep(next, leave);
      setSession(next);
    },
    [leave],
  );

  useEffect(() => {
    channel.onmessage = ({ data }: MessageEvent<string>) => {
      if (data === "signed out") leave();
      // Another tab has signed in anew: the cookie is another one, and so is the word that belongs to it.
      else whoIsHere().then((next) => (next ? enter(next) : leave()), leave);
    };
    const open = async () => {
      const arrived = window.location.pathname === "/studio/signin";
      const code = arrived ? window.location.hash.slice(1) : "";
      const query = new URLSearchParams(arrived ? window.location.search : "");
      const refused = query.get("refused");
      if (refused !== null) throw new Error(refused);
      if (code) {
        const next = query.get("next") ?? "/studio/";
        window.history.replaceState(null, "", next.startsWith("/studio/") ? next : "/studio/");
        enter(await signIn(decodeURIComponent(code)));
        return;
      }
      // Who was here is most likely still signed in: where they were is asked for beside who they are.
      if (wasHere()) void client.prefetchQuery(workspaces);
      enter(await whoIsHere());
    };
    open().catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 401 && window.location.hash === "")) {
        setTrouble(error instanceof Error ? error.message : String(error));
      }
      enter(null);
    });
  }, [client, enter, leave]);

  if (session === undefined) return <Spinner className="whole" label={t("Opening the studio")} />;
  if (session === null) {
    return <SignIn trouble={trouble} onToken={async (token) => enter(await signIn(token))} />;
  }
  const signOut = () => {
    void request("/studio/session", { method: "DELETE" }).finally(() => {
      keepActivity([]);
      channel.postMessage("signed out");
      leave();
    });
  };
  return <Context value={{ session, signOut }}>{children}</Context>;
}

/** Whoever the cookie of this browser says, if it has one. */
async function whoIsHere(): Promise<Session | null> {
  const found = await json<Session | { id: null }>("/studio/session");
  return found.id === null ? null : found;
}

async function signIn(token: string): Promise<Session> {
  const session = await json<Session>("/studio/session", { method: "POST", body: { token } });
  channel.postMessage("signed in");
  return session;
}
