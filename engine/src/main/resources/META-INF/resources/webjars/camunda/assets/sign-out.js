/*
 * With sign-in by OpenID Connect, signs out at the provider, too, once the person has signed out or the session has ended; Camunda
 * would show its form for a password, which isn't used then. SignIn.java sets the cookie.
 */
const LOGIN = "#/login";

function isByProvider() {
  return document.cookie.split("; ").includes("sign-in=openid-connect");
}

if (isByProvider() && location.hash.startsWith(LOGIN)) {
  // a bookmark of the form, whose fragment the browser has kept
  location.hash = "";
}
addEventListener("hashchange", () => {
  if (isByProvider() && location.hash.startsWith(LOGIN)) {
    location.assign("/camunda/sign-out");
  }
});
