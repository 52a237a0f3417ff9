"""Jobs on a Ray cluster of two nodes, from the command line to the end."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cluster.conftest import EXAMPLE

pytestmark = pytest.mark.slow

WAITS = "echo waiting; while [ ! -e {go} ]; do sleep 0.2; done; echo went on"


def test_the_nodes_of_a_cluster_are_shown(installation):
    shown = json.loads(installation.server.smalt("compute", "show", "-n", "team"))

    assert shown["state"] == "Running"
    assert [node["resources"]["CPU"] for node in shown["nodes"]] == [1.0, 1.0]
    assert installation.cluster.token_file.read_text() not in json.dumps(shown)


def test_a_command_reads_its_input_writes_its_outputs_and_logs_while_it_runs(installation):
    folder, go = installation.folder, installation.folder / "go-1"
    (folder / "numbers.txt").write_text("1\n2\n3\n")
    (folder / "src").mkdir()
    (folder / "src" / "total.py").write_text(
        "import os, sys\n"
        "total = sum(map(int, open(sys.argv[1])))\n"
        "open(os.path.join(sys.argv[2], 'total.txt'), 'w').write(str(total))\n"
        "os.makedirs('outputs', exist_ok=True)\n"
        "open('outputs/note.txt', 'w').write('kept')\n"
    )
    command = f"{WAITS.format(go=go)}; python total.py ${{{{inputs.numbers}}}} ${{{{outputs.totals}}}}"

    installation.command(
        "whole",
        command,
        code=str(folder / "src"),
        inputs={"numbers": {"type": "uri_file", "path": str(folder / "numbers.txt")}},
        outputs={"totals": {"type": "uri_folder"}},
    )
    installation.until_logged("whole", "waiting")
    status_while_logged = installation.job("whole")["status"]
    go.touch()
    ended = installation.end("whole")
    installation.server.smalt("job", "download", "-n", "whole", "--all", "--download-path", str(folder / "got"))

    assert (status_while_logged, ended["status"]) == ("Running", "Completed"), ended
    assert "went on" in installation.log("whole")
    assert [path.read_text() for path in (folder / "got").rglob("total.txt")] == ["6"]
    assert [path.read_text() for path in (folder / "got").rglob("note.txt")] == ["kept"]


def test_two_instances_of_pytorch_run_on_two_nodes(installation):
    installation.create("spread", EXAMPLE / "ranks.yml")
    ended = installation.end("spread")
    logs = [installation.log("spread", f"std_log_process_{rank}.txt") for rank in range(2)]

    assert ended["status"] == "Completed", ended
    meeting = logs[0].split("rank 0 of 2 node 0 local 0 at ")[1].splitlines()[0]
    assert f"rank 1 of 2 node 1 local 0 at {meeting}" in logs[1]
    if installation.cluster.has_namespaces:
        assert logs[0].splitlines()[-1] != logs[1].splitlines()[-1]


def test_a_failure_on_one_node_ends_the_others(installation):
    installation.command(
        "uneven",
        'test "$NODE_RANK" = 0 && sleep 600; echo broken; exit 3',
        distribution={"type": "pytorch", "process_count_per_instance": 1},
        resources={"instance_count": 2},
    )

    ended = installation.end("uneven")

    assert ended["status"] == "Failed"
    assert "On node 1" in installation.error("uneven")
    assert "code 3" in installation.error("uneven")


def test_the_steps_of_a_pipeline_run_on_the_cluster(installation):
    installation.create("line", EXAMPLE / "pipeline.yml")
    ended = installation.end("line")

    assert ended["status"] == "Completed", ended
    steps = json.loads(installation.server.smalt("job", "list", "--parent-job-name", "line"))
    log = next(installation.log(each["name"]) for each in steps if each["display_name"] == "use")
    assert "made" in log
    assert str(installation.folder / "node") in log


def test_a_canceled_job_gets_its_grace(installation):
    installation.command("patient", "trap 'echo said goodbye; exit 0' TERM; echo waiting; while :; do sleep 0.2; done")
    installation.until_logged("patient", "waiting")

    installation.server.smalt("job", "cancel", "-n", "patient")
    ended = installation.end("patient")

    assert ended["status"] == "Canceled"
    assert "said goodbye" in installation.log("patient")


def test_a_killed_server_takes_up_what_runs(installation):
    go = installation.folder / "go-2"
    installation.command("adopted", f"echo once >> {installation.folder}/runs.txt; {WAITS.format(go=go)}")
    installation.until_logged("adopted", "waiting")

    installation.kill()
    go.touch()
    installation.start()
    ended = installation.end("adopted")

    assert ended["status"] == "Completed", ended
    assert "went on" in installation.log("adopted")
    assert (installation.folder / "runs.txt").read_text() == "once\n"


def test_a_job_whose_node_dies_fails_and_the_others_go_on(installation):
    """Both nodes run a job; the second one's is killed with everything on it. Last, since a node is gone after it."""
    go = installation.folder / "go-3"
    for name in ("left", "right"):
        installation.command(name, f"echo below $PPID; {WAITS.format(go=go)}")
    for name in ("left", "right"):
        installation.until_logged(name, "waiting")
    victim = "left" if _is_on_node(installation, "left", 2) else "right"
    survivor = {"left": "right", "right": "left"}[victim]

    installation.cluster.kill_node(2)
    killed_at = time.monotonic()
    lost = installation.end(victim)
    seconds = time.monotonic() - killed_at
    go.touch()
    ended = installation.end(survivor)
    installation.cluster.start_node(2)
    installation.command("after", "echo fine")

    assert lost["status"] == "Failed"
    assert "node it ran on died" in installation.error(victim)
    assert ended["status"] == "Completed"
    assert installation.end("after")["status"] == "Completed"
    print(f"The loss was told {seconds:.0f} s after the kill.")


