import { Button, Textarea } from "@fluentui/react-components";
import { Image16Regular } from "@fluentui/react-icons";
import { useRef } from "react";
import type { FlowInput } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { base64 } from "../edits";
import { useTests } from "../useTests";
import { addressOf, imageOf, isOfText, textOfValue } from "../values";

/** The value with which an input is tried. */
export function TryField({ input }: { input: FlowInput }) {
  const t = useT();
  const tests = useTests();
  const picker = useRef<HTMLInputElement>(null);
  const text = tests.values[input.name] ?? "";
  const hint = textOfValue(input.default);
  const isImage = input.type === "image";
  const shown = isImage ? addressOf(imageOf(text)) : null;
  const pick = async (file: File | undefined) => {
    if (!file) return;
    const bytes = base64(new Uint8Array(await file.arrayBuffer()));
    tests.setValue(input.name, `data:${file.type || "image/png"};base64,${bytes}`);
  };
  return (
    <span className="try-field">
      {shown ? (
        <>
          <img className="value-image" src={shown} alt={input.name} />
          <Button size="small" onClick={() => tests.setValue(input.name, "")}>
            {t("Take away")}
          </Button>
        </>
      ) : (
        <Textarea
          size="small"
          resize="vertical"
          rows={text.includes("\n") || text.length > 80 ? 3 : 1}
          value={text}
          aria-label={t("Value of {name}", { name: input.name })}
          placeholder={hint || (isOfText(input.type) ? "" : input.type)}
          onChange={(_, { value }) => tests.setValue(input.name, value)}
        />
      )}
      {isImage && (
        <>
          <Button
            size="small"
            icon={<Image16Regular />}
            aria-label={t("Choose an image")}
            onClick={() => picker.current?.click()}
          />
          <input
            ref={picker}
            hidden
            type="file"
            accept="image/*"
            aria-label={t("Choose an image")}
            onChange={(event) => void pick(event.target.files?.[0])}
          />
        </>
      )}
    </span>
  );
}
