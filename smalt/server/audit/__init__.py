"""The audit trail: who changed what, where, when and with what outcome. Never bodies, secrets or query strings."""

from smalt.server.audit.recorder import AuditRecorder
from smalt.server.audit.routes import routes
from smalt.server.audit.scope import FindScope, scope_segments, scope_text, split_scope, workspace_scope

__all__ = ["AuditRecorder", "FindScope", "routes", "scope_segments", "scope_text", "split_scope", "workspace_scope"]
