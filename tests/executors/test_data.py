"""Code, inputs and outputs of local jobs, in every mode."""

from __future__ import annotations

import pytest

from smalt.executors import Mount, Reason


def reading(source, *, mode="ro_mount", kind="uri_folder", name="data", pinned=None):
    return Mount(name, "input", kind, mode, str(source), f"azureml:{name}:1", pinned)


def writing(target, *, mode="rw_mount", kind="uri_folder", name="out"):
    return Mount(name, "output", kind, mode, f"{target}", f"azureml://datastores/d/paths/{name}")


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "the data"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("alpha")
    return folder


@pytest.mark.parametrize("mode", ["ro_mount", "rw_mount", "eval_mount"])
def test_a_mounted_local_input_is_the_folder_itself(bench, data, mode):
    _, log = bench.run(
        "echo {{smalt:input:data}}; cat '{{smalt:input:data}}/deep/a.txt'", mounts=(reading(data, mode=mode),)
    )

    assert log == f"{data}\nalpha"


@pytest.mark.parametrize("mode", ["download", "eval_download"])
def test_a_downloaded_input_is_a_copy_that_may_be_changed(bench, data, mode):
    command = 'cd "$AZURE_ML_INPUT_data" && cat deep/a.txt && echo beta > deep/a.txt'

    state, log = bench.run(command, mounts=(reading(data, mode=mode),))

    assert (state.reason, log) == (Reason.COMPLETED, "alpha")
    assert (data / "deep" / "a.txt").read_text() == "alpha"


@pytest.mark.parametrize("mode", ["ro_mount", "download"])
def test_a_file_input_is_the_path_of_a_file(bench, data, mode):
    _, log = bench.run(
        "cat '{{smalt:input:data}}'; basename \"$AZURE_ML_INPUT_data\"",
        mounts=(reading(data / "deep" / "a.txt", mode=mode, kind="uri_file"),),
    )

    assert log == "alphaa.txt\n"


def test_direct_data_is_its_uri(bench, data, tmp_path):
    mounts = (reading(data, mode="direct"), writing(tmp_path / "out", mode="direct"))

    _, log = bench.run("echo {{smalt:input:data}} $AZURE_ML_OUTPUT_out", mounts=mounts)

    assert log == "azureml:data:1 azureml://datastores/d/paths/out\n"


def test_inputs_are_found_in_the_data_capability_folder(bench, data):
    _, log = bench.run("cat $AZUREML_CR_DATA_CAPABILITY_PATH/INPUT_data/deep/a.txt", mounts=(reading(data),))

    assert log == "alpha"


def test_placeholders_are_filled_in_variables_too(bench, data):
    _, log = bench.run(
        "echo $WHERE", environment_variables={"WHERE": "at {{smalt:input:data}}"}, mounts=(reading(data),)
    )

    assert log == f"at {data}\n"


def test_a_missing_input_fails_before_the_command_runs(bench, tmp_path):
    state, log = bench.run("echo ran", mounts=(reading(tmp_path / "gone"),))

    assert state.reason is Reason.FAILED
    assert "Input 'data' does not exist: azureml:data:1" in state.error
    assert "ran" not in log


def test_a_pinned_path_shows_the_data_while_the_job_runs(bench, data, tmp_path):
    pinned = tmp_path / "mnt" / "fixed"

    _, log = bench.run(
        "cat {{smalt:input:data}}/deep/a.txt; echo $AZURE_ML_INPUT_data", mounts=(reading(data, pinned=str(pinned)),)
    )

    assert log == f"alpha{pinned}\n"


def test_a_pinned_path_that_is_taken_is_noted(bench, data, tmp_path):
    (tmp_path / "taken").mkdir()

    _, log = bench.run("echo $AZURE_ML_INPUT_data", mounts=(reading(data, pinned=str(tmp_path / "taken")),))

    first, last = log.splitlines()
    assert "cannot be used here" in first
    assert last == str(data)


