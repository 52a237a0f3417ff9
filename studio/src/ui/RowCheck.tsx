interface Props {
  label: string;
  isChecked: boolean;
  onToggle: () => void;
}

/** A box to choose a row with, for tables of so many rows that one of the forms would hold up the first of them. */
export function RowCheck({ label, isChecked, onToggle }: Props) {
  return (
    <label className="row-check">
      <input type="checkbox" aria-label={label} checked={isChecked} onChange={onToggle} />
    </label>
  );
}
