// Before anything is drawn: say that scripts run, and take the theme that was chosen before.
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var theme = localStorage.getItem("fireassay-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (error) {
    // Storage may be refused to a page opened from a file; the system's theme is used then.
    void error;
  }
})();
