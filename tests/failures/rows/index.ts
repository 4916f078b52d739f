import type { Row } from '../support/row.ts';
import { CHECKS } from './checks.ts';
import { EXITS } from './exits.ts';
import { IMAGES } from './images.ts';
import { DEPENDENCIES, PLACEMENT } from './placement.ts';
import { PORTS } from './ports.ts';

/** Every way to fail that is tried. */
export const ROWS: readonly Row[] = [...IMAGES, ...EXITS, ...CHECKS, ...PLACEMENT, ...PORTS, ...DEPENDENCIES];
