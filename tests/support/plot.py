# SPDX-License-Identifier: Apache-2.0
"""Lines as an SVG file: for what a table of figures does not show."""
import math

_COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7d5ba6", "#b58900", "#555555")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 360, 64, 40, 150, 44


def _steps(most: float, count: int = 5) -> list:
    """Round numbers from nothing to a little more than most."""
    rough = max(most, 1e-9) / count
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    return [step * number for number in range(int(most / step) + 2)]


def _powers(least: float, most: float) -> list:
    return [10 ** power for power in range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)]


def write_svg(path, title: str, unit: str, lines: dict, along: str = "minutes", is_logarithmic: bool = False) -> None:
    """lines: name -> [(x, y)]; y from nothing on, x too, or by powers of ten."""
    points = [point for line in lines.values() for point in line]
    xs = [x for x, _ in points]
    across = _powers(min(xs), max(xs)) if is_logarithmic else _steps(max(xs))
    up = _steps(max(y for _, y in points))

    def share(x):
        if not is_logarithmic:
            return x / across[-1]
        return math.log(x / across[0]) / max(math.log(across[-1] / across[0]), 1e-9)

    def place(x, y):
        return (_LEFT + share(x) * (_WIDTH - _LEFT - _RIGHT),
                _HEIGHT - _BOTTOM - y / up[-1] * (_HEIGHT - _TOP - _BOTTOM))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
           f'<text x="{_LEFT}" y="22" font-size="14">{title}</text>']
    for value in up:
        x, y = place(across[0], value)
        out += [f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{_WIDTH - _RIGHT}" y2="{y:.0f}" stroke="#ddd"/>',
                f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{value:g}</text>']
    for value in across:
        x, y = place(value, 0)
        out.append(f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{value:,g}</text>')
    out += [f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{along}</text>',
            f'<text x="{_LEFT - 6}" y="{_TOP - 6}" text-anchor="end">{unit}</text>']
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path_ = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line)
        out += [f'<polyline points="{path_}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
                f'<text x="{_WIDTH - _RIGHT + 8}" y="{_TOP + 18 * number + 10}" fill="{colour}">{name}</text>']
    path.write_text("\n".join([*out, "</svg>", ""]), encoding="utf-8")
