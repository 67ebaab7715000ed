import './thumbnail-card.css';
import { type Door, knock } from './admission.ts';
import { type AskThumbnail, openThumbnails, type ThumbnailWish } from './thumbnails.ts';

/** What a card says. */
export interface CardText extends ThumbnailWish {
  text: string;
  /** Whether a picture is to be had. */
  recorded: boolean;
}

/** A small picture of a moment, beside where somebody points. */
export interface ThumbnailCard {
  /** @param x of the viewport; it stands above `top`, or below `bottom` where there is no room */
  show(card: CardText, x: number, top: number, bottom: number): void;
  hide(): void;
  remove(): void;
}

const EDGE_PX = 6;

/** Asks the gateway. @returns a `blob:` address, to be revoked */
const askGateway =
  (door: Door): AskThumbnail =>
  async ({ camera, at }, signal) => {
    const path = `/recordings/${encodeURIComponent(camera)}/thumbnail?at=${Math.round(at)}`;
    const response = await knock(door, path, { signal });
    return response.ok ? URL.createObjectURL(await response.blob()) : undefined;
  };

/** Makes a card, hidden at first. It says nothing to screen readers: who uses them is told at the scrubber. */
export function createThumbnailCard(parent: HTMLElement, door: Door): ThumbnailCard {
  const element = document.createElement('div');
  element.className = 'sbx-thumb';
  element.hidden = true;
  element.ariaHidden = 'true';
  const picture = document.createElement('img');
  picture.alt = '';
  const words = document.createElement('p');
  element.append(picture, words);
  parent.append(element);
  const thumbnails = openThumbnails(
    askGateway(door),
    (_wish, url) => {
      element.dataset.picture = url === undefined ? 'coming' : 'there';
      if (url !== undefined) picture.src = url;
    },
    (url) => URL.revokeObjectURL(url),
  );
  return {
    show({ text, recorded, ...wish }, x, top, bottom) {
      element.hidden = false;
      words.textContent = text;
      if (recorded) thumbnails.want(wish);
      else {
        thumbnails.leave();
        element.dataset.picture = 'none';
      }
      const { offsetWidth: width, offsetHeight: height } = element;
      element.style.left = `${Math.max(EDGE_PX, Math.min(x - width / 2, innerWidth - width - EDGE_PX))}px`;
      const above = top - height - EDGE_PX;
      element.style.top = `${above >= EDGE_PX ? above : bottom + EDGE_PX}px`;
    },
    hide() {
      element.hidden = true;
      thumbnails.leave();
    },
    remove() {
      thumbnails.close();
      element.remove();
    },
  };
}
