import './base.css';
import './header.css';
import './dialogs.css';
import './tile.css';
import './detail.css';
import './timeline/timeline.css';
import './timeline/moment.css';
import './timeline/pictures/pictures.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { openRoom } from './room.ts';
import { followTheme } from './theme.ts';

followTheme();
const page = document.getElementById('page');
if (page) render(<App room={openRoom()} />, page);
// A page that comes back from the browser's cache has left its streams and sessions.
addEventListener('pageshow', (event) => event.persisted && location.reload());
