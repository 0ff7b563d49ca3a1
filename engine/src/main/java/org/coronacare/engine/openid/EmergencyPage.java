package org.coronacare.engine.openid;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.http.HttpMethod;
import org.springframework.web.filter.OncePerRequestFilter;

/** The form of the emergency account. */
final class EmergencyPage extends OncePerRequestFilter {

  private static final String FORM =
      """
      <p>%s</p>
      <form method="post">
      <label for="username">Username</label><input id="username" name="username" autocomplete="username" required>
      <label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
      <div><button>Sign in</button></div>
      </form>
      """;

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !request.getRequestURI().equals(SignIn.EMERGENCY) || !HttpMethod.GET.matches(request.getMethod());
  }

  @Override
  protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    var isFailed = request.getParameter("failed") != null;
    var text = isFailed ? "The username or password is wrong, or you must wait because a wrong one was entered: up to a minute." : "Only while the usual sign-in doesn't work. Each use is reported.";
    WebPage.write(response, HttpServletResponse.SC_OK, "Emergency account", FORM.formatted(text));
  }
}
