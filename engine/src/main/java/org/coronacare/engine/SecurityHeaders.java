package org.coronacare.engine;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Headers that protect each answer, beside those that Camunda's web applications have of their own (application.yaml). */
@Configuration
public class SecurityHeaders {

  /** Asked for by each page that asks to sign in, once whoever was signed in before has left. */
  private static final String AT_SIGN_IN = "/camunda-welcome";

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
          if (path.equals(AT_SIGN_IN)) {
            // Tasklist keeps half-filled forms in the browser, and writes them once more after signing out
            answer.setHeader("Clear-Site-Data", "\"storage\"");
          }
          if (path.startsWith(ServiceAccountFilter.PREFIX)) {
            answer.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
          }
          chain.doFilter(request, new NotKept(answer));
        };
    var registration = new FilterRegistrationBean<>(protect);
    registration.setAsyncSupported(true);
    registration.setOrder(-300);
    return registration;
  }

  /** Camunda would let a browser keep what its APIs answer, if it only asks again before it shows it. */
  private static final class NotKept extends HttpServletResponseWrapper {

    NotKept(HttpServletResponse response) {
      super(response);
    }

    @Override
    public void setHeader(String name, String value) {
      if (!isLaxer(name, value)) {
        super.setHeader(name, value);
      }
    }

    @Override
    public void addHeader(String name, String value) {
      if (!isLaxer(name, value)) {
        super.addHeader(name, value);
      }
    }

    private static boolean isLaxer(String name, String value) {
      return "Cache-Control".equalsIgnoreCase(name) && "no-cache".equals(value);
    }
  }

  /** A script, style or font of the web applications, which holds no data and may be kept. */
  private static boolean isProgram(String uri) {
    return uri.matches(".*\\.(js|css|woff2?|svg|png|ico)");
  }
}
