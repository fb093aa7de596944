// Turns the plain list of a reference page into the full reference. Where anything fails, the list stays.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted"); // hides the list until it is clear that there is something better

  // Samples are shown in curl, JavaScript (fetch), Python (requests), PHP (curl) and Go; not in these.
  const others = {
    c: ["libcurl"], clojure: ["clj_http"], csharp: ["httpclient", "restsharp"], dart: ["http"], fsharp: ["httpclient"],
    http: ["http1.1"], java: ["asynchttp", "nethttp", "okhttp", "unirest"], js: ["axios", "jquery", "ofetch", "xhr"],
    julia: ["http"], kotlin: ["okhttp"], node: ["axios", "fetch", "ofetch", "undici"], objc: ["nsurlsession"],
    ocaml: ["cohttp"], php: ["guzzle", "laravel"], powershell: ["restmethod", "webrequest"],
    python: ["python3", "aiohttp", "httpx_sync", "httpx_async"], r: ["httr2"], ruby: ["native"], rust: ["reqwest"],
    shell: ["httpie", "wget"], swift: ["nsurlsession"],
  };

  // What the reference leaves unnamed for those who do not see it.
  const mend = (place) => {
    place.querySelectorAll('a[href^="https://www.scalar.com"]').forEach((a) => { // no page of ours leads elsewhere; see licences.txt
      a.removeAttribute("href");
      a.hidden = true;
    });
    place.querySelectorAll('input[placeholder^="QUxM"]').forEach((field) => { field.placeholder = ""; }); // a joke in base64
    place.querySelectorAll("button.group\\/copy-button:not([aria-label])").forEach((b) => b.setAttribute("aria-label", "Copy"));
    place.querySelectorAll("button.group\\/copy-button[aria-controls]").forEach((b) => b.removeAttribute("aria-controls"));
    place.querySelectorAll(".show-more[aria-label]").forEach((b) => b.removeAttribute("aria-label"));
    place.querySelectorAll("[id^=headlessui-disclosure-button]:not([aria-label])").forEach((b) => {
      if (!b.textContent.trim()) b.setAttribute("aria-label", "More");
    });
    place.querySelectorAll(".endpoints, code.custom-scroll, .cm-scroller").forEach((box) => box.setAttribute("tabindex", "0"));
    place.querySelectorAll("button[role=none]").forEach((b) => b.removeAttribute("role"));
    place.querySelectorAll("[role=combobox]:not([aria-expanded])").forEach((field) => field.setAttribute("aria-expanded", "false"));
    place.querySelectorAll("[contenteditable][role]:not([aria-label])").forEach((field) =>
      field.setAttribute("aria-label", field.dataset.placeholder || (field.classList.contains("cm-content") ? "Body" : "Value")));
  };

  const configuration = (place, done) => ({
    url: place.dataset.url,
    title: place.dataset.title,
    slug: "api",
    // Nothing of what is read or typed here leaves this server.
    withDefaultFonts: false,
    telemetry: false,
    proxyUrl: "",
    agent: { disabled: true },
    mcp: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: "never",
    persistAuth: false,
    baseServerURL: window.location.origin,
    // The colours are the system's, as on the other pages.
    hideDarkModeToggle: true,
    theme: "default",
    hiddenClients: others,
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    documentDownloadType: "direct",
    orderRequiredPropertiesFirst: false,
    orderSchemaPropertiesBy: "preserve",
    onLoaded: done,
  });

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("reference");
    const giveUp = () => root.classList.remove("scripted");
    if (!place || !window.Scalar) {
      giveUp();
      return;
    }
    try {
      new MutationObserver(() => mend(document.body)).observe(document.body, { childList: true, subtree: true });
      window.Scalar.createApiReference(place, configuration(place, () => root.classList.add("loaded")));
    } catch (error) {
      giveUp();
      throw error;
    }
  });
})();
