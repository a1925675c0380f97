"""What somebody takes along: each picture as PNG, SVG, CSV and GIF, and each page on paper."""

import csv
import io
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from lib.pictured_network import load_examples, load_pictured_network, record_passes
from lib.recorded import recorded_training
from lib.training import TrainingConfig
from lib.web.dropout.settings import Settings, passes_of
from tests.browser.test_frame import ours
from tests.support.browsing import present, seen

ENTRY = {
    "png": "Picture (PNG)",
    "svg": "Drawing that can be enlarged (SVG)",
    "gif": "Animation (GIF)",
    "csv": "Numbers (CSV)",
}
BACKGROUND = {"light": (255, 255, 255), "dark": (16, 21, 29)}
SVG = "{http://www.w3.org/2000/svg}"


def save(picture: Locator, kind: str) -> tuple[str, bytes]:
    """The name and the content of the file."""
    picture.locator(".save").click()
    with picture.page.expect_download() as download:
        picture.get_by_role("menuitem", name=ENTRY[kind], exact=True).click()
    expect(picture.locator(".save-menu")).to_have_count(0)
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def numbers(picture: Locator) -> tuple[list[str], list[list[str]]]:
    """The names and the rows of the CSV."""
    names, *rows = csv.reader(io.StringIO(save(picture, "csv")[1].decode()))
    assert rows
    assert {len(row) for row in rows} == {len(names)}
    return names, rows


def check_drawing(content: bytes) -> tuple[int, int]:
    """An SVG that needs nothing from elsewhere; returns its width and height."""
    root = ElementTree.fromstring(content)
    ids = {each.get("id") for each in root.iter()}
    for each in root.iter():
        assert each.tag.startswith(SVG)
        assert each.tag not in (f"{SVG}script", f"{SVG}foreignObject")
        for name, value in each.attrib.items():
            if name.endswith("href"):
                assert value.startswith("data:image/png;base64,")
            assert re.sub(r"url\(#[^)]+\)", "", value).count("url(") == 0, value
            assert {*re.findall(r"url\(#([^)]+)\)", value)} <= ids, value
    assert root.findtext(f"{SVG}title")
    assert "http" in str(root.findtext(f"{SVG}desc"))
    return int(root.attrib["width"]), int(root.attrib["height"])


def sheets(tab: Page) -> int:
    pdf = tab.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize(
    ("path", "picture", "drawn", "scheme"),
    [
        ("", ".life", ".life-strip .choice", "light"),
        ("dropout", ".network", "circle.unit", "light"),
        ("dropout", ".chart", ".main-svg", "dark"),
        ("training", ".training", ".map .points path", "dark"),
        ("top_k", ".next-word", ".bar", "light"),
        ("two_dice", ".experiment", ".feed li", "dark"),
        ("today", ".time-line", ".event", "light"),
        ("today?part=places", ".block", "rect.unit", "dark"),
    ],
)
def test_a_picture_is_saved_and_its_page_fits_on_two_sheets(open_page, complaints, path, picture, drawn, scheme):
    tab = open_page(path, scheme=scheme, reduced_motion="reduce")
    box = tab.locator(f".two-dice{picture}").first
    box.scroll_into_view_if_needed()
    seen(tab, f".two-dice{picture} {drawn}")
    name, content = save(box, "svg")
    assert re.fullmatch(rf"two-dice-{path.split('?')[0] or 'home'}-[\w.-]+\.svg", name)
    width, height = check_drawing(content)
    assert width == int(np.ceil(box.bounding_box()["width"])) + 32
    _, content = save(box, "png")
    with Image.open(io.BytesIO(content)) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    assert pixels.shape == (2 * height, 2 * width, 3)
    assert tuple(pixels[0, 0]) == BACKGROUND[scheme]
    other = (pixels != pixels[0, 0]).any(axis=2)
    for half in np.array_split(other, 2, axis=1):  # something is drawn on the left and on the right
        assert half.mean() > 0.005
    numbers(box)
    assert sheets(tab) <= 2
    assert ours(complaints) == []


