import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  Input,
} from "@fluentui/react-components";
import { Box20Regular } from "@fluentui/react-icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { json } from "../../api/client";
import { useT } from "../../app/i18n";
import { useScope } from "../../app/workspace";
import { showNotice } from "../../ui/Notices";
import { Problem } from "../../ui/Problem";

interface Made {
  targetEnvironmentName: string;
  targetEnvironmentVersion: string;
}

/** Packs a model that brings its software into an environment, which is all that a deployment then names. */
export function PackageButton({ name, version }: { name: string; version: string }) {
  const t = useT();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const [target, setTarget] = useState(`${name}-package`);
  const pack = useMutation({
    mutationFn: () =>
      json<Made>(`${scope}/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}/package`, {
        method: "POST",
        body: { targetEnvironmentName: target, inferencingServer: { serverType: "AzureMLOnline" } },
      }),
    onSuccess: async (made) => {
      setOpen(false);
      const place = { name: made.targetEnvironmentName, version: made.targetEnvironmentVersion };
      showNotice("success", t("Packed as {name}.", { name: `${place.name}:${place.version}` }));
      await client.invalidateQueries({ queryKey: ["environments", scope] });
      await navigate({
        to: "/assets/$kind/$name",
        params: { kind: "environments", name: place.name },
        search: { version: place.version },
      });
    },
  });
  return (
    <Dialog open={isOpen} onOpenChange={(_, { open }) => setOpen(open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button icon={<Box20Regular />}>{t("Pack")}</Button>
      </DialogTrigger>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            pack.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Pack the model with its software")}</DialogTitle>
            <DialogContent className="fields">
              <Field label={t("Environment")} hint={t("A deployment then names nothing but this environment.")}>
                <Input value={target} onChange={(_, { value }) => setTarget(value)} />
              </Field>
              {pack.error && <Problem error={pack.error} />}
            </DialogContent>
            <DialogActions>
              <DialogTrigger disableButtonEnhancement>
                <Button>{t("Leave it")}</Button>
              </DialogTrigger>
              <Button appearance="primary" type="submit" disabled={!target.trim() || pack.isPending}>
                {t("Pack")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

/** The id of the model that an environment has packed in it, if it is a package. */
export function packedModel(properties: Record<string, string>): string | undefined {
  try {
    const found: unknown = JSON.parse(properties["smalt.package"] ?? "null");
    const model = (found as { model?: unknown } | null)?.model;
    return typeof model === "string" ? model : undefined;
  } catch {
    return undefined; // somebody has written something else there
  }
}
