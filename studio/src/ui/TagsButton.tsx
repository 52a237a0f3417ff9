import { Button, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { Tag20Regular } from "@fluentui/react-icons";
import { useT } from "../app/i18n";
import { Tags } from "./Tags";

interface Props {
  /** Whose they are, for who cannot see the row. */
  label: string;
  tags: Record<string, string>;
  isDisabled?: boolean;
  onChange: (changes: Record<string, string | null>) => void;
}

/** The tags of what stands in a row, or of several rows, to be looked at and changed. */
export function TagsButton({ label, tags, isDisabled = false, onChange }: Props) {
  const t = useT();
  const count = Object.keys(tags).length;
  return (
    <Popover trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <Button size="small" icon={<Tag20Regular />} aria-label={label} disabled={isDisabled}>
          {count > 0 ? String(count) : t("Tags")}
        </Button>
      </PopoverTrigger>
      <PopoverSurface aria-label={label}>
        <Tags tags={tags} onChange={onChange} />
      </PopoverSurface>
    </Popover>
  );
}