def test_the_numbers_and_the_animation_of_dropout(open_page, complaints):
    tab = open_page("dropout?p=0.3")
    box = tab.locator(".two-dice.network")
    seen(tab, ".network > svg circle.unit")
    settings = Settings(p=0.3)
    recording = record_passes(
        load_pictured_network("digits", settings.net), load_examples("digits").inputs[settings.x], passes_of(settings)
    )
    names, rows = numbers(box)
    assert names[:5] == ["Pass", "input: dropped", "hidden 1: dropped", "hidden 2: dropped", "output of this pass: 0"]
    table = np.array(rows, dtype=float)
    outputs = recording.probabilities.numpy()  # (N, classes)
    dropped = np.stack([(~layer.kept.numpy().astype(bool)).sum(axis=1) for layer in recording.layers], axis=1)
    np.testing.assert_array_equal(table[:, 0], np.arange(1, settings.n + 1))
    np.testing.assert_array_equal(table[:, 1:4], dropped)
    # Outputs come as 16 bits and are written with five digits.
    np.testing.assert_allclose(table[:, 4:14], outputs, atol=1.3e-5)
    means = outputs.cumsum(axis=0) / np.arange(1, settings.n + 1)[:, None]
    np.testing.assert_allclose(table[:, 14:24], means, atol=1.3e-5)
    np.testing.assert_allclose(table[:, 24:], [recording.full_probabilities.numpy()] * settings.n, atol=5.1e-5)

    box.locator(".save").click()
    with tab.expect_download(timeout=120_000) as download:
        box.get_by_role("menuitem", name=ENTRY["gif"]).click()
    assert download.value.suggested_filename == "two-dice-dropout-network-p0.3.gif"
    content = Path(download.value.path()).read_bytes()
    assert len(content) <= 2_000_000
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.n_frames == 40
        frames = [np.asarray(seek(opened, i).convert("RGB")).astype(int) for i in (0, 20, 39)]
    assert all((frame != other).any() for frame, other in pairwise(frames))
    # The first frame is the first pass, and afterwards the picture is where it was.
    expect(box).to_have_attribute("data-pass", "0")
    assert ours(complaints) == []


def seek(image: Image.Image, frame: int) -> Image.Image:
    image.seek(frame)
    return image


def test_the_numbers_of_a_training_run(open_page):
    tab = open_page("training")
    seen(tab, ".two-dice.training .map .points path")
    names, rows = numbers(tab.locator(".two-dice.training"))
    recorded = recorded_training(TrainingConfig())
    assert recorded is not None
    history = recorded.history
    table = np.array(rows, dtype=float)
    np.testing.assert_array_equal(table[:, 0], history.step)
    wanted = [
        statistic(loss[:, arm], axis=1)
        for arm in (0, 1)
        for loss in (history.train_loss, history.val_loss)
        for statistic in (
            np.mean,
            lambda each, axis: np.quantile(each, 0.25, axis),
            lambda each, axis: np.quantile(each, 0.75, axis),
        )
    ]
    np.testing.assert_allclose(table[:, 1:], np.stack(wanted, axis=1), rtol=5.1e-4)  # sent with four digits
    assert names[:4] == [
        "training step",
        "Without dropout: training",
        "Without dropout: training, lower end",
        "Without dropout: training, upper end",
    ]


def test_the_menu_works_from_the_keyboard_and_an_animation_can_be_given_up(open_page, complaints):
    downloads: list[str] = []
    tab = open_page("dropout?lang=de")
    tab.on("download", lambda download: downloads.append(download.suggested_filename))
    seen(tab, ".network > svg circle.unit")
    box = tab.locator(".two-dice.network")
    button = box.get_by_role("button", name="Dieses Bild speichern")
    button.press("Enter")
    menu = box.get_by_role("menu")
    items = menu.get_by_role("menuitem")
    expect(items).to_have_text(
        ["Bild (PNG)", "Zeichnung, die man vergrößern kann (SVG)", "Animation (GIF)", "Zahlen (CSV)"]
    )
    expect(items.first).to_be_focused()
    tab.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    tab.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    tab.keyboard.press("Enter")
    items.nth(2).press("Enter")
    box.get_by_role("button", name="Abbrechen").press("Enter")
    expect(box.locator(".save-menu")).to_have_count(0)
    expect(box).to_have_attribute("data-pass", "0")
    assert downloads == []
    # A spreadsheet takes no text for a formula.
    table = tab.evaluate(
        """async () => (await import('./app/static/two-dice/parts/save.js'))
                         .table([["=1+1", "a,b", 'say "a"'], [-0.5, 2]])"""
    )
    assert list(csv.reader(io.StringIO(table))) == [["'=1+1", "a,b", 'say "a"'], ["-0.5", "2"]]
    present(tab)
    expect(tab.locator("html[data-presenting]")).to_have_count(1)
    expect(button).to_be_hidden()
    assert ours(complaints) == []


def test_a_dark_page_is_light_on_paper_and_says_its_link(open_page):
    tab = open_page("dropout?p=0.3", scheme="dark")
    seen(tab, ".network > svg circle.unit")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print", color_scheme="dark")
    colours = tab.evaluate(
        """() => ['.stApp', 'h1', '.two-dice.network', '.network > svg text'].map((selector) => {
             const { color, backgroundColor, fill } = getComputedStyle(document.querySelector(selector));
             return [selector.includes('text') ? fill : color, backgroundColor]; })"""
    )
    assert colours[0][1] == colours[2][1] == "rgb(255, 255, 255)"
    assert {text for text, _ in colours[1:]} == {"rgb(26, 34, 48)"}
    link = tab.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stMainBlockContainer]'), '::after').content"
    )
    assert link == f'"{tab.url}"'
    expect(tab.locator("[data-testid=stExpander]").filter(has=tab.locator("details:not([open])")).first).to_be_hidden()
