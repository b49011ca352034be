# SPDX-License-Identifier: Apache-2.0
"""The status page: whole without script, live with it, in light and dark, and nothing of an article runs in it."""
import collections
import html
import io
import json
import re

import PIL.Image
import pytest

from support.auditor import wait_settled
from support.browser import Browser
from support.waiting import wait_for

TEXT = "Ngày 5/3/2025, Đại tướng Phan Văn Giang đã tiếp Đại sứ Hoa Kỳ tại Hà Nội."
EVIL = "<script>document.title='stolen'</script><img src=x onerror=\"document.title='stolen'\">"


def feed(gateway, number, title):
    reply = gateway.post({"source": "proof", "key": f"bai/{number}", "title": title, "text": f"{TEXT} Số {number}."})
    assert reply.status == 202, reply


@pytest.fixture
def gateway(broker, new_gateway, new_worker, database):
    new_worker(broker, database)
    gateway = new_gateway(broker, database)
    wait_for(lambda: gateway.get("/v1/status").json["asked_at"], 30, "the broker was asked: rates are counted from there")
    for number in range(3):
        feed(gateway, number, f"Bài số {number}")
    feed(gateway, 3, EVIL)
    wait_settled(broker)
    wait_for(lambda: (told := gateway.get("/v1/status").json)["latest"] and told["latest"][0]["sequence"] == 4
             and sum(rate["stored"] for rate in told["rates"]) == 4, 30, "the broker was asked since")
    return gateway


@pytest.fixture
def browse(directory):
    opened = []

    def make(**how):
        opened.append(Browser(directory, **how))
        return opened[-1]
    yield make
    for browser in opened:
        browser.close()


def test_the_page_is_whole_without_script(gateway, browse):
    reply = gateway.get("/")
    assert reply.status == 200 and reply.type == "text/html"
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and policy.count("'sha256-") == 2
    page = reply.body.decode()
    assert EVIL not in page and html.escape(EVIL, quote=False)[:20] in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page), "it loads something from elsewhere"
    browser = browse(script=False)
    browser.open(f"http://{gateway.http_address}/")
    assert "The broker is running" in browser.text("#figures")
    assert "Bài số 2" in browser.text("#latest") and EVIL in browser.text("#latest")
    assert browser.text("#last") == "4" and "worker1" in browser.text("#figures")
    assert browser.text("#live").startswith("As of")


def test_the_page_is_live_with_script(broker, gateway, browse):
    browser = browse()
    browser.open(f"http://{gateway.http_address}/")
    wait_for(lambda: browser.text("#live").startswith("Live"), 30, "it listens")
    feed(gateway, 10, "Tin nóng <b>bây giờ</b>")
    feed(gateway, 11, EVIL)
    wait_settled(broker)
    wait_for(lambda: "Tin nóng <b>bây giờ</b>" in browser.text("#latest"), 30, "the entry is shown")
    wait_for(lambda: browser.text("#last") == "6", 30, "the figures are asked again")
    items = browser.run("return Array.from(document.querySelectorAll('#latest li'), (item) => item.textContent.split(' ')[0])")
    assert items == ["6", "5", "4", "3", "2", "1"]
    assert browser.run("return document.title") == "newsloom"
    assert browser.run("return document.querySelectorAll('#latest img, #latest script, #latest b').length") == 0
    assert browser.complaints() == []
    gateway.kill9()
    wait_for(lambda: "Not live" in browser.text("#live") or "does not answer" in browser.text("#live"), 30, "it says so")


def test_the_plot_shows_the_rates(gateway):
    page = gateway.get("/").body.decode()
    rates = gateway.get("/v1/status").json["rates"]
    assert sum(rate["accepted"] for rate in rates) == 4
    lines = dict(re.findall(r'<path class="(stored|accepted)" d="([^"]+)"', page))
    assert set(lines) == {"stored", "accepted"} and all(line.startswith("M") for line in lines.values())
    body = page[page.index("The figures of the plot"):page.index("</details>")]
    cells = [int(figure) for figure in re.findall(r'<td class="figure">(\d+)</td>', body)]
    assert cells == [figure for rate in reversed(rates) for figure in (rate["stored"], rate["accepted"])]


