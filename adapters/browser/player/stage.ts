import './player.css';

/** What a player draws on: a poster, and videos of which one is in front. */
export interface Stage {
  readonly element: HTMLElement;
  /** Shows a still picture until the first frame. */
  poster(url: string): void;
  /** A video that shows nothing now: a new leg plays there, unseen. */
  spare(): HTMLVideoElement;
  /** Nobody plays on this video any more. */
  free(video: HTMLVideoElement): void;
  /** Brings a video to the front. */
  show(video: HTMLVideoElement): void;
  front(): HTMLVideoElement | undefined;
  /** Lays a video over the one in front, which goes on in a corner, silent; undefined: takes it away again. */
  over(video: HTMLVideoElement | undefined): void;
  /** Whether somebody could see it: browsers present no frames of what is hidden or scrolled away. */
  seen(): boolean;
  mute(muted: boolean): void;
  /** Shows nothing any more: the right to the picture has ended. */
  clear(): void;
  remove(): void;
}

function createVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.className = 'sbx-video';
  // Without sound every browser lets it start by itself.
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.disablePictureInPicture = true;
  video.tabIndex = -1;
  return video;
}

/**
 * Builds the stage inside `host`.
 * @param cameIntoView is told when frames can be expected (again)
 */
export function createStage(host: HTMLElement, cameIntoView: () => void): Stage {
  const element = document.createElement('div');
  element.className = 'sbx-stage';
  const poster = document.createElement('img');
  poster.className = 'sbx-poster';
  poster.alt = '';
  poster.onload = () => poster.classList.add('sbx-there');
  const videos = [createVideo(), createVideo()];
  const used = new Set<HTMLVideoElement>();
  let front: HTMLVideoElement | undefined;
  let over: HTMLVideoElement | undefined;
  let muted = true;
  const sound = (): void => {
    if (front) front.muted = muted || over !== undefined;
    if (over) over.muted = muted;
  };
  let inView = true;
  const observer = new IntersectionObserver((entries) => {
    inView = entries.at(-1)?.isIntersecting ?? true;
    if (inView) cameIntoView();
  });
  observer.observe(element);
  document.addEventListener('visibilitychange', cameIntoView);
  element.append(poster, ...videos);
  host.append(element);
  return {
    element,
    poster(url) {
      poster.src = url;
    },
    spare() {
      let video = videos.find((one) => !used.has(one));
      if (!video) {
        video = createVideo();
        videos.push(video);
        element.append(video);
      }
      used.add(video);
      return video;
    },
    free: (video) => void used.delete(video),
    show(video) {
      // The new one comes up before the old one goes: no black frame between.
      video.classList.add('sbx-front');
      if (front && front !== video) {
        front.classList.remove('sbx-front');
        front.muted = true;
      }
      front = video;
      sound();
    },
    front: () => front,
    over(video) {
      video?.classList.add('sbx-over');
      if (over && over !== video) {
        over.classList.remove('sbx-over');
        over.muted = true;
      }
      over = video;
      element.classList.toggle('sbx-replaying', over !== undefined);
      sound();
    },
    seen: () => inView && !document.hidden,
    mute(silent) {
      muted = silent;
      sound();
    },
    clear() {
      front = undefined;
      over = undefined;
      element.replaceChildren();
    },
    remove() {
      observer.disconnect();
      document.removeEventListener('visibilitychange', cameIntoView);
      element.remove();
    },
  };
}
