package org.coronacare.engine.security;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Limits the size of request bodies to what a deployment of all diagrams and forms needs; a Content-Length is required. */
@Configuration
public class BodyLimit {

  private static final long MAX_CONTENT_LENGTH = 5_000_000;

  @Bean
  FilterRegistrationBean<Filter> limitedBodies() {
    Filter limit =
        (request, response, chain) -> {
          var answer = (HttpServletResponse) response;
          if (request.getContentLengthLong() > MAX_CONTENT_LENGTH) {
            answer.sendError(HttpServletResponse.SC_REQUEST_ENTITY_TOO_LARGE);
          } else if (((HttpServletRequest) request).getHeader("Transfer-Encoding") != null) {
            answer.sendError(HttpServletResponse.SC_LENGTH_REQUIRED);
          } else {
            chain.doFilter(request, response);
          }
        };
    var registration = new FilterRegistrationBean<>(limit);
    registration.setAsyncSupported(true);
    registration.setOrder(-299);
    return registration;
  }
}
