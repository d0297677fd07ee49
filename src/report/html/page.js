/* The page is complete without this: it filters the table, and opens what is folded for print and links. */
(function () {
  'use strict';
  var form = document.getElementById('filter');

  function filter() {
    var rows = document.querySelectorAll('#device-table tbody tr');
    var words = document.getElementById('filter-text').value.toLowerCase().split(/\s+/);
    var kind = document.getElementById('filter-kind').value;
    var verdict = document.getElementById('filter-verdict').value;
    var shown = 0;
    rows.forEach(function (row) {
      if (row.words === undefined) {
        row.words = row.textContent.toLowerCase();
      }
      var hit = (!kind || row.dataset.kind === kind) && (!verdict || row.dataset.verdict === verdict) &&
        words.every(function (word) { return row.words.indexOf(word) !== -1; });
      row.hidden = !hit;
      shown += hit ? 1 : 0;
    });
    document.getElementById('filter-count').textContent = shown === rows.length ?
      rows.length + ' devices' : shown + ' of ' + rows.length + ' devices';
    document.getElementById('filter-none').hidden = shown !== 0;
  }

  /* A link may point into something folded, or at a row that the filter hides. */
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var target = id && document.getElementById(id);
    if (!target) {
      return;
    }
    if (form && target.hidden) {
      form.reset();
      filter();
    }
    var fold = target.querySelector(':scope > details.fold');
    for (var box = fold || target.closest('details'); box; box = box.parentElement.closest('details')) {
      box.open = true;
    }
    target.scrollIntoView();
  }

  var opened = [];
  window.addEventListener('beforeprint', function () {
    opened = Array.prototype.slice.call(document.querySelectorAll('main details:not([open])'));
    opened.forEach(function (box) { box.open = true; });
  });
  window.addEventListener('afterprint', function () {
    opened.forEach(function (box) { box.open = false; });
  });
  window.addEventListener('hashchange', reveal);

  if (form) {
    form.hidden = false;
    form.addEventListener('input', filter);
    form.addEventListener('submit', function (event) { event.preventDefault(); });
    filter();
  }
  reveal();
}());
