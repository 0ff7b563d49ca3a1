package org.coronacare.engine.security;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.regex.Pattern;
import org.coronacare.engine.support.Names;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpHeaders;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.HeadersConfigurer;
import org.springframework.security.config.annotation.web.configurers.HeadersConfigurer.CacheControlConfig;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.stereotype.Component;

/** Security headers of each answer, in addition to those of Camunda's web applications (application.yaml). */
@Component
public final class SecurityHeaders implements Customizer<HeadersConfigurer<HttpSecurity>> {

  /** Scripts, styles and fonts of the web applications contain no data and may be cached. */
  private static final Pattern PROGRAM = Pattern.compile(".*\\.(js|css|woff2?|svg|png|ico)");

  private static final int YEAR_S = 31_536_000;

  private final boolean isServedByHttps;

  SecurityHeaders(@Value("${ENGINE_SECURE_COOKIES:true}") boolean isServedByHttps) {
    this.isServedByHttps = isServedByHttps;
  }

  @Override
  public void customize(HeadersConfigurer<HttpSecurity> headers) {
    headers
        .referrerPolicy(referrer -> referrer.policy(ReferrerPolicy.STRICT_ORIGIN))
        // a proxy before the engine ends TLS, so requests don't show it
        .httpStrictTransportSecurity(hsts -> hsts.requestMatcher(any -> isServedByHttps).maxAgeInSeconds(YEAR_S))
        .cacheControl(CacheControlConfig::disable)
        .addHeaderWriter(SecurityHeaders::forbidStorage);
  }

  /** Replaces Camunda's no-cache, which lets a browser store the answers of its APIs. */
  private static void forbidStorage(HttpServletRequest request, HttpServletResponse response) {
    if (!PROGRAM.matcher(request.getRequestURI()).matches()) {
      response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store, max-age=0");
      response.setHeader(HttpHeaders.PRAGMA, "no-cache");
    }
    if (request.getRequestURI().equals(Names.WELCOME_PATH)) {
      // Tasklist stores half-filled forms in the browser, and writes them once more after signing out
      response.setHeader("Clear-Site-Data", "\"storage\"");
    }
  }
}
