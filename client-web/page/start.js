// Loads the client. Everything else is Rust; this only says what to do when it cannot run.
import init from "./client.js";

const fail = (text) => {
  document.getElementById("fatal-text").textContent = text;
  document.body.dataset.page = "fatal";
};

if (typeof WebAssembly !== "object") {
  fail("This browser cannot run WebAssembly, which the game is made of. Try a current browser.");
} else {
  init().catch((error) => {
    console.error(error);
    if (document.body.dataset.page !== "fatal") fail("The game could not be loaded. Reload the page to try again.");
  });
}
