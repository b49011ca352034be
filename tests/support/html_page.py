# SPDX-License-Identifier: Apache-2.0
"""A page as a browser's parser takes it: its elements, their attributes, its text, its ids."""
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts = [], [], []  # (tag, attributes)
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"
        self.ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        self.links = [attributes["href"] for tag, attributes in self.elements if tag == "a"]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> within {self.open}"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def of(self, tag: str) -> list:
        return [attributes for name, attributes in self.elements if name == tag]

    def check_anchors(self) -> None:
        assert len(self.ids) == len(set(self.ids)), "ids are given once"
        inner = [link[1:] for link in self.links if link.startswith("#")]
        assert inner and set(inner) <= set(self.ids), set(inner) - set(self.ids)
