package org.coronacare.engine.openid;

import java.time.Duration;
import java.util.List;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.http.converter.FormHttpMessageConverter;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.security.oauth2.client.endpoint.AbstractRestClientOAuth2AccessTokenResponseClient;
import org.springframework.security.oauth2.client.endpoint.RestClientAuthorizationCodeTokenResponseClient;
import org.springframework.security.oauth2.client.endpoint.RestClientRefreshTokenTokenResponseClient;
import org.springframework.security.oauth2.client.http.OAuth2ErrorResponseErrorHandler;
import org.springframework.security.oauth2.client.oidc.userinfo.OidcUserService;
import org.springframework.security.oauth2.client.userinfo.DefaultOAuth2UserService;
import org.springframework.security.oauth2.core.http.converter.OAuth2AccessTokenResponseHttpMessageConverter;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;

/**
 * Spring Security's clients of the provider's endpoints, with timeouts. By default they have none, and a provider that accepts connections
 * without answering would hold all of the engine's threads.
 */
final class ProviderClients {

  private final SimpleClientHttpRequestFactory requests = new SimpleClientHttpRequestFactory();

  /**
   * @param timeout of connecting, and of reading
   */
  ProviderClients(Duration timeout) {
    requests.setConnectTimeout(timeout);
    requests.setReadTimeout(timeout);
  }

  RestClientAuthorizationCodeTokenResponseClient authorizationCode() {
    return withTimeouts(new RestClientAuthorizationCodeTokenResponseClient());
  }

  RestClientRefreshTokenTokenResponseClient refreshToken() {
    return withTimeouts(new RestClientRefreshTokenTokenResponseClient());
  }

  OidcUserService userInfo() {
    var calls = new RestTemplate(requests);
    calls.setErrorHandler(new OAuth2ErrorResponseErrorHandler());
    var users = new DefaultOAuth2UserService();
    users.setRestOperations(calls);
    var service = new OidcUserService();
    service.setOauth2UserService(users);
    return service;
  }

  private <C extends AbstractRestClientOAuth2AccessTokenResponseClient<?>> C withTimeouts(C client) {
    // converters and error handler as in the superclass
    List<HttpMessageConverter<?>> converters = List.of(new FormHttpMessageConverter(), new OAuth2AccessTokenResponseHttpMessageConverter());
    client.setRestClient(
        RestClient.builder()
            .requestFactory(requests)
            .messageConverters(converters)
            .defaultStatusHandler(new OAuth2ErrorResponseErrorHandler())
            .build());
    return client;
  }
}
