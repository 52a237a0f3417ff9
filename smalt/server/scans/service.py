"""The verbs of scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smalt.entities.workspace import PickledModels
from smalt.errors import InvalidRequest, SmaltError
from smalt.server.assets import AssetVersion, DataLocator, Location
from smalt.server.scans import store, walking
from smalt.server.scans.verdict import Scan, Verdict, is_refused
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

PROPERTY = "smalt.pickle"
"""Property of a model version that has the verdict; with `.found` at its end, what led to it."""


class ModelNotServed(InvalidRequest):
    """The workspace does not serve models of this kind."""

    code = "ModelNotServed"


class ScanService:
    """Knows what models hold.

    Args:
        locator: Finds their bytes.
    """

    def __init__(self, locator: DataLocator) -> None:
        self._locator = locator

    def notes(self, work: Work, found: Sequence[AssetVersion]) -> Mapping[str, Mapping[str, str]]:
        """What is to be shown with these versions, by their ids."""
        models = [each for each in found if each.kind == "models"]
        if not models:
            return {}
        wanted = [(each.name, each.version, each.stamp.created_at) for each in models]
        known = store.known(work, models[0].workspace_id, wanted)
        return {
            each.id: _shown(known[each.name, each.version]) for each in models if (each.name, each.version) in known
        }

    def is_known(self, work: Work, model: AssetVersion) -> bool:
        """Whether a version was looked at already."""
        return self._known(work, model) is not None

    def keep(self, work: Work, model: AssetVersion, scan: Scan) -> None:
        """Write down what was found in a version."""
        store.keep(work, model.workspace_id, model.name, model.version, model.stamp.created_at, scan)

    def require(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> None:
        """Return when a workspace serves a model. One that nobody has looked at yet is looked at now.

        Raises:
            ModelNotServed: It does not.
        """
        policy = workspace.entity.pickled_models or PickledModels.ALLOW
        if policy is PickledModels.ALLOW:
            return
        found = self._known(work, model)
        if found is None:
            found = walking.scan(self.place(work, workspace, model))
            self.keep(work, model, found)
        if is_refused(found, policy):
            raise ModelNotServed(
                f"The workspace {workspace.name!r} does not serve the model {model.name}:{model.version}: its "
                f"{PROPERTY} is {found.verdict.value} ({found.why}), and pickled_models of the workspace is "
                f"{policy.value}. Keep it as ONNX, safetensors or skops, or change the policy: smalt workspace update "
                "--pickled-models allow.",
                target="model",
            )

    def place(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> Location:
        """Where the bytes of a model are."""
        return self._locator.locate(work, workspace, model.source_in(workspace))

    def look(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> Location | Scan:
        """Where to look; or what is to be said, when its bytes cannot be reached."""
        try:
            return self.place(work, workspace, model)
        except SmaltError as failure:
            return Scan(Verdict.UNREADABLE, (failure.message,))

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove what is known of a workspace that is gone for good."""
        store.forget(work, workspace_id)

    def _known(self, work: Work, model: AssetVersion) -> Scan | None:
        wanted = [(model.name, model.version, model.stamp.created_at)]
        return store.known(work, model.workspace_id, wanted).get((model.name, model.version))


def _shown(scan: Scan) -> dict[str, str]:
    shown = {PROPERTY: scan.verdict.value}
    return shown if not scan.found else {**shown, f"{PROPERTY}.found": scan.why}
