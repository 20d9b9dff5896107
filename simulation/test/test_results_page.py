"""docs/results.md and its chart say what the result files say."""

import io
import unittest

from simulation.results_page import CHART, PAGE, chart, page, seeds, verdicts


class ResultsPage(unittest.TestCase):
    def test_is_written_from_the_result_files(self):
        self.assertEqual(PAGE.read_text(), page(), 'python -m simulation.results_page')

    def test_its_chart_is_drawn_from_the_result_files(self):
        drawn = io.StringIO()
        chart(drawn)
        self.assertEqual(CHART.read_text(), drawn.getvalue(), 'python -m simulation.results_page')

    def test_says_where_a_searched_plan_loses(self):
        row = {'episodes': 200, 'interval': [0.95, 0.99]}
        said = verdicts({'rows': {
            'dense': {**row, 'cost': 1, 'rate': 0.975, 'success': 195},
            'bac_s5': {**row, 'cost': 0.1, 'rate': 0.97, 'success': 194},
            'search_0.05': {**row, 'cost': 0.05, 'rate': 0.94, 'success': 188},
        }})
        self.assertEqual(said, ['- Searched, cost 0.05 (0.050): 94.0 %, **below** the interval of dense (95.0 to '
                                '99.0 %); 6 **fewer** than BAC, S = 5 at 2.0 times the cost.'])

    def test_puts_training_seeds_side_by_side(self):
        def result(seed, **rows):
            return {'training_seed': seed, 'policy_sha256': f'{seed}' * 64,
                    'rows': {name: {'episodes': 100, 'success': success, 'cost': 0.1} for name, success in rows.items()}}

        said = seeds([result(0, dense=90, bac_s5=1, ddim_5=80), result(1, dense=100, bac_s5=2), result(2, bac_s5=3)])
        rows = [line for line in said.splitlines() if line.startswith('| ')]
        self.assertEqual([cell.strip() for cell in rows[2].split('|')[1:-1]],
                         ['BAC, S = 5', '0.100', '1 of 100', '2 of 100', '3 of 100', '6 of 300', '0.9 to 4.3 %'])
        self.assertEqual(len(rows), 3, 'heads, rule, and the one method that every seed has')


if __name__ == '__main__':
    unittest.main()
