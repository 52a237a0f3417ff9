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
  Select,
} from "@fluentui/react-components";
import { Share20Regular } from "@fluentui/react-icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client";
import type { AssetKind } from "../../api/types";
import { useT } from "../../app/i18n";
import { useWorkspace } from "../../app/workspace";
import { Empty } from "../../ui/Empty";
import { showNotice } from "../../ui/Notices";
import { Problem } from "../../ui/Problem";
import { registries } from "./registries";

interface Props {
  kind: AssetKind;
  name: string;
  version: string;
}

/** Copies a version, with its files, to where other workspaces find it. */
export function ShareButton({ kind, name, version }: Props) {
  const t = useT();
  const { scope, workspace } = useWorkspace();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [wanted, setWanted] = useState({ registry: "", name, version });
  const found = useQuery({ ...registries(scope), enabled: isOpen });
  const target = found.data?.find((each) => each.name === wanted.registry) ?? found.data?.[0];
  const share = useMutation({
    mutationFn: () => {
      const place = `azureml://locations/local/workspaces/${workspace.properties.workspaceId}`;
      const body = {
        sourceAssetId: `${place}/${kind}/${name}/versions/${version}`,
        destinationName: wanted.name,
        destinationVersion: wanted.version,
      };
      return request(`/mferp/managementfrontend${target?.id}/import`, { method: "POST", body });
    },
    onSuccess: async () => {
      setOpen(false);
      showNotice("success", t("Shared as {name}.", { name: `${target?.name}/${wanted.name}:${wanted.version}` }));
      await client.invalidateQueries({ queryKey: ["registries"] });
    },
  });
  return (
    <Dialog open={isOpen} onOpenChange={(_, { open }) => setOpen(open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button icon={<Share20Regular />}>{t("Share")}</Button>
      </DialogTrigger>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            share.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{t("Share to a registry")}</DialogTitle>
            <DialogContent className="fields">
              {found.data?.length === 0 ? (
                <Empty>{t("There is no registry yet. Create one first.")}</Empty>
              ) : (
                <>
                  <Field label={t("Registry")}>
                    <Select
                      value={target?.name ?? ""}
                      onChange={(_, { value }) => setWanted({ ...wanted, registry: value })}
                    >
                      {found.data?.map((each) => (
                        <option key={each.name}>{each.name}</option>
                      ))}
                    </Select>
                  </Field>
                  <Field label={t("Name")}>
                    <Input value={wanted.name} onChange={(_, data) => setWanted({ ...wanted, name: data.value })} />
                  </Field>
                  <Field label={t("Version")}>
                    <Input
                      value={wanted.version}
                      onChange={(_, data) => setWanted({ ...wanted, version: data.value })}
                    />
                  </Field>
                </>
              )}
              {share.error && <Problem error={share.error} />}
            </DialogContent>
            <DialogActions>
              <DialogTrigger disableButtonEnhancement>
                <Button>{t("Leave it")}</Button>
              </DialogTrigger>
              <Button appearance="primary" type="submit" disabled={!target || share.isPending}>
                {t("Share")}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
