// Times one move of a control, inside the page: from the key or click to the last frame that shows a change.
//
// `asked` is the event's own time, `sent` the question to the server, `received` the server's last word so far, `first`
// and `drawn` the first and the last frame with a change on the page, but for the moved control (`own`) itself.
(() => {
  const READY = '[data-testid=stApp][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]';
  const watch = (window.stopwatch = { asked: 0, sent: 0, received: 0, first: 0, drawn: 0 });
  const start = ({ timeStamp, isTrusted }) =>
    isTrusted && Object.assign(watch, { asked: timeStamp, sent: 0, received: 0, first: 0, drawn: 0 });
  for (const kind of ["keydown", "click"]) addEventListener(kind, start, true);

  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (message) {
    if (!this.heard) this.addEventListener("message", () => (watch.received = performance.now()));
    this.heard = true;
    watch.sent ||= performance.now();
    send.call(this, message);
  };

  let frame = 0;
  const seen = ({ target, attributeName }) => {
    const element = target.nodeType === 1 ? target : target.parentElement;
    if (!element?.closest("[data-testid=stMain]") || watch.own?.contains(element)) return false;
    // Streamlit greys what may be out of date, and gives it its colours back: that is not yet a change.
    if (["class", "data-stale"].includes(attributeName) && !element.closest(".two-dice")) return false;
    // A data frame is painted on a canvas; what stands inside it, for screen readers, follows 200 ms later.
    return !element.closest("canvas");
  };
  // Just after the frame that shows the change.
  const drawn = () => { watch.drawn = performance.now(); watch.first ||= watch.drawn; };
  new MutationObserver((changes) => {
    if (changes.some(seen)) frame ||= requestAnimationFrame(() => { frame = 0; setTimeout(drawn); });
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  watch.quiet = () => !frame && watch.received >= watch.sent && document.querySelector(READY)
    && performance.now() - Math.max(watch.asked, watch.received, watch.drawn) > 200;
})();