def _is_on_node(installation, name: str, node: int) -> bool:
    """Whether the processes of a job are a node's: the supervisor of a command is below the process we keep there."""
    supervisor = installation.log(name).split("below ")[1].split()[0]
    keeper = Path(f"/proc/{supervisor}/stat").read_text().rpartition(")")[2].split()[1]
    return f"SMALT_TEST_NODE={installation.cluster.tag}-{node}".encode() in Path(f"/proc/{keeper}/environ").read_bytes()


def test_a_flow_runs_on_the_cluster_with_connections_of_the_workspace(installation):
    flow = installation.folder / "flow"
    flow.mkdir()
    (flow / "open.py").write_text(
        "import os, smalt\nfrom promptflow.core import tool\nfrom promptflow.connections import CustomConnection\n\n\n"
        "@tool\ndef open_it(door: CustomConnection, text: str) -> str:\n"
        "    print(smalt.__file__)\n    return text + str(len(door.secrets['key']))\n"
    )
    node = {"name": "open", "type": "python", "source": {"type": "code", "path": "open.py"}}
    node["inputs"] = {"door": "shared", "text": "${inputs.text}"}
    document = {
        "inputs": {"text": {"type": "string"}},
        "outputs": {"size": {"type": "string", "reference": "${open.output}"}},
        "nodes": [node],
    }
    (flow / "flow.dag.yaml").write_text(json.dumps(document))
    (flow / "data.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    (installation.folder / "c.yaml").write_text(
        "name: shared\ntype: custom\ncredentials: {type: custom_keys, keys: {key: from-workspace}}\n"
    )
    installation.server.smalt("connection", "create", "--file", str(installation.folder / "c.yaml"))

    data = {"data": {"type": "uri_file", "path": str(flow / "data.jsonl")}}
    installation.submit("flowing", {"type": "flow", "compute": "azureml:team", "code": str(flow), "inputs": data})
    job = installation.end("flowing")

    assert job["status"] == "Completed", installation.log("flowing")
    target = installation.folder / "fetched"
    installation.server.smalt("job", "download", "-n", "flowing", "--output-name", "flow_outputs", "-p", str(target))
    fetched = target / "named-outputs" / "flow_outputs"
    rows = [json.loads(line)["size"] for line in (fetched / "outputs.jsonl").read_text().splitlines()]
    assert rows == ["a14", "b14"]
    assert "/engine/smalt/__init__.py" in (fetched / "flow_logs" / "000000000.log").read_text()
