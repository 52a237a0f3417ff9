import { CheckmarkCircle16Filled, ErrorCircle16Filled, Warning16Regular } from "@fluentui/react-icons";
import { useT } from "../../app/i18n";
import type { Checked, Flaw } from "./useCheck";

interface Props {
  checked: Checked;
  isChecking: boolean;
  /** Whether lines are those of the text that is shown. */
  hasLines: boolean;
  onGo: (flaw: Flaw) => void;
}

/** Everything that would be refused at a submission, each with the way to its place. */
export function ProblemList({ checked: { problems, warnings }, isChecking, hasLines, onGo }: Props) {
  const t = useT();
  const line = (each: Flaw, Icon: typeof ErrorCircle16Filled, tone: string) => (
    <li key={each.place + each.message}>
      <button type="button" className="file" onClick={() => onGo(each)}>
        <Icon aria-hidden className={tone} />
        <span className="design-problem">
          {each.place && <code>{each.place}</code>} {each.message}
        </span>
        {hasLines && <span className="faint">{t("line {line}", { line: each.line })}</span>}
      </button>
    </li>
  );
  return (
    <section className="design-problems" aria-label={t("Problems")} aria-live="polite" aria-busy={isChecking}>
      {problems.length === 0 && warnings.length === 0 ? (
        <p className="row">
          <CheckmarkCircle16Filled aria-hidden className="good" /> {t("Nothing is wrong with this pipeline.")}
        </p>
      ) : (
        <ul>
          {problems.map((each) => line(each, ErrorCircle16Filled, "bad"))}
          {warnings.map((each) => line(each, Warning16Regular, "faint"))}
        </ul>
      )}
    </section>
  );
}
