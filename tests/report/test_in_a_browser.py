"""The report in a real Chromium without a window, by mouse, by keyboard, on a phone, on paper."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from made import NASTY, named, put, report, searched

from synthetic import figure_4_tables, tables_like

pytestmark = pytest.mark.browser

PROGRAMS = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
PATIENCE = 30.0


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("report")
    own, record = folder / "own", folder / "record"
    put(named(tables_like("fig1a"), "AdaGrad", NASTY), own / "quick" / "fig1a")
    put(tables_like("fig1b"), own / "quick" / "fig1b")
    put(figure_4_tables(last=10, seeds=(0, 1)), own / "quick" / "fig4")
    put(searched(tables_like("fig1b", confirm=())), own / "search" / "fig1b")
    put(tables_like("fig1b"), record / "quick" / "fig1b")
    page = folder / "index.html"
    page.write_text(report(own, record))
    return page.as_uri()


class Browser:
    """One window, and what the tests do with it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.run: Callable[..., Any] = driver.execute_script

    def emulate(self, width: int, *, dark: bool = False) -> None:
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def until(self, true: str, *arguments: object) -> None:
        """Wait until a JavaScript expression is true."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, PATIENCE).until(
            lambda _: self.run(f"return !!({true})", *arguments), f"never true: {true}"
        )

    def see(self, plot: str) -> None:
        """Scroll to a plot, and wait until it is drawn."""
        self.run(f"document.getElementById('{plot}').scrollIntoView({{block: 'center'}})")
        self.until(f"document.querySelector('#{plot} .main-svg')")

    def press(self, selector: str, *keys: str) -> None:
        """Press keys while an element has the focus."""
        self.run("arguments[0].focus()", self.find(selector))
        self.driver.switch_to.active_element.send_keys(*keys)

    def visible(self, plot: str, kind: str) -> int:
        """How many curves of a kind a plot shows."""
        script = (
            "return document.getElementById(arguments[0]).data.filter("
            "(trace) => trace.meta.kind === arguments[1] && trace.visible !== false).length"
        )
        return self.run(script, plot, kind)

    def column(self, name: str) -> list[str]:
        """The cells of a column of the table of runs, as shown."""
        script = """
            const heads = [...document.querySelectorAll("#runs-table th")];
            const place = heads.findIndex((head) => head.textContent === arguments[0]);
            const rows = [...document.querySelectorAll("#runs-table tbody tr")];
            return rows.map((row) => row.cells[place].textContent);"""
        return self.run(script, name)


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    missing = [name for name, path in PROGRAMS.items() if path is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)} (Debian: apt install chromium chromium-driver)")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = PROGRAMS["chromium"]
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = Chrome(options=options, service=Service(PROGRAMS["chromedriver"]))
    yield found
    found.quit()


@pytest.fixture
def browser(driver: Any, address: str) -> Iterator[Browser]:
    """The page, freshly loaded on a wide light screen; afterwards nothing was complained about."""
    found = Browser(driver)
    found.emulate(1200)
    for log in ("browser", "performance"):
        driver.get_log(log)  # what was before
    driver.get(address)
    yield found
    assert driver.get_log("browser") == [], "errors or warnings on the console"
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    ]
    assert {url for url in sent if not url.startswith("data:")} <= {address}, "outside requests"


PLOT = "plot-fig1b-recovered-0"
OTHER = "plot-fig1b-tuned-0"


def test_every_plot_can_be_drawn_and_has_words_in_its_place(browser: Browser) -> None:
    browser.run("document.querySelectorAll('[hidden]').forEach((each) => { each.hidden = false; })")
    plots = browser.all(".plot")
    assert len(plots) > 15
    for plot in plots:
        browser.see(plot.get_attribute("id"))
        assert plot.aria_role in ("img", "image")
        assert len(plot.accessible_name) > 60
        group = plot.find_element("xpath", "ancestor::div[contains(@class, 'group')]")
        assert group.find_elements("css selector", "details.values td"), "the values as a table"


def test_values_show_under_the_pointer(browser: Browser) -> None:
    from selenium.webdriver import ActionChains

    browser.see(PLOT)
    ActionChains(browser.driver).move_to_element(browser.find(f"#{PLOT}")).perform()
    hover = f"#{PLOT} .hoverlayer"
    browser.until(f"document.querySelector('{hover}').textContent.includes('Adam+dropout')")
    assert "Adam+dropout, paper" in browser.find(hover).get_attribute("textContent")


@pytest.mark.parametrize("way", ["click", "keyboard"])
def test_the_papers_curves_are_switched_off_and_on(browser: Browser, way: str) -> None:
    browser.see(PLOT)
    box = "#fig1b input.paper"
    toggle = browser.find(box).click if way == "click" else lambda: browser.press(box, " ")
    assert browser.visible(PLOT, "paper") == 4
    ours = browser.visible(PLOT, "ours")
    toggle()
    assert (browser.visible(PLOT, "paper"), browser.visible(PLOT, "ours")) == (0, ours)
    toggle()
    assert browser.visible(PLOT, "paper") == 4


@pytest.mark.parametrize("way", ["click", "keyboard"])
def test_a_series_is_switched_off_with_its_band_and_the_papers(browser: Browser, way: str) -> None:
    browser.see(PLOT)
    box = "#fig1b .choice:not([hidden]) input.series[value='Adam+dropout']"
    before = {kind: browser.visible(PLOT, kind) for kind in ("ours", "range", "paper")}
    if way == "click":
        browser.find(box).click()
    else:
        browser.press(box, " ")
    after = {kind: browser.visible(PLOT, kind) for kind in before}
    assert before == {"ours": 4, "range": 8, "paper": 4}
    assert after == {"ours": 3, "range": 6, "paper": 3}


@pytest.mark.parametrize("way", ["click", "keyboard"])
def test_recovered_and_tuned_take_turns(browser: Browser, way: str) -> None:
    from selenium.webdriver import Keys

    browser.see(PLOT)
    if way == "click":
        browser.find("#fig1b input[type=radio][value='1']").click()
    else:
        browser.press("#fig1b input[type=radio][value='0']", Keys.ARROW_RIGHT)
    browser.see(OTHER)
    assert browser.find(f"#{OTHER}").is_displayed()
    assert not browser.find(f"#{PLOT}").is_displayed()


def test_runs_are_filtered_by_words_and_by_lists(browser: Browser) -> None:
    from selenium.webdriver import Keys
    from selenium.webdriver.support.select import Select

    count = browser.find("#runs-count")
    whole = count.text
    browser.press("#runs-words", "fig1b diverged")
    assert set(browser.column("experiment")) == {"fig1b"}
    assert set(browser.column("status")) == {"diverged"}
    assert count.text != whole
    browser.press("#runs-words", Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    assert count.text == whole
    lists = browser.all("#runs-lists select")
    Select(lists[0]).select_by_visible_text("fig1a")
    Select(lists[1]).select_by_visible_text("Adam")
    assert {*browser.column("experiment"), *browser.column("series")} == {"fig1a", "Adam"}
    browser.find("#runs-controls button").click()
    browser.until("document.getElementById('runs-count').textContent === arguments[0]", whole)


@pytest.mark.parametrize("way", ["click", "keyboard"])
def test_runs_are_sorted_by_their_headings(browser: Browser, way: str) -> None:
    from selenium.webdriver import Keys

    browser.press("#runs-words", "fig1a Adam confirm")
    name = "cost"
    place = [head.text for head in browser.all("#runs-table th")].index(name) + 1
    button = f"#runs-table th:nth-child({place}) button"
    for way_of in ("ascending", "descending"):
        if way == "click":
            browser.find(button).click()
        else:
            browser.press(button, Keys.ENTER)
        values = [float(value) for value in browser.column(name)]
        assert values == sorted(values, reverse=way_of == "descending")
        assert len(set(values)) > 3
        head = browser.find(f"#runs-table th:nth-child({place})")
        assert head.get_attribute("aria-sort") == way_of


def test_all_runs_are_shown_on_demand(browser: Browser) -> None:
    assert len(browser.column("run_id")) == 100
    browser.find("#runs-more").click()
    assert len(browser.column("run_id")) > 200
    assert not browser.find("#runs-more").is_displayed()


def test_a_claim_is_unfolded_by_keyboard(browser: Browser) -> None:
    from selenium.webdriver import Keys

    browser.press("#claim-imdb-sparse summary", Keys.ENTER)
    assert browser.find("#claim-imdb-sparse table").is_displayed()


def test_the_keyboard_finds_the_skip_link_first(browser: Browser) -> None:
    from selenium.webdriver import Keys

    browser.find("body").send_keys(Keys.TAB)
    focused = browser.driver.switch_to.active_element
    assert focused.text == "Skip to the claims"
    assert focused.is_displayed()


@pytest.mark.parametrize("width", [390, 768, 1200])
def test_nothing_is_wider_than_the_screen(browser: Browser, width: int) -> None:
    browser.emulate(width)
    browser.driver.refresh()
    for plot in browser.all(".plot"):
        if plot.is_displayed():
            browser.see(plot.get_attribute("id"))
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_dark_and_light_follow_the_system(browser: Browser) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    plot = f"document.getElementById('{PLOT}')"
    browser.see(PLOT)
    light = browser.run(f"return [{ground}, {plot}.layout.paper_bgcolor]")
    browser.emulate(1200, dark=True)
    browser.until(f"{plot}.layout.paper_bgcolor !== '{light[1]}'")
    assert browser.run(f"return {ground}") != light[0]


def test_on_paper_everything_is_drawn_and_unfolded(browser: Browser) -> None:
    browser.emulate(1200, dark=True)
    is_open = "!!document.querySelector('details.card[open]')"
    browser.run(f"addEventListener('beforeprint', () => {{ window.wasOpen = {is_open}; }})")
    sheet = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert base64.b64decode(sheet["data"]).startswith(b"%PDF")
    assert browser.run("return window.wasOpen")
    shown = "[...document.querySelectorAll('.plot')].filter((each) => !each.closest('[hidden]'))"
    assert browser.run(f"return {shown}.every((each) => each.querySelector('.main-svg'))")
    browser.until(f"!({is_open})")


def test_names_from_tables_are_text(browser: Browser) -> None:
    browser.press("#runs-words", "onerror")
    assert set(browser.column("series")) == {NASTY}
    browser.see("plot-fig1a-recovered-0")
    assert not browser.all("main img")
    assert browser.run("return window.hacked === undefined")
