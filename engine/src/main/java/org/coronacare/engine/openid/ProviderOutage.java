package org.coronacare.engine.openid;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.web.filter.OncePerRequestFilter;

/** Explains that the provider can't be reached; Spring Security would answer with 500. */
final class ProviderOutage extends OncePerRequestFilter {

  private static final Logger LOG = LoggerFactory.getLogger(ProviderOutage.class);

  private final Provider provider;

  ProviderOutage(Provider provider) {
    this.provider = provider;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !request.getRequestURI().startsWith(SignIn.START_BASE);
  }

  @Override
  protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!request.getRequestURI().equals(SignIn.START)) {
      response.sendError(HttpServletResponse.SC_NOT_FOUND);
      return;
    }
    try {
      provider.registration();
    } catch (RuntimeException error) {
      LOG.warn("sign-in: the provider can't be reached ({})", error.getClass().getSimpleName());
      response.setHeader(HttpHeaders.RETRY_AFTER, "30");
      WebPage.write(
          response,
          HttpServletResponse.SC_SERVICE_UNAVAILABLE,
          "You can't sign in now",
          "<p>The service where you sign in doesn't answer.</p><p><a href=\"%s\">Try again</a> in a minute.</p>".formatted(SignIn.HOME));
      return;
    }
    chain.doFilter(request, response);
  }
}
