import { Button } from "@fluentui/react-components";
import { Add16Regular } from "@fluentui/react-icons";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useT } from "../../app/i18n";
import { Copied } from "../../ui/Copied";
import { FileBrowser } from "../../ui/FileBrowser";
import { Page } from "../../ui/Page";
import { addressIn } from "./datastores";

/** The files of a datastore: looked into, copied from, and made data assets. */
export function DatastorePage() {
  const t = useT();
  const { name } = useParams({ from: "/datastores/$name" });
  const { path = "" } = useSearch({ from: "/datastores/$name" });
  const navigate = useNavigate({ from: "/datastores/$name" });
  const address = addressIn(name, path);
  const isFolder = path === "" || path.endsWith("/");
  const register = () =>
    void navigate({
      to: "/new/$kind",
      params: { kind: "data" },
      search: { uri: address, type: isFolder ? "uri_folder" : "uri_file" },
    });
  return (
    <Page title={name} above={<Link to="/datastores">{t("Datastores")}</Link>}>
      <div className="filters">
        <Copied text={address} />
        {path !== "" && (
          <Button size="small" icon={<Add16Regular />} onClick={register}>
            {t("Create a data asset")}
          </Button>
        )}
      </div>
      <FileBrowser
        uri={addressIn(name)}
        path={path}
        onOpen={(next) => void navigate({ search: (old) => ({ ...old, path: next || undefined }) })}
      />
    </Page>
  );
}
