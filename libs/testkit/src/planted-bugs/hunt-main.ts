import { hunt } from './hunt.ts';

/** The entry of a bundle that has the bug inside: `first seeds, comma-separated` `from` `budget in ms`. */
const [first = '', from = '0', budgetMs = '1000'] = process.argv.slice(2);
const seeds = first === '' ? [] : first.split(',').map(Number);
console.log(JSON.stringify(hunt(seeds, Number(from), Number(budgetMs))));
