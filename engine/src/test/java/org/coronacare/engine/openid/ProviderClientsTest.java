package org.coronacare.engine.openid;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.security.oauth2.client.endpoint.OAuth2RefreshTokenGrantRequest;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.OAuth2AccessToken;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.security.oauth2.core.OAuth2RefreshToken;

class ProviderClientsTest {

  @Test
  void aProviderThatDoesNotAnswerHoldsNoThread() throws IOException {
    // accepts connections by its backlog, and never answers
    try (var silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      var registration =
          ClientRegistration.withRegistrationId(Provider.ID)
              .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
              .clientId("coronacare")
              .clientSecret("hidden")
              .tokenUri("http://127.0.0.1:" + silent.getLocalPort() + "/token")
              .build();
      var now = Instant.now();
      var access = new OAuth2AccessToken(OAuth2AccessToken.TokenType.BEARER, "access", now, now.plusSeconds(60));
      var request = new OAuth2RefreshTokenGrantRequest(registration, access, new OAuth2RefreshToken("refresh", now));
      var client = new ProviderClients(Duration.ofMillis(200)).refreshToken();
      assertTimeoutPreemptively(
          Duration.ofSeconds(10), () -> assertThrows(OAuth2AuthorizationException.class, () -> client.getTokenResponse(request)));
    }
  }
}
