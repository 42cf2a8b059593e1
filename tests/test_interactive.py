"""The interactive pictures of the handbook: their numbers, and how a keyboard moves them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import PROGRAM, Page, browser

pytest.importorskip("matplotlib")

from docs.pictures.convolution import data

STATIC = Path(__file__).parents[1] / "docs" / "_static"


def test_numbers() -> None:
    """Image, kernels and outputs fit one another, and can be added up by hand."""
    told = json.loads(json.dumps(data()))
    image = np.array(told["image"])
    assert np.array_equal(image, np.round(image, 1))
    for kernel in told["kernels"]:
        weight, output = np.array(kernel["weight"]), np.array(kernel["output"])
        for i, j in np.ndindex(*output.shape):
            total = np.sum(weight * image[i : i + 3, j : j + 3])
            assert output[i, j] == pytest.approx(total, abs=1e-9)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with the picture, as the directive writes it."""
    folder = tmp_path_factory.mktemp("interactive")
    style, script = ((STATIC / f"convolution.{kind}").read_text("utf-8") for kind in ("css", "js"))
    file = folder / "page.html"
    file.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Convolution</title>'
        f"<style>body {{ background: #fff }} {style}</style>"
        '<div class="interactive interactive-convolution">'
        f'<script type="application/json">{json.dumps(data())}</script>'
        '<div class="interactive-static">static</div></div>'
        f"<script>{script}</script></html>",
        encoding="utf-8",
    )
    with browser(folder / "profile") as opened:
        opened.open(file, width=400)
        yield opened


def press(page: Page, key: str, code: int) -> None:
    """Press a key, and let it go."""
    for kind in ("keyDown", "keyUp"):
        page.call(
            "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
        )


def total(page: Page) -> float:
    """The sum that the picture shows."""
    text = page.evaluate(
        "[...document.querySelectorAll('.convolution-live text')].at(-1).innerHTML"
    )
    return float(text.replace("\u2212", "-"))


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")
def test_keyboard(page: Page) -> None:
    """With keys alone every output pixel and every kernel can be reached; the sum is right."""
    assert page.faults() == []
    i, j = data()["place"]
    assert total(page) == data()["kernels"][0]["output"][i][j]
    assert page.evaluate("document.querySelector('.interactive-static').offsetParent === null")

    press(page, "Tab", 9)
    for _ in range(3):
        press(page, "ArrowRight", 39)
    press(page, "Tab", 9)
    press(page, "ArrowLeft", 37)
    assert total(page) == data()["kernels"][0]["output"][i + 3][j - 1]
    press(page, "Tab", 9)
    press(page, "ArrowDown", 40)
    assert total(page) == data()["kernels"][1]["output"][i + 3][j - 1]
    page.evaluate("new Promise(done => setTimeout(done, 700))")
    spoken = page.evaluate("document.querySelector('[aria-live]').textContent")
    assert f"Output row {i + 3}, column {j - 1}." in spoken
    assert page.faults() == []
