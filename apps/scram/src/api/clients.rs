//! `register_client/`: a program makes itself known, and waits to be authorized.

use super::problems::{Detail, Faults};
use super::sent::Sent;
use crate::app::App;
use crate::store::clients::Registered;
use axum::Json;
use axum::extract::State;
use campanile_accounts::{Client, Problem};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A program that is known.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientView {
    /// Its name.
    #[schema(example = "zeek")]
    client_name: String,
    /// What it shows with each entry: a secret.
    #[schema(value_type = String)]
    uuid: Uuid,
}

/// Who wants to be known.
#[derive(ToSchema)]
#[schema(example = json!({"client_name": "zeek"}))]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct WantedClient {
    /// A name, in at most 50 characters.
    client_name: String,
    /// A UUID of its own; one is made if there is none.
    uuid: Option<String>,
}

/// Makes a program known; an administrator authorizes it. Who registers again, by the same UUID, is
/// answered the same.
#[utoipa::path(
    post, path = "/register_client/", tag = "clients", request_body = WantedClient,
    responses(
        (status = 201, description = "It is known, and not authorized yet.", body = ClientView),
        (status = 200, description = "It was known already.", body = ClientView),
        (status = 400, description = "A field is wrong, or belongs to another.", body = Faults),
        (status = 429, description = "Too many come from this address: later.", body = Detail),
    )
)]
pub(super) async fn register(
    State(app): State<App>,
    from: Client,
    mut sent: Sent,
) -> Result<(StatusCode, Json<ClientView>), Problem> {
    app.surface.let_register(&from)?;
    if sent.is_blank("client_name") {
        return Err(Problem::malformed("client_name is required."));
    }
    let name = sent.required_text("client_name", 50);
    let uuid = sent.uuid("uuid");
    sent.check()?;
    let (status, row) = match app.store.register(&name, uuid).await? {
        Registered::New(row) => (StatusCode::CREATED, row),
        Registered::Known(row) => (StatusCode::OK, row),
        Registered::Refused => {
            return Err(Problem::malformed("Invalid client registration request."));
        }
    };
    Ok((status, Json(ClientView { client_name: row.client_name, uuid: row.uuid })))
}
