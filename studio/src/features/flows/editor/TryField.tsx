import { Button, Textarea } from "@fluentui/react-components";
import type { FlowInput } from "../../../api/flows";
import { useT } from "../../../app/i18n";
import { ImagePicker } from "../ImagePicker";
import { useTests } from "../useTests";
import { addressOf, imageOf, isOfText, textOfValue } from "../values";

/** The value with which an input is tried. */
export function TryField({ input }: { input: FlowInput }) {
  const t = useT();
  const tests = useTests();
  const text = tests.values[input.name] ?? "";
  const hint = textOfValue(input.default);
  const isImage = input.type === "image";
  const shown = isImage ? addressOf(imageOf(text)) : null;
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
      {isImage && <ImagePicker onPick={(address) => tests.setValue(input.name, address)} />}
    </span>
  );
}
