#!/usr/bin/env node
import { main } from './program.ts';

// Everything is written and closed by now; what may still be open, such as an idle stdin, is not waited for.
process.exit(await main(process.argv.slice(2)));
