import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/Empty";
import { Page } from "../ui/Page";
import { useT } from "./i18n";

export function NotHere() {
  const t = useT();
  return (
    <Page title={t("Nothing stands here")}>
      <Empty>
        {t("This address leads to no page of the studio.")} <Link to="/">{t("Go home")}</Link>
      </Empty>
    </Page>
  );
}
