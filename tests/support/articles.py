# SPDX-License-Identifier: Apache-2.0
"""Small articles in the manner of Vietnamese news, made of this file's own words; the same seed
gives the same articles."""
import random
from dataclasses import dataclass, field

from support.contract import article, digest_content, wire

_FAMILY = "Nguyễn Trần Lê Phạm Hoàng Vũ Đặng Bùi Đỗ Hồ Ngô Dương".split()
_MIDDLE = "Văn Thị Quang Minh Thanh Hữu Đức Ngọc Xuân Bảo".split()
_GIVEN = "An Bình Châu Dũng Giang Hải Khánh Lan Nam Phúc Sơn Tâm Uyên Vinh Yến".split()
_PLACES = ("Hà Nội", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Quảng Ninh", "Nghệ An", "Lâm Đồng",
           "Đồng Tháp", "Bắc Ninh", "Thừa Thiên Huế")
_BODIES = ("Bộ Công an", "Bộ Ngoại giao", "Ủy ban nhân dân tỉnh", "Công an tỉnh",
           "Viện kiểm sát nhân dân", "Tòa án nhân dân", "Sở Y tế", "Bộ Tài chính")
_RANKS = ("Đại tá", "Thượng tá", "Thiếu tướng", "Giám đốc", "Phó Chủ tịch", "Thứ trưởng")
_CRIMES = ("lừa đảo chiếm đoạt tài sản", "trộm cắp tài sản", "mua bán trái phép chất ma túy",
           "cố ý gây thương tích", "nhận hối lộ")
_SENTENCES = (
    "Ngày {date}, {rank} {person} đã tiếp đoàn công tác của {body} tại {place}.",
    "Theo {body}, lực lượng chức năng {place} đã bắt giữ {person} về hành vi {crime}.",
    "{rank} {person} cho biết đơn vị sẽ tiếp tục phối hợp với {body} trong thời gian tới.",
    "Hai bên đã ký biên bản ghi nhớ hợp tác tại {place} vào ngày {date}.",
    "Ông {person} được bổ nhiệm giữ chức vụ mới tại {body} từ ngày {date}.",
    "Người dân {place} mong chờ những đổi thay sau chuyến thăm của {rank} {person}.",
    "{body} đề nghị các địa phương, trong đó có {place}, báo cáo kết quả trước ngày {date}.",
    "Cơ quan điều tra đã khởi tố vụ án {crime} xảy ra tại {place}.",
)


@dataclass
class Piece:
    """One article as a feeder holds it."""
    source: str
    key: str
    title: str
    content: bytes
    url: str = ""
    content_type: str = "text/plain"
    published: str = ""
    fetched: str = ""
    extra: dict = field(default_factory=dict)
    raw: bytes = None  # sent instead of the packed Article, when set

    @property
    def digest(self) -> bytes:
        return digest_content(self.title, self.content)

    def payload(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return article.Article(url=self.url, title=self.title, content=self.content,
                               content_type=self.content_type, published=self.published,
                               fetched=self.fetched, charset="utf-8",
                               **self.extra).SerializeToString()

    def submission(self, class_=wire.LIVE) -> "wire.Submission":
        return wire.Submission(source=self.source, key=self.key, url="" if self.key else self.url,
                               digest=self.digest, size=len(self.payload()), **{"class": class_})


class Newsroom:
    """Writes articles: piece() gives the next one, never the same key twice."""

    def __init__(self, seed: int = 1, source: str = "proof", real_size: bool = False):
        """real_size: as papers write, 2 to 12 kB of text, every eighth a page of 20 to 60 kB."""
        self.real_size = real_size
        self.random = random.Random(f"{seed}/{source}")
        self.source = source
        self.count = 0

    def _sentence(self) -> str:
        pick = self.random.choice
        return pick(_SENTENCES).format(
            date=f"{self.random.randint(1, 28)}/{self.random.randint(1, 12)}/{self.random.randint(2019, 2025)}",
            person=f"{pick(_FAMILY)} {pick(_MIDDLE)} {pick(_GIVEN)}", place=pick(_PLACES),
            body=pick(_BODIES), rank=pick(_RANKS), crime=pick(_CRIMES))

    def text(self, sentences: int) -> str:
        lines = []
        while sentences > 0:
            length = min(sentences, self.random.randint(1, 4))
            lines.append(" ".join(self._sentence() for _ in range(length)))
            sentences -= length
        return "\n\n".join(lines) + "\n"

    def piece(self, sentences: int = None, source: str = None, html: bool = False) -> Piece:
        self.count += 1
        html = html or (self.real_size and self.random.random() < 0.125)
        few, many = (2, 9) if not self.real_size else (150, 400) if html else (15, 90)
        body = self.text(sentences or self.random.randint(few, many))
        title = f"Tin số {self.count}: " + self._sentence().rstrip(".")
        key = f"bai-{self.count:06d}"
        published = f"2025-{self.random.randint(1, 12):02d}-{self.random.randint(1, 28):02d}"
        if html:
            paragraphs = "".join(f"<p>{line}</p>" for line in body.split("\n\n"))
            body = (f"<!doctype html><html><head><title>{title}</title></head><body><article>"
                    f"<h1>{title}</h1>{paragraphs}</article></body></html>")
        return Piece(source or self.source, key, title, body.encode(),
                     url=f"https://tin.example/{key}.html", published=published,
                     content_type="text/html" if html else "text/plain")

    def pieces(self, count: int, **how) -> list:
        return [self.piece(**how) for _ in range(count)]

    def correction(self, piece: Piece) -> Piece:
        """The same identity with other words."""
        return Piece(piece.source, piece.key, piece.title, piece.content + self._sentence().encode(),
                     url=piece.url, published=piece.published)