@pytest.mark.parametrize("mode", ["rw_mount", "upload"])
def test_an_output_folder_is_empty_at_the_start_and_full_at_the_end(bench, tmp_path, mode):
    target = tmp_path / "store" / "out"

    state, log = bench.run(
        "ls -A {{smalt:output:out}}; echo 1 > {{smalt:output:out}}/x", mounts=(writing(target, mode=mode),)
    )

    assert log == ""
    assert (target / "x").read_text() == "1\n"
    assert state.outputs["out"].path == str(target)


@pytest.mark.parametrize("mode", ["rw_mount", "upload"])
def test_a_file_output_is_a_path_that_can_be_written(bench, tmp_path, mode):
    target = tmp_path / "store" / "model.bin"

    state, _ = bench.run("printf 12345 > {{smalt:output:out}}", mounts=(writing(target, mode=mode, kind="uri_file"),))

    assert target.read_text() == "12345"
    assert (state.outputs["out"].path, state.outputs["out"].size) == (str(target), 5)


def test_a_file_output_given_a_folder_is_called_as_the_output(bench, tmp_path):
    bench.run("printf 1 > {{smalt:output:out}}", mounts=(writing(f"{tmp_path}/store/", kind="uri_file"),))

    assert (tmp_path / "store" / "out").read_text() == "1"


def test_outputs_of_a_failed_job_are_kept(bench, tmp_path):
    state, _ = bench.run("echo 1 > {{smalt:output:out}}/x; exit 9", mounts=(writing(tmp_path / "out", mode="upload"),))

    assert (state.reason, state.exit_code) == (Reason.FAILED, 9)
    assert (tmp_path / "out" / "x").exists()


def test_an_upload_adds_to_a_folder_that_has_content(bench, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()

    bench.run("touch {{smalt:output:out}}/new", mounts=(writing(tmp_path / "out", mode="upload"),))

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["new", "old"]


def test_the_artifact_root_can_be_an_output(bench, tmp_path):
    root = tmp_path / "artifacts" / "job"

    bench.run(
        "echo world > outputs/world.txt; echo 2 > {{smalt:output:artifacts}}/b",
        mounts=(writing(root, name="artifacts"),),
    )

    assert (root / "outputs" / "world.txt").read_text() == "world\n"
    assert (root / "b").exists()


def test_the_code_is_a_private_copy(bench, tmp_path):
    code = tmp_path / "code"
    (code / "pkg").mkdir(parents=True)
    (code / "pkg" / "run.sh").write_text("echo from $PWD >&2; echo ran")

    _, log = bench.run("./pkg/run.sh 2>/dev/null; echo changed > pkg/run.sh; touch new", code=code)

    assert log == "ran\n"
    assert (code / "pkg" / "run.sh").read_text().endswith("echo ran")
    assert not (code / "new").exists()


def test_code_may_be_a_single_file(bench, tmp_path):
    (tmp_path / "größe.sh").write_text("echo one file")

    _, log = bench.run("bash größe.sh", code=tmp_path / "größe.sh")

    assert log == "one file\n"


def test_links_in_the_code_lead_nowhere_outside(bench, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (tmp_path / "secret").write_text("s3cret")
    (code / "real").write_text("real")
    (code / "inside").symlink_to(code / "real")
    (code / "outside").symlink_to(tmp_path / "secret")
    (code / "up").symlink_to("..")

    _, log = bench.run("cat inside; echo; cat outside up/secret 2>/dev/null; ls", code=code)

    assert "s3cret" not in log
    assert log.splitlines()[-5:] == ["real", "inside", "logs", "outputs", "real"]
    assert "Left out of the working folder, since it leads outside the code folder: outside" in log


def test_an_outputs_folder_in_the_code_becomes_part_of_the_artifacts(bench, tmp_path):
    (tmp_path / "code" / "outputs").mkdir(parents=True)
    (tmp_path / "code" / "outputs" / "given").write_text("1")

    bench.run("cp outputs/given outputs/copied", code=tmp_path / "code")

    assert (tmp_path / "artifacts" / "job" / "outputs" / "copied").read_text() == "1"


def test_the_working_folder_is_gone_when_the_job_is(bench, tmp_path):
    handle = bench.start("head -c 1000000 /dev/zero > big")
    bench.end(handle)

    bench.until_gone(handle)

    assert not (bench.root / "job" / "wd").exists()
