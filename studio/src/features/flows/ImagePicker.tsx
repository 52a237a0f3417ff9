import { Button } from "@fluentui/react-components";
import { Image20Regular } from "@fluentui/react-icons";
import { useRef } from "react";
import { useT } from "../../app/i18n";
import { base64 } from "./edits";

/** Chooses an image of this machine; it is given as a data URL. */
export function ImagePicker({ onPick }: { onPick: (address: string) => void }) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File | undefined) => {
    if (!file) return;
    const content = base64(new Uint8Array(await file.arrayBuffer()));
    onPick(`data:${file.type || "image/png"};base64,${content}`);
  };
  return (
    <>
      <Button icon={<Image20Regular />} aria-label={t("Choose an image")} onClick={() => input.current?.click()} />
      <input
        ref={input}
        hidden
        type="file"
        accept="image/*"
        aria-label={t("Choose an image")}
        onChange={(event) => void read(event.target.files?.[0])}
      />
    </>
  );
}
