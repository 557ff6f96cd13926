//! The answer to a gateway that asks who somebody is.

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::{Request, StatusCode, request::Parts};
use campanile_binder::{Room, RoomController, room};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

struct User(String);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<User, StatusCode> {
        let name = parts.headers.get("x-user").ok_or(StatusCode::FORBIDDEN)?;
        Ok(User(name.to_str().map_err(|_| StatusCode::FORBIDDEN)?.to_owned()))
    }
}

struct Broken;

#[async_trait::async_trait]
impl campanile_binder::RoomsForUser<User> for Broken {
    async fn rooms_for_user(&self, _: &User) -> Result<Vec<Room>, campanile_binder::RoomsError> {
        Err("the database is away".into())
    }
}

async fn ask(controller: RoomController<User>, user: Option<&str>) -> (StatusCode, String) {
    let router: Router = Router::new().route("/api/bootstrap/", controller.bootstrap());
    let mut request = Request::get("/api/bootstrap/");
    if let Some(user) = user {
        request = request.header("x-user", user);
    }
    let request = request.body(axum::body::Body::empty()).expect("it is a request");
    let response = router.oneshot(request).await.expect("it answers");
    let status = response.status();
    let body = response.into_body().collect().await.expect("it is read").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("it is UTF-8"))
}

#[tokio::test]
async fn a_gateway_is_told_the_rooms_of_whoever_asks() {
    let controller = RoomController::new()
        .register(|user: &User| vec![room! { "user": user.0.as_str() }])
        .register(|_: &User| vec![Room::auto_updates("country"), Room::new().any("branch")])
        .register(|user: &User| vec![room! { "user": user.0.as_str() }]);
    assert_eq!(
        ask(controller.clone(), Some("ada")).await,
        (
            StatusCode::OK,
            r#"{"allowed_rooms":[{"user":"ada"},{"auto-updates":"country"},{"branch":"*"}]}"#
                .to_owned()
        )
    );
    assert_eq!(ask(controller, None).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nobody_is_let_in_when_the_rooms_cannot_be_told() {
    let controller =
        RoomController::new().register(|_: &User| vec![room! { "a": 1 }]).register(Broken);
    let (status, body) = ask(controller, Some("ada")).await;
    assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, ""));
}
