import { Tab, TabList } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useT } from "../../app/i18n";

/** The two sides of the page of data: what is registered, and where files are. */
export function DataTabs({ shown }: { shown: "assets" | "datastores" }) {
  const t = useT();
  const navigate = useNavigate();
  return (
    <TabList
      selectedValue={shown}
      onTabSelect={(_, { value }) =>
        value === "datastores"
          ? void navigate({ to: "/datastores" })
          : void navigate({ to: "/assets/$kind", params: { kind: "data" } })
      }
    >
      <Tab value="assets">{t("Data assets")}</Tab>
      <Tab value="datastores">{t("Datastores")}</Tab>
    </TabList>
  );
}
