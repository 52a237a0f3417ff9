import { Tab, TabList } from "@fluentui/react-components";
import { Suspense, type ReactNode } from "react";
import { useT, type Message } from "../app/i18n";
import { Waiting } from "./Waiting";

interface Props<Id extends string> {
  tabs: readonly { id: Id; title: Message }[];
  shown: Id;
  onShow: (id: string) => void;
  children: ReactNode;
}

/** Tabs, and below them what the chosen one shows. */
export function Tabbed<Id extends string>({ tabs, shown, onShow, children }: Props<Id>) {
  const t = useT();
  return (
    <>
      <TabList selectedValue={shown} onTabSelect={(_, { value }) => onShow(String(value))}>
        {tabs.map(({ id, title }) => (
          <Tab key={id} value={id}>
            {t(title)}
          </Tab>
        ))}
      </TabList>
      <div className="tab-body">
        <Suspense fallback={<Waiting />}>{children}</Suspense>
      </div>
    </>
  );
}
