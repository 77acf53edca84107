import scripts from '../dist/edge/scripts.js';
import { createApp } from './app.ts';

export default createApp(scripts);
