import { Button } from "@fluentui/react-components";
import { ArrowDownload20Regular, CheckmarkCircle20Regular } from "@fluentui/react-icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { cardPath } from "../../api/catalog";
import { json, request } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { Confirm } from "../../ui/Confirm";
import type { CardProps } from "./ModelPage";

/** Accepts the licence of a model where it must be, and begins the job that fetches its weights. */
export function BringIn({ card }: CardProps) {
  const t = useT();
  const scope = useScope();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const { properties } = card;
  const accept = useMutation({
    mutationFn: () => request(`${cardPath(scope, card.name)}/acceptLicense`, { method: "POST", body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models", scope, card.name] }),
  });
  const bring = useMutation({
    mutationFn: () => json<{ jobName: string }>(`${cardPath(scope, card.name)}/import`, { method: "POST", body: {} }),
    onSuccess: ({ jobName }) => void navigate({ to: "/jobs/$name", params: { name: jobName } }),
  });
  if (properties.connection) return null;
  const mustAccept = properties.isGated && !properties.licenseAcceptedBy;
  return (
    <>
      {mustAccept && (
        <Button icon={<CheckmarkCircle20Regular />} disabled={accept.isPending} onClick={() => setAsking(true)}>
          {t("Accept the licence")}
        </Button>
      )}
      <Button
        appearance={properties.model ? "secondary" : "primary"}
        icon={<ArrowDownload20Regular />}
        disabled={mustAccept || bring.isPending}
        onClick={() => bring.mutate()}
      >
        {properties.model ? t("Bring it in again") : t("Bring it in")}
      </Button>
      {isAsking && (
        <Confirm
          title={t("Accept the licence {name}?", { name: properties.license ?? "" })}
          action={t("Accept the licence")}
          onConfirm={() => accept.mutate()}
          onClose={() => setAsking(false)}
        >
          {t("Read it first: {address}. It is accepted for the whole workspace, and kept with your name.", {
            address: properties.licenseUrl ?? "",
          })}
        </Confirm>
      )}
    </>
  );
}