CONTRAST = """
function light(colour) {
  const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
const ground = getComputedStyle(document.body).backgroundColor;
const found = {};
for (const selector of ['body', '.quiet', 'a', 'caption', 'svg text', 'path.stored', 'path.accepted']) {
  const style = getComputedStyle(document.querySelector(selector));
  const colour = selector.startsWith('path') ? style.stroke : selector.startsWith('svg') ? style.fill : style.color;
  const [high, low] = [light(colour), light(ground)].sort((a, b) => b - a);
  found[selector] = (high + 0.05) / (low + 0.05);
}
return {ground, found};
"""


def test_light_and_dark_and_for_everybody(gateway, browse):
    browser = browse()
    browser.open(f"http://{gateway.http_address}/")
    grounds = set()
    for scheme in ("light", "dark"):
        browser.emulate(prefers_color_scheme=scheme)
        told = browser.run(CONTRAST)
        grounds.add(told["ground"])
        low = {name: ratio for name, ratio in told["found"].items() if ratio < (4.5 if name.startswith("path") else 6)}
        assert not low, (scheme, low)
    assert len(grounds) == 2
    problems = json.loads(browser.run("""
        const wrong = [];
        if (!document.documentElement.lang) wrong.push('no language');
        if (document.querySelectorAll('h1').length !== 1 || !document.querySelector('main')) wrong.push('no outline');
        for (const table of document.querySelectorAll('table'))
          if (!table.caption || !table.querySelector('th[scope=col]') || !table.querySelector('th[scope=row]')) wrong.push('a table without heads');
        for (const picture of document.querySelectorAll('svg'))
          if (picture.getAttribute('role') !== 'img' || !document.getElementById(picture.getAttribute('aria-labelledby'))) wrong.push('a picture without words');
        if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push('wider than the window');
        return JSON.stringify(wrong);"""))
    assert problems == []


PLACES = """
const box = (selector) => {
  const found = document.querySelector(selector), place = found.getBoundingClientRect(), style = getComputedStyle(found);
  return {box: [place.left, place.top, place.right, place.bottom].map(Math.round), colour: style.stroke.startsWith('rgb') ? style.stroke : style.color};
};
document.querySelector('svg').scrollIntoView({block: 'center'});
return {ground: getComputedStyle(document.body).backgroundColor, heading: box('h1'), figures: box('#figures'),
        plot: box('svg'), stored: box('path.stored'), latest: box('#latest')};
"""


def colour_of(text):
    return tuple(int(float(part)) for part in re.findall(r"[0-9.]+", text)[:3])


def painted(picture, box):
    """How often each colour was painted there, as far as the window shows it."""
    left, top, right, bottom = box
    part = picture.crop((max(0, left), max(0, top), min(picture.width, right), min(picture.height, bottom)))
    return collections.Counter(part.getdata()) if part.width > 0 and part.height > 0 else collections.Counter()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_shows_the_plot_on_its_ground(gateway, browse, scheme):
    browser = browse()
    browser.emulate(prefers_color_scheme=scheme)
    browser.open(f"http://{gateway.http_address}/")
    places = browser.run(PLACES)
    picture = PIL.Image.open(io.BytesIO(browser.picture())).convert("RGB")
    assert painted(picture, (0, 0, picture.width, picture.height)).most_common(1)[0][0] == colour_of(places["ground"])
    plot = painted(picture, places["plot"]["box"])
    assert plot[colour_of(places["stored"]["colour"])] >= 5, "the line of what was stored is not to be seen"
    for name in ("figures", "latest"):
        words = painted(picture, places[name]["box"])
        assert not words or len(words) > 10, f"nothing is written in {name}"  # letters have edges of many colours


def test_a_broker_that_is_away_is_said(broker, gateway):
    broker.kill9()
    wait_for(lambda: gateway.get("/v1/status").json["away"], 30, "it was asked")
    page = gateway.get("/").body.decode()
    assert 'class="away">The broker does not answer' in page and "Bài số 2" in page
    assert gateway.get("/readyz").status == 503
    broker.start()
    wait_for(lambda: gateway.get("/readyz").status == 200, 30, "it is there again")
    assert 'class="away">The broker' not in gateway.get("/").body.decode()
