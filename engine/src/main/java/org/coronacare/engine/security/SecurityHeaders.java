package org.coronacare.engine.security;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.coronacare.engine.support.Names;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Security headers of each answer, in addition to those of Camunda's web applications (application.yaml). */
@Configuration
public class SecurityHeaders {

  @Bean
  FilterRegistrationBean<Filter> protectedAnswers(@Value("${ENGINE_SECURE_COOKIES:true}") boolean isServedByHttps) {
    Filter protect =
        (request, response, chain) -> {
          var answer = (HttpServletResponse) response;
          var path = ((HttpServletRequest) request).getRequestURI();
          answer.setHeader("X-Content-Type-Options", "nosniff");
          answer.setHeader("X-Frame-Options", "DENY");
          answer.setHeader("X-XSS-Protection", "0");
          answer.setHeader("Referrer-Policy", "strict-origin");
          if (isServedByHttps) {
            answer.setHeader("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
          }
          if (!isProgram(path)) {
            answer.setHeader("Cache-Control", "no-store, max-age=0");
            answer.setHeader("Pragma", "no-cache");
          }
          if (path.equals(Names.WELCOME_PATH)) {
            // Tasklist stores half-filled forms in the browser, and writes them once more after signing out
            answer.setHeader("Clear-Site-Data", "\"storage\"");
          }
          if (path.startsWith(Names.REST_API)) {
            answer.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
          }
          chain.doFilter(request, new NotKept(answer));
        };
    var registration = new FilterRegistrationBean<>(protect);
    registration.setAsyncSupported(true);
    registration.setOrder(-300);
    return registration;
  }

  /** Camunda sends no-cache, which lets a browser store the answers of its APIs; no-store forbids it. */
  private static final class NotKept extends HttpServletResponseWrapper {

    NotKept(HttpServletResponse response) {
      super(response);
    }

    @Override
    public void setHeader(String name, String value) {
      if (!isWeaker(name, value)) {
        super.setHeader(name, value);
      }
    }

    @Override
    public void addHeader(String name, String value) {
      if (!isWeaker(name, value)) {
        super.addHeader(name, value);
      }
    }

    private static boolean isWeaker(String name, String value) {
      return "Cache-Control".equalsIgnoreCase(name) && "no-cache".equals(value);
    }
  }

  /** Whether a path is a script, style or font of the web applications: these contain no data and may be cached. */
  private static boolean isProgram(String uri) {
    return uri.matches(".*\\.(js|css|woff2?|svg|png|ico)");
  }
}
