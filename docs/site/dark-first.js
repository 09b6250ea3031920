// Flowers of light want a dark page: the site is dark until its reader chooses otherwise with the button at the top.
(() => {
  try {
    if (localStorage.getItem("theme") !== null) return;
    localStorage.setItem("theme", "dark");
  } catch {
    // Without storage the choice does not last, but the page is dark all the same.
  }
  document.body.dataset.theme = "dark";
})();
