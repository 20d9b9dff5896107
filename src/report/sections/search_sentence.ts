import type { ReportFacts } from '../facts/report_facts.js';
import type { Dominating } from '../facts/search_curve.js';
import { percent, small } from '../format_number.js';
import { errorUnit } from './error_text.js';

/** Whether any method beats the searched plans at their cost, computed from the rows, as sentences. */
export function searchSentences(facts: ReportFacts): string[] {
  const { search_curve: curve, rows } = facts;
  if (!curve) {
    return ['No searched plan is among these, so nothing can be said of the curve of the search.'];
  }
  const unit = errorUnit(facts);
  const between = `between ${percent(curve.from)} and ${percent(curve.to)} of the multiply-adds`;
  const many =
    curve.plans.length === 1 ? '1 searched plan' : `${curve.plans.length} searched plans`;
  const phrase = ({ name, cost, value, curve: at, clearly }: Dominating): string =>
    `${name} at ${percent(cost)}: ${small(unit.factor * value)} ${unit.name} where the curve has ${small(unit.factor * at)}${clearly ? '' : ' (within its 95 % interval)'}`;
  const by = (which: Dominating['by'], isOther: boolean): Dominating[] =>
    curve.dominated_by.filter(
      (each) =>
        each.by === which && rows.find(({ name }) => name === each.name)!.other_solver === isOther,
    );
  const [same, solver, distance] = [by('error', false), by('error', true), by('distance', true)];
  const solvers = rows.some(({ other_solver: other }) => other);
  const list = (found: readonly Dominating[]): string => found.map(phrase).join('; ');
  return [
    same.length === 0
      ? `No method with the solver of dense dominates the curve of the search (${many}) ${between}; ${curve.compared} rows of all methods were compared.`
      : `The curve of the search (${many}) is dominated ${between}, by ${list(same)}.`,
    ...(solvers
      ? [
          `${solver.length === 0 ? 'No other solver has a smaller error there either' : `Other solvers with a smaller error there: ${list(solver)}`}; ${distance.length === 0 ? 'none has a smaller distance of distributions' : `with a smaller distance of distributions: ${list(distance)}`}. Solvers that arrive at another sample of the same distribution are not judged fairly by the error against dense alone: look at the distance of distributions in the table, at simulation/analysis/sample_distance.py, which draws more noises, and at success in closed loop (simulation/evaluate.py).`,
        ]
      : []),
    ...(curve.not_compared.length > 0
      ? [
          `The search has no plan as cheap as ${curve.not_compared.join(', ')}: these are not compared.`,
        ]
      : []),
  ];
}
