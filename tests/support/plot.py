# SPDX-License-Identifier: Apache-2.0
"""Lines over time as an SVG file: for what a table of figures does not show."""

_COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7d5ba6", "#b58900", "#555555")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 360, 64, 40, 150, 44


def _steps(most: float, count: int = 5) -> list:
    """Round numbers from nothing to a little more than most."""
    rough = max(most, 1e-9) / count
    size = 10 ** len(str(int(rough))) / 10 if rough >= 1 else 1
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    return [step * number for number in range(int(most / step) + 2)]


def write_svg(path, title: str, unit: str, lines: dict) -> None:
    """lines: name -> [(minutes, value)]."""
    points = [point for line in lines.values() for point in line]
    across, up = _steps(max(x for x, _ in points)), _steps(max(y for _, y in points))

    def place(x, y):
        return (_LEFT + x / across[-1] * (_WIDTH - _LEFT - _RIGHT),
                _HEIGHT - _BOTTOM - y / up[-1] * (_HEIGHT - _TOP - _BOTTOM))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
           f'<text x="{_LEFT}" y="22" font-size="14">{title}</text>']
    for value in up:
        x, y = place(0, value)
        out += [f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{_WIDTH - _RIGHT}" y2="{y:.0f}" stroke="#ddd"/>',
                f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{value:g}</text>']
    for value in across:
        x, y = place(value, 0)
        out.append(f'<text x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{value:g}</text>')
    out += [f'<text x="{_LEFT}" y="{_HEIGHT - 8}">minutes</text>',
            f'<text x="{_LEFT - 6}" y="{_TOP - 6}" text-anchor="end">{unit}</text>']
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path_ = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line)
        out += [f'<polyline points="{path_}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
                f'<text x="{_WIDTH - _RIGHT + 8}" y="{_TOP + 18 * number + 10}" fill="{colour}">{name}</text>']
    path.write_text("\n".join([*out, "</svg>", ""]))
