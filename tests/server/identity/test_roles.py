"""The role tables and the matcher."""

from __future__ import annotations

import pytest

from smalt.server.identity import allows, can_see
from smalt.server.identity.roles import find_role
from smalt.server.work import Actor, ActorKind, JobGrant, Permission

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


def holder(role: str, scope: str = "/") -> Actor:
    definition = find_role(role)
    assert definition is not None
    return Actor("1", "ali", ActorKind.USER, (Permission(scope, definition.actions, definition.not_actions),))


@pytest.mark.parametrize(
    ("role", "action", "expected"),
    [
        ("Owner", "workspaces/jobs/write", True),
        ("Owner", "authorization/roleAssignments/write", True),
        ("Contributor", "workspaces/delete", True),
        ("Contributor", "authorization/roleAssignments/write", False),
        ("Contributor", "authorization/roleAssignments/delete", False),
        ("Contributor", "authorization/roleAssignments/read", True),
        ("Contributor", "authorization/actors/write", False),
        ("Reader", "workspaces/read", True),
        ("Reader", "workspaces/models/versions/read", True),
        ("Reader", "workspaces/jobs/write", False),
        ("Reader", "workspaces/listKeys/action", False),
        ("AzureML Data Scientist", "workspaces/read", True),
        ("AzureML Data Scientist", "workspaces/jobs/write", True),
        ("AzureML Data Scientist", "workspaces/jobs/cancel/action", True),
        ("AzureML Data Scientist", "workspaces/computes/read", True),
        ("AzureML Data Scientist", "workspaces/computes/start/action", True),
        ("AzureML Data Scientist", "workspaces/computes/write", False),
        ("AzureML Data Scientist", "workspaces/computes/delete", False),
        ("AzureML Data Scientist", "workspaces/computes/listKeys/action", False),
        ("AzureML Data Scientist", "workspaces/write", False),
        ("AzureML Data Scientist", "workspaces/delete", False),
        ("AzureML Data Scientist", "workspaces/listKeys/action", False),
        ("AzureML Data Scientist", "authorization/roleAssignments/read", False),
        ("AzureML Data Scientist", "registries/read", False),
        ("AzureML Compute Operator", "workspaces/computes/write", True),
        ("AzureML Compute Operator", "workspaces/computes/start/action", True),
        ("AzureML Compute Operator", "workspaces/jobs/read", False),
        ("AzureML Compute Operator", "workspaces/read", False),
        ("AzureML Registry User", "registries/assets/write", True),
        ("AzureML Registry User", "registries/write", False),
        ("Azure AI Developer", "workspaces/computes/write", True),
        ("Azure AI Developer", "locations/vmSizes/read", True),
        ("Azure AI Developer", "workspaces/delete", False),
        ("f6c7c914-8db3-469d-8ca1-694a8f32e121", "WORKSPACES/JOBS/WRITE", True),
    ],
)
def test_roles_allow_what_their_table_says(role, action, expected):
    assert allows(holder(role), action, WORKSPACE) is expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("/", True),
        ("/subscriptions/S", True),
        ("/subscriptions/s/resourcegroups/G", True),
        (WORKSPACE.upper(), True),
        (WORKSPACE + "/jobs/other", False),
        (WORKSPACE[:-1] + "ww", False),
        ("/subscriptions/s2", False),
        ("/subscriptions/s/resourceGroups", True),
    ],
)
def test_a_role_holds_below_its_scope_by_whole_segments(held, expected):
    assert allows(holder("Owner", held), "workspaces/jobs/write", WORKSPACE) is expected


def test_roles_add_up_and_one_does_not_take_from_another():
    both = Actor("1", "ali", ActorKind.USER, holder("Reader").permissions + holder("Contributor").permissions)

    assert allows(both, "workspaces/jobs/write", WORKSPACE)
    assert not allows(both, "authorization/roleAssignments/write", WORKSPACE)


def test_a_job_has_no_roles():
    assert not allows(Actor("1", "job", ActorKind.JOB, grant=JobGrant("job", "w")), "workspaces/read", WORKSPACE)


def test_what_lies_around_a_role_can_be_seen_and_nothing_else():
    actor = holder("Reader", WORKSPACE)

    assert can_see(actor, "/subscriptions/s")
    assert can_see(actor, WORKSPACE + "/jobs/j")
    assert not can_see(actor, "/subscriptions/other")
