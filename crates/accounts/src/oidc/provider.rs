//! The provider: where it is found, and what it says about somebody who comes back from it.

use std::error::Error;
use std::sync::Arc;

use http::StatusCode;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IdTokenVerifier, IssuerUrl, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};
use tokio::sync::Semaphore;

use super::claims::{Claims, MoreClaims, Verified, group_names};
use super::description::{Description, Failed};
use super::failure::{causes, log, refused, unavailable};
use super::http::Http;
use super::{Attempt, OidcSettings};
use crate::Problem;

/// The provider.
pub(crate) struct Provider {
    pub(super) settings: OidcSettings,
    issuer: IssuerUrl,
    callback: RedirectUrl,
    http: Http,
    description: Description,
    at_once: Semaphore,
}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        MoreClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Client = openidconnect::Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Those by which a provider signs with a key that it alone has. A secret that both have proves less.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

impl Provider {
    pub(crate) fn new(settings: OidcSettings) -> Result<Provider, Problem> {
        let wrong = |what: &str, why: &dyn Error| {
            let text = format!("OpenID Connect: {what} cannot be used: {why}.");
            Problem::Other(StatusCode::INTERNAL_SERVER_ERROR, text)
        };
        let issuer = IssuerUrl::new(settings.issuer.clone());
        let callback = RedirectUrl::new(settings.callback_url());
        let http = Http::new(&settings);
        let issuer = issuer.map_err(|error| wrong("the issuer", &error))?;
        Ok(Provider {
            description: Description::new(issuer.clone(), &settings),
            issuer,
            callback: callback.map_err(|error| wrong("the public URL", &error))?,
            http: http.map_err(|error| wrong("what certificates this machine trusts", &error))?,
            at_once: Semaphore::new(settings.logins_at_once_max),
            settings,
        })
    }

    /// Returns the provider as it calls itself.
    pub(crate) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Returns where a browser is led that wants to log in.
    pub(crate) async fn login_url(&self, attempt: &Attempt) -> Result<String, Problem> {
        let client = self.client(&*self.described().await?);
        let (state, nonce) = (attempt.state().reveal().to_owned(), attempt.nonce());
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || nonce,
        );
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&attempt.verifier());
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let (url, ..) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(url.into())
    }

    /// Exchanges the code of an attempt for what the provider says of whoever made it.
    pub(super) async fn claims(&self, attempt: &Attempt, code: String) -> Result<Claims, Problem> {
        let _place = self.at_once.try_acquire().map_err(|_| Problem::Busy)?;
        let description = self.described().await?;
        let client = self.client(&description);
        let tokens = self.tokens(&client, attempt, code).await?;
        let id_token = tokens.id_token().ok_or_else(|| refused("it sent no id token"))?;
        let nonce = attempt.nonce();
        let verified = match id_token.claims(&self.verifier(&description), &nonce) {
            // It has another key since.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let anew = self.description.anew(&self.http, &description).await;
                let description = anew.map_err(|Failed| unavailable(self.issuer()))?;
                id_token.claims(&self.verifier(&description), &nonce)
            }
            verified => verified,
        };
        let verified = verified.map_err(|error| refused(&causes(&error)))?;
        self.with_groups(&client, &tokens, verified).await
    }

    async fn tokens(
        &self,
        client: &Client,
        attempt: &Attempt,
        code: String,
    ) -> Result<Tokens, Problem> {
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|error| self.failed(&error))?;
        let asked = request.set_pkce_verifier(attempt.verifier()).request_async(&self.http).await;
        asked.map_err(|error| match &error {
            RequestTokenError::ServerResponse(said)
                if *said.error() == CoreErrorResponseType::InvalidGrant =>
            {
                refused(&causes(&error))
            }
            // Such as that it does not know the client's secret.
            _ => self.failed(&error),
        })
    }

    /// Some providers tell groups only where they are asked about somebody.
    async fn with_groups(
        &self,
        client: &Client,
        tokens: &Tokens,
        verified: &Verified,
    ) -> Result<Claims, Problem> {
        let mut claims = Claims::of(verified);
        if verified.additional_claims().groups.is_some() || client.user_info_url().is_none() {
            return Ok(claims);
        }
        let subject = Some(verified.subject().clone());
        let request = client.user_info(tokens.access_token().clone(), subject);
        let request = request.map_err(|error| self.failed(&error))?;
        let said = request.request_async(&self.http).await.map_err(|error| self.failed(&error))?;
        let said: UserInfoClaims<MoreClaims, CoreGenderClaim> = said;
        claims.groups = group_names(said.additional_claims().groups.as_ref());
        Ok(claims)
    }

    fn client(&self, description: &CoreProviderMetadata) -> Client {
        let OidcSettings { client_id, client_secret, .. } = &self.settings;
        let methods = description.token_endpoint_auth_methods_supported();
        let is_in_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let secret = client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(client_id.clone());
        Client::from_provider_metadata(description.clone(), id, secret)
            .set_redirect_uri(self.callback.clone())
            .set_auth_type(if is_in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
    }

    fn verifier(&self, description: &CoreProviderMetadata) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        let id = ClientId::new(self.settings.client_id.clone());
        IdTokenVerifier::new_public_client(id, self.issuer.clone(), description.jwks().clone())
            .set_allowed_algs(ALGORITHMS)
    }

    async fn described(&self) -> Result<Arc<CoreProviderMetadata>, Problem> {
        let described = self.description.current(&self.http).await;
        described.map_err(|Failed| unavailable(self.issuer()))
    }

    fn failed(&self, error: &dyn Error) -> Problem {
        log(self.issuer(), error);
        unavailable(self.issuer())
    }
}
