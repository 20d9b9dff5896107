"""Draws docs/images/success.svg: success against cost of every method, a panel for each policy that was measured."""

import matplotlib
from matplotlib import ticker
from matplotlib.figure import Figure

INK, FAINT = '#30343b', '#d9dce1'  # colours as in src/report/palette.ts, seen by the colour-blind
WIDTH, HEIGHT, COLUMNS = 4.6, 3.1, 2  # inches of a panel
# Label, colour, marker and line of the methods whose names end or begin so; the first that fits counts.
SERIES = {
    '_int8': ('searched, int8 (ours)', '#b8344f', 'P', ''),
    '_plain': ('searched, without correction', '#9a4d8e', 'o', ':'),
    'search_': ('searched (ours)', '#bf4f00', 'o', '-'),
    'preset_': ('presets (ours)', '#bf4f00', '*', ''),
    'ddim_': ('DDIM', '#007d5b', 's', '--'),
    'bac_': ('BAC', '#0072b2', 'D', '-'),
    'uniform_': ('uniform', '#5b626d', '^', ''),
    'acs_': ('ACS', '#8f6700', 'v', ''),
}


def series_of(name):
    return next((key for key in SERIES if name.startswith(key) or name.endswith(key)), None)


def panel(axes, title, rows):
    """Rows (method: row) with their 95 % intervals; the band is that of the dense policy."""
    axes.set_title(title, fontsize=10, color=INK)
    low, high = rows['dense']['interval']
    axes.axhspan(100 * low, 100 * high, color=FAINT, lw=0)
    axes.axhline(100 * rows['dense']['rate'], color=INK, lw=0.8)
    for key, (label, colour, marker, line) in SERIES.items():
        points = sorted((row['cost'], 100 * row['rate'], *(100 * bound for bound in row['interval']))
                        for name, row in rows.items() if series_of(name) == key and 'cost' in row)
        if points:
            cost, rate, low, high = zip(*points)
            below_and_above = [[r - l for r, l in zip(rate, low)], [h - r for r, h in zip(rate, high)]]
            axes.errorbar(cost, rate, below_and_above, label=label, color=colour, marker=marker, ls=line, lw=1.3,
                          markersize=8 if marker == '*' else 5, elinewidth=0.8)
    axes.set_xscale('log')
    axes.set_xlim(0.009, 0.5)
    axes.set_xticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter('%g'))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_ylim(-3, 103)
    axes.tick_params(labelsize=8, colors=INK)
    axes.grid(color=FAINT, lw=0.5)
    axes.spines[['top', 'right']].set_visible(False)


def draw(panels, path):
    """Writes the chart of panels (title, rows) as SVG, the same bytes for the same rows."""
    matplotlib.rcParams.update({'svg.hashsalt': 'success', 'svg.fonttype': 'none', 'font.family': 'sans-serif'})
    lines = -(-len(panels) // COLUMNS)
    figure = Figure((WIDTH * COLUMNS, HEIGHT * lines + 0.4), layout='constrained')
    shown = {}
    for i, (title, rows) in enumerate(panels):
        axes = figure.add_subplot(lines, COLUMNS, i + 1)
        panel(axes, title, rows)
        handles, labels = axes.get_legend_handles_labels()
        shown |= dict(zip(labels, handles))
    figure.supxlabel('multiply-adds of a chunk, as a share of the dense policy\'s', fontsize=9, color=INK)
    figure.supylabel('success, %', fontsize=9, color=INK)
    figure.legend(shown.values(), shown.keys(), loc='outside upper center', ncols=4, fontsize=8, frameon=False)
    figure.savefig(path, format='svg', metadata={'Date': None})
