/** How a camera comes to be, with one source that is always connected. */
export const configured = {
  type: 'camera.configured',
  settings: {
    name: 'North gate',
    zone: 'hcm/airport',
    sources: [{ id: '0', url: 'rtsp://127.0.0.1/main' }],
    keep: 'warm',
    eye: true,
  },
};
