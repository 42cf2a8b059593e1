"""`python -m solution` trains, reports and draws, and says in one line what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

for name in ("matplotlib", "sklearn", "tqdm"):
    pytest.importorskip(name, reason="needs byhand[train]")
Image = pytest.importorskip("PIL.Image", reason="needs byhand[train]")
main = pytest.importorskip("solution.__main__").main
ROOT = Path(__file__).parent.parent


def run(package: str, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m package`, with the project's folder on the path wherever it runs."""
    code = f"import runpy, sys; sys.path[:0] = ['', {str(ROOT)!r}]; "
    code += f"runpy.run_module({package!r}, run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-X", "utf8", "-c", code, *options]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture
def data(tmp_path) -> Path:
    """Write a folder with five images of each digit in either split."""
    rng = np.random.RandomState(0)
    for split in ("train", "test"):
        for digit in range(10):
            folder = tmp_path / "data" / split / str(digit)
            folder.mkdir(parents=True)
            for number in range(5):
                image = rng.randint(256, size=(28, 28)).astype(np.uint8)
                Image.fromarray(image).save(folder / f"{number}.png")
    return tmp_path / "data"


def test_it_trains_reports_and_draws(tmp_path, data) -> None:
    options = ("--epochs", "1", "--batch-size", "20", "--data", "data", "--out", "new/out")
    result = run("solution", tmp_path, *options)
    assert result.returncode == 0, result.stderr
    assert "images (50, 1, 28, 28) float32, labels (50,) int64" in result.stdout
    assert "epoch   1  train loss" in result.stdout
    assert "epoch" in result.stderr  # the progress bar
    assert result.stdout.count("macro avg") == 2
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert (tmp_path / "new" / "out" / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_numbers(data, capsys) -> None:
    printed = []
    for seed in ("1", "1", "2"):
        out = str(data / seed)
        main(["--epochs", "2", "--data", str(data), "--out", out, "--seed", seed])
        assert (data / seed / "loss.png").is_file()
        lines = capsys.readouterr().out.splitlines()
        printed.append([line for line in lines if "trained in" not in line][:-1])
    assert printed[0] == printed[1] != printed[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--epochs 0", "--epochs must be at least 1, not 0"),
        ("--batch-size -1", "--batch-size must be at least 1, not -1"),
        ("--lr nan", "--lr must be a positive number, not nan"),
        ("--seed -1", "--seed must be from 0 to 4294967295, not -1"),
        ("--data nowhere", "error: there is no folder nowhere/train"),
        ("--out file/out", "error: --out file/out cannot be made a folder"),
    ],
)
def test_a_wrong_option_is_named(options, message, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(SystemExit) as stop:
        main(options.split())
    assert stop.value.code != 0
    assert message in f"{capsys.readouterr().err}{stop.value.code}".replace("\\", "/")


def test_the_function_that_is_still_to_be_written_is_named(tmp_path) -> None:
    package = tmp_path / "student"
    package.mkdir()
    for path in (ROOT / "solution").glob("*.py"):
        (package / path.name).write_bytes(path.read_bytes())
    source = (package / "layers.py").read_text(encoding="utf-8")
    body = "        self.weight = _he_normal((c2, c1"
    assert body in source
    stub = source.replace(body, f"        raise NotImplementedError\n{body}")
    (package / "layers.py").write_text(stub, encoding="utf-8")
    result = run("student", tmp_path)
    expected = "error: student.layers.ConvolutionLayer.__init__ is not implemented yet"
    assert result.stderr.splitlines() == [expected]
    assert result.returncode == 1


def test_a_missing_package_is_named(tmp_path) -> None:
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").touch()
    result = run("solution", tmp_path)
    expected = "error: matplotlib is missing; try: pip install 'byhand[train]'"
    assert result.stderr.splitlines() == [expected]
    assert result.returncode == 1
