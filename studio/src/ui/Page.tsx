import { useEffect, type ReactNode } from "react";

interface Props {
  title: string;
  /** Above the title: where this page belongs. */
  above?: ReactNode;
  /** Beside the title. */
  badge?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, above, badge, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · smalt studio`;
  }, [title]);
  return (
    <div className="page">
      {above && <div className="above">{above}</div>}
      <div className="page-head">
        <h1>{title}</h1>
        {badge}
        <div className="actions">{actions}</div>
      </div>
      {children}
    </div>
  );
}
