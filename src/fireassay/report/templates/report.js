(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  var toggle = document.getElementById("theme");

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  }
  function label() {
    toggle.textContent = isDark() ? "Light theme" : "Dark theme";
  }
  toggle.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("fireassay-theme", root.dataset.theme);
    } catch (error) {
      // The choice then lasts as long as the page.
      void error;
    }
    label();
  });
  system.addEventListener("change", label);
  label();

  var said = document.getElementById("said");
  function copyBySelection(source) {
    var range = document.createRange();
    range.selectNodeContents(source);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
  function tell(button, done) {
    var words = done ? "Copied" : "Selected: copy it with the keyboard";
    said.textContent = words;
    var before = button.dataset.label;
    button.textContent = words;
    window.setTimeout(function () {
      button.textContent = before;
    }, 2000);
  }
  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    button.dataset.label = button.textContent;
    var source = document.getElementById(button.dataset.copy);
    button.addEventListener("click", function () {
      if (navigator.clipboard && window.isSecureContext) {
        navigator.clipboard.writeText(source.textContent).then(
          function () { tell(button, true); },
          function () { tell(button, copyBySelection(source)); }
        );
      } else {
        tell(button, copyBySelection(source));
      }
    });
  });

  // Only what can be scrolled needs to take the keyboard's focus.
  function stops() {
    document.querySelectorAll(".scroll").forEach(function (box) {
      var wide = box.scrollWidth > box.clientWidth + 1;
      if (wide || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }
  window.addEventListener("resize", stops);
  document.addEventListener("toggle", stops, true);
  stops();

  // In a notebook's frame a reference would be resolved against the notebook's own address.
  if (window.location.protocol === "about:") {
    document.addEventListener("click", function (event) {
      var link = event.target.closest('a[href^="#"]');
      if (!link) return;
      var place = document.getElementById(link.getAttribute("href").slice(1));
      event.preventDefault();
      if (!place) return;
      if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
      place.scrollIntoView();
      place.focus({ preventScroll: true });
    });
  }

  // On paper nothing can be unfolded.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details[data-print]:not([open])").forEach(function (box) {
      box.open = true;
      opened.push(box);
    });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (box) { box.open = false; });
    opened = [];
  });
})();
