//! What is told of what is written with SeaORM: the table of django-binder's, row by row.

use crate::heard::Heard;
use crate::world::{World, city, country};
use campanile_binder::live::{Builder, LiveActiveModel as _, LiveDb};
use campanile_binder::{Trigger, room};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait as _, DbErr, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, Set, TransactionError, TransactionSession as _,
    TransactionTrait as _,
};

const COUNTRY: &str = r#"{"data": "", "rooms": [{"auto-updates": "country"}]}"#;
const DISTRICT: &str = r#"{"data": "", "rooms": [{"auto-updates": "city_district"}]}"#;

async fn live(world: &World, how: impl FnOnce(Builder) -> Builder) -> (LiveDb, Heard) {
    let heard = Heard::default();
    let builder = LiveDb::wrap(world.database().await, heard.clone());
    (how(builder).build(), heard)
}

fn named(name: &str) -> country::ActiveModel {
    country::ActiveModel { name: Set(name.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn what_is_written_is_told_at_once() {
    for world in World::each().await {
        let (db, heard) = live(&world, |db| db.watch::<country::Entity>()).await;
        let belgium = named("Belgium").insert(&db).await.expect("it is inserted");
        assert_eq!(heard.take(), [COUNTRY]);

        let mut changed = belgium.into_active_model();
        changed.name = Set("België".to_owned());
        changed.update(&db).await.expect("it is updated");
        assert_eq!(heard.take(), [COUNTRY]);

        // Nothing is written for what is as it was.
        let unchanged = country::Entity::find().one(&db).await.expect("it is found");
        let unchanged = unchanged.expect("it is there").into_active_model();
        let unchanged = unchanged.save(&db).await.expect("it is saved");
        assert_eq!(heard.take(), [""; 0]);

        named("Denmark").save(&db).await.expect("it is saved");
        assert_eq!(heard.take(), [COUNTRY]);
        unchanged.delete(&db).await.expect("it is deleted");
        assert_eq!(heard.take(), [COUNTRY]);
        country::Entity::delete_by_id(2).exec(&db).await.expect("it is deleted");
        assert_eq!(heard.take(), [COUNTRY]);
    }
}

#[tokio::test]
async fn many_rows_are_told_once() {
    for world in World::each().await {
        let (db, heard) = live(&world, |db| db.watch::<country::Entity>()).await;
        let many = (0..1_000).map(|number| named(&format!("country {number}")));
        country::Entity::insert_many(many).exec(&db).await.expect("they are inserted");
        assert_eq!(heard.take(), [COUNTRY]);
        let all = || country::Entity::update_many().col_expr(country::Column::Name, "x".into());
        all().exec(&db).await.expect("they are updated");
        assert_eq!(heard.take(), [COUNTRY]);
        all().filter(country::Column::Id.eq(-1)).exec(&db).await.expect("none is updated");
        assert_eq!(heard.take(), [""; 0]);
        country::Entity::delete_many().exec(&db).await.expect("they are deleted");
        assert_eq!(heard.take(), [COUNTRY]);
        country::Entity::delete_many().exec(&db).await.expect("none is there");
        assert_eq!(heard.take(), [""; 0]);
    }
}

#[tokio::test]
async fn raw_statements_and_upserts_are_told() {
    for world in World::each().await {
        let (db, heard) = live(&world, |db| db.watch::<country::Entity>()).await;
        let insert = "INSERT INTO country (name) VALUES ('a'), ('b')";
        db.execute_unprepared(insert).await.expect("it is executed");
        assert_eq!(heard.take(), [COUNTRY]);
        let update = "WITH all_of_them AS (SELECT id FROM country) \
                      UPDATE country SET name = 'c' WHERE id IN (SELECT id FROM all_of_them)";
        db.execute_unprepared(update).await.expect("it is executed");
        assert_eq!(heard.take(), [COUNTRY]);
        let upsert = |id| {
            let row = country::ActiveModel { id: Set(id), name: Set("d".to_owned()) };
            let mut conflict = OnConflict::column(country::Column::Id);
            conflict.update_column(country::Column::Name);
            country::Entity::insert(row).on_conflict(conflict)
        };
        for id in [1, 77] {
            upsert(id).exec_without_returning(&db).await.expect("it is written");
            assert_eq!(heard.take(), [COUNTRY]);
        }
        country::Entity::find().all(&db).await.expect("they are read");
        assert_eq!(heard.take(), [""; 0]);
    }
}

#[tokio::test]
async fn a_transaction_is_told_once_when_it_is_committed_and_never_when_it_is_not() {
    for world in World::each().await {
        let watch = |db: Builder| db.watch::<country::Entity>().watch::<city::Entity>();
        let (db, heard) = live(&world, watch).await;
        let transaction = db.begin().await.expect("it begins");
        for name in ["Denmark", "Norway", "Sweden"] {
            named(name).insert(&transaction).await.expect("it is inserted");
        }
        transaction.publish(Trigger::new("three", [room! { "news": 1 }]));
        let district = city::ActiveModel { city: Set("Oslo".to_owned()), district: Set(1) };
        district.insert(&transaction).await.expect("it is inserted");
        assert_eq!(heard.take(), [""; 0]);
        transaction.commit().await.expect("it is committed");
        let news = r#"{"data": "three", "rooms": [{"news": 1}]}"#;
        assert_eq!(heard.take(), [COUNTRY, news, DISTRICT]);

        let transaction = db.begin().await.expect("it begins");
        named("Atlantis").insert(&transaction).await.expect("it is inserted");
        transaction.publish(Trigger::new("found", [room! { "news": 1 }]));
        transaction.rollback().await.expect("it is rolled back");
        let transaction = db.begin().await.expect("it begins");
        named("Atlantis").insert(&transaction).await.expect("it is inserted");
        drop(transaction);
        let failed = db.transaction(|transaction| {
            Box::pin(async move {
                named("Atlantis").insert(transaction).await?;
                Err::<(), DbErr>(DbErr::Custom("it sank".to_owned()))
            })
        });
        assert!(matches!(failed.await, Err(TransactionError::Transaction(_))));
        assert_eq!(heard.take(), [""; 0]);
        assert_eq!(country::Entity::find().all(&db).await.expect("they are read").len(), 3);
    }
}

#[tokio::test]
async fn what_an_inner_transaction_has_touched_is_told_with_the_outer_one() {
    for world in World::each().await {
        let watch = |db: Builder| db.watch::<country::Entity>().watch::<city::Entity>();
        let (db, heard) = live(&world, watch).await;
        let district =
            |number| city::ActiveModel { city: Set("Oslo".to_owned()), district: Set(number) };
        let outer = db.begin().await.expect("it begins");
        named("Norway").insert(&outer).await.expect("it is inserted");
        let inner = outer.begin().await.expect("it begins");
        district(1).insert(&inner).await.expect("it is inserted");
        inner.rollback().await.expect("it is rolled back");
        outer.commit().await.expect("it is committed");
        assert_eq!(heard.take(), [COUNTRY]);

        let outer = db.begin().await.expect("it begins");
        let inner = outer.begin().await.expect("it begins");
        let innermost = inner.begin().await.expect("it begins");
        district(2).insert(&innermost).await.expect("it is inserted");
        innermost.commit().await.expect("it is committed");
        inner.commit().await.expect("it is committed");
        assert_eq!(heard.take(), [""; 0]);
        outer.commit().await.expect("it is committed");
        assert_eq!(heard.take(), [DISTRICT]);

        let outer = db.begin().await.expect("it begins");
        let inner = outer.begin().await.expect("it begins");
        district(3).insert(&inner).await.expect("it is inserted");
        inner.commit().await.expect("it is committed");
        outer.rollback().await.expect("it is rolled back");
        assert_eq!(heard.take(), [""; 0]);
    }
}

#[tokio::test]
async fn tables_have_the_names_that_they_are_given() {
    let world = World::sqlite().await;
    let (db, heard) = live(&world, |db| db.watch_as::<country::Entity>("land")).await;
    named("Norway").insert(&db).await.expect("it is inserted");
    assert_eq!(heard.take(), [r#"{"data": "", "rooms": [{"auto-updates": "land"}]}"#]);
    db.push_default_update::<country::Entity>();
    assert_eq!(heard.take().len(), 1);
    db.push_default_update::<city::Entity>();
    assert_eq!(heard.take(), [""; 0]);
    named("Sweden").insert(db.inner()).await.expect("it is inserted");
    assert_eq!(heard.take(), [""; 0]);

    let (db, heard) = live(&world, Builder::watch_all).await;
    named("Denmark").insert(&db).await.expect("it is inserted");
    assert_eq!(heard.take(), [COUNTRY]);
}

#[tokio::test]
async fn what_is_deleted_along_is_told_in_whatever_order_that_is_said() {
    type How = fn(Builder) -> Builder;
    let how: [How; 3] = [
        |db| {
            let db = db.watch::<country::Entity>().watch::<city::Entity>();
            db.watch_also::<country::Entity, city::Entity>()
        },
        |db| {
            let db = db.watch_also::<country::Entity, city::Entity>();
            db.watch::<city::Entity>().watch::<country::Entity>()
        },
        |db| db.watch_all().watch_also::<country::Entity, city::Entity>(),
    ];
    let world = World::sqlite().await;
    for how in how {
        let (db, heard) = live(&world, how).await;
        named("Norway").insert(&db).await.expect("it is inserted");
        assert_eq!(heard.take(), [COUNTRY, DISTRICT]);
    }
}

mod audited {
    //! A country that writes down more than itself when it is saved.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "country")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn after_save<C: ConnectionTrait>(
            model: Model,
            db: &C,
            _: bool,
        ) -> Result<Model, DbErr> {
            db.execute_unprepared("INSERT INTO city_district VALUES ('Oslo', 1)").await?;
            Ok(model)
        }
    }
}

#[tokio::test]
async fn what_is_saved_along_with_a_row_is_told_too_and_not_as_that_row() {
    let world = World::sqlite().await;
    let (db, heard) = live(&world, |db| db.watch_all().detailed()).await;
    let row = audited::ActiveModel { name: Set("Norway".to_owned()), ..Default::default() };
    row.insert_live(&db).await.expect("it is inserted");
    let insert =
        r#"{"data": {"id": 1, "op": "insert"}, "rooms": [{"detailed-auto-updates": "country"}]}"#;
    let bulk = r#"{"data": {"op": "bulk"}, "rooms": [{"detailed-auto-updates": "city_district"}]}"#;
    assert_eq!(heard.take(), [COUNTRY, DISTRICT, insert, bulk]);

    let along = |db: Builder| db.watch_all().watch_also::<country::Entity, city::Entity>();
    let (db, heard) = live(&world, |db| along(db).detailed()).await;
    named("Sweden").insert_live(&db).await.expect("it is inserted");
    let insert = insert.replace("1", "2");
    assert_eq!(heard.take(), [COUNTRY, DISTRICT, &insert, bulk]);
}

#[tokio::test]
async fn who_wants_to_know_which_row_is_told() {
    for world in World::each().await {
        let watch = |db: Builder| db.watch_all().detailed();
        let (db, heard) = live(&world, watch).await;
        let detail = |data: &str, name: &str| {
            format!(r#"{{"data": {data}, "rooms": [{{"detailed-auto-updates": "{name}"}}]}}"#)
        };
        let norway = named("Norway").insert_live(&db).await.expect("it is inserted");
        let insert = detail(r#"{"id": 1, "op": "insert"}"#, "country");
        assert_eq!(heard.take(), [COUNTRY.to_owned(), insert]);
        let unchanged = norway.clone().into_active_model();
        unchanged.update_live(&db).await.expect("there is nothing to update");
        assert_eq!(heard.take(), [""; 0]);
        let mut changed = norway.into_active_model();
        changed.name = Set("Norge".to_owned());
        let saved = changed.save_live(&db).await.expect("it is saved");
        let update = detail(r#"{"id": 1, "op": "update"}"#, "country");
        assert_eq!(heard.take(), [COUNTRY.to_owned(), update]);

        let transaction = db.begin().await.expect("it begins");
        saved.delete_live(&transaction).await.expect("it is deleted");
        let oslo = city::ActiveModel { city: Set("Oslo".to_owned()), district: Set(7) };
        oslo.insert_live(&transaction).await.expect("it is inserted");
        transaction.commit().await.expect("it is committed");
        let gone = detail(r#"{"id": 1, "op": "delete"}"#, "country");
        let new = detail(r#"{"id": ["Oslo", 7], "op": "insert"}"#, "city_district");
        assert_eq!(heard.take(), [COUNTRY.to_owned(), DISTRICT.to_owned(), gone, new]);

        // What was done twice is told once, as done the last time.
        let transaction = db.begin().await.expect("it begins");
        let oslo = || city::ActiveModel { city: Set("Oslo".to_owned()), district: Set(8) };
        oslo().insert_live(&transaction).await.expect("it is inserted");
        oslo().delete_live(&transaction).await.expect("it is deleted");
        oslo().insert_live(&transaction).await.expect("it is inserted");
        transaction.commit().await.expect("it is committed");
        let of_oslo = |operation| {
            let data = format!(r#"{{"id": ["Oslo", 8], "op": "{operation}"}}"#);
            detail(&data, "city_district")
        };
        assert_eq!(heard.take(), [DISTRICT.to_owned(), of_oslo("delete"), of_oslo("insert")]);

        named("Denmark").insert(&db).await.expect("it is inserted");
        let bulk = detail(r#"{"op": "bulk"}"#, "country");
        assert_eq!(heard.take(), [COUNTRY.to_owned(), bulk.clone()]);
        let transaction = db.begin().await.expect("it begins");
        for number in 0..=campanile_binder::ROWS_MAX {
            named(&number.to_string()).insert_live(&transaction).await.expect("it is inserted");
        }
        transaction.commit().await.expect("it is committed");
        assert_eq!(heard.take(), [COUNTRY.to_owned(), bulk]);
    }
}
