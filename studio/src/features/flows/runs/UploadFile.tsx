import { Button, Spinner } from "@fluentui/react-components";
import { ArrowUpload20Regular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { uploadToDefault } from "../../../api/uploads";
import { useT } from "../../../app/i18n";
import { useWorkspace } from "../../../app/workspace";
import { Problem } from "../../../ui/Problem";

interface Props {
  /** The endings that can be chosen. */
  accept: string;
  onBegun: () => void;
  onUploaded: (uri: string) => void;
}

/** Brings one file of this machine into the workspace's default datastore. */
export function UploadFile({ accept, onBegun, onUploaded }: Props) {
  const t = useT();
  const { workspace } = useWorkspace();
  const input = useRef<HTMLInputElement>(null);
  const send = useMutation({
    mutationFn: (file: File) => uploadToDefault(workspace, file),
    onMutate: onBegun,
    onSuccess: onUploaded,
  });
  return (
    <div>
      <Button
        icon={send.isPending ? <Spinner size="tiny" /> : <ArrowUpload20Regular />}
        disabledFocusable={send.isPending}
        onClick={() => input.current?.click()}
      >
        {t("Upload a file")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        aria-label={t("Upload a file")}
        onChange={({ target }) => {
          if (target.files?.[0]) send.mutate(target.files[0]);
          // The same file may be chosen once more when it has changed.
          target.value = "";
        }}
      />
      {send.error && <Problem error={send.error} />}
    </div>
  );
}
