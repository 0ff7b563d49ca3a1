package org.coronacare.engine.security;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Objects;
import java.util.regex.Pattern;

/** Paths of Camunda's web applications, as the container has decoded and normalized them to choose the servlet. */
public final class WebappPaths {

  /** CVE-2026-77226: without an administrator, these paths create one without authentication. */
  private static final Pattern SET_UP = Pattern.compile("/camunda/(api/admin/setup|app/admin/[^/]+/setup)(/.*)?");

  private static final Pattern PASSWORD_SIGN_IN = Pattern.compile("/camunda/api/admin/auth/user/[^/]+/login(/.*)?");

  private WebappPaths() {}

  public static boolean isSetUp(HttpServletRequest request) {
    return SET_UP.matcher(path(request)).matches();
  }

  public static boolean isPasswordSignIn(HttpServletRequest request) {
    return PASSWORD_SIGN_IN.matcher(path(request)).matches();
  }

  private static String path(HttpServletRequest request) {
    return request.getServletPath() + Objects.requireNonNullElse(request.getPathInfo(), "");
  }
}
