import './base.css';
import './tile.css';
import './detail.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { openRoom } from './room.ts';

const page = document.getElementById('page');
if (page) render(<App room={openRoom()} />, page);
