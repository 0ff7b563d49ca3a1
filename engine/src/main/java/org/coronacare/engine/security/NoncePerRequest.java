package org.coronacare.engine.security;

import static org.camunda.bpm.webapp.impl.security.filter.headersec.provider.impl.ContentSecurityPolicyProvider.ATTR_CSP_FILTER_NONCE;

import jakarta.servlet.Filter;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Gives each page of Tasklist, Cockpit and Admin the nonce of its own Content-Security-Policy. Camunda 7.24 passes the nonce between
 * two filters in an attribute of the servlet context, which all requests share: of two pages that load at once, one got the other's
 * nonce, the browser refused its scripts, and it stayed blank.
 */
@Configuration
public class NoncePerRequest {

  @Bean
  FilterRegistrationBean<Filter> ownNonces() {
    Filter filter =
        (request, response, chain) -> chain.doFilter(new WithOwnNonce((HttpServletRequest) request), response);
    var registration = new FilterRegistrationBean<>(filter);
    registration.addUrlPatterns("/camunda/*");
    registration.setAsyncSupported(true);
    // before Camunda's filters
    registration.setOrder(-299);
    return registration;
  }

  /** A request whose servlet context stores the nonce in the request. */
  private static final class WithOwnNonce extends HttpServletRequestWrapper {

    private final ServletContext context =
        (ServletContext)
            Proxy.newProxyInstance(
                ServletContext.class.getClassLoader(), new Class<?>[] {ServletContext.class}, this::call);

    WithOwnNonce(HttpServletRequest request) {
      super(request);
    }

    @Override
    public ServletContext getServletContext() {
      return context;
    }

    private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
      if (arguments != null && ATTR_CSP_FILTER_NONCE.equals(arguments[0])) {
        if (method.getName().equals("getAttribute")) {
          return getAttribute(ATTR_CSP_FILTER_NONCE);
        }
        if (method.getName().equals("setAttribute")) {
          setAttribute(ATTR_CSP_FILTER_NONCE, arguments[1]);
          return null;
        }
      }
      try {
        return method.invoke(getRequest().getServletContext(), arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }
}
