import { createApp } from './app.ts';
import { queue, scheduled } from './delivery/handlers.ts';

export default { fetch: createApp().fetch, queue, scheduled };
