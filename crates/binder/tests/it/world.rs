//! A database with countries and their cities, on SQLite and on PostgreSQL.

use campanile_broker::testing::{Folder, Postgres};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Schema};

pub(crate) mod country {
    //! A country.

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

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod city {
    //! A city's district, known by city and number.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "city_district")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub city: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub district: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A database of a test's own.
pub(crate) struct World {
    pub(crate) url: String,
    _folder: Option<Folder>,
    server: Option<Postgres>,
}

impl World {
    pub(crate) async fn sqlite() -> World {
        let folder = Folder::new("binder");
        let url = format!("sqlite://{}/binder.db?mode=rwc", folder.path().display());
        World { url, _folder: Some(folder), server: None }.with_tables().await
    }

    /// None where there is no PostgreSQL.
    pub(crate) async fn postgres() -> Option<World> {
        let server = Postgres::start()?;
        let url = server.database("binder");
        Some(World { url, _folder: None, server: Some(server) }.with_tables().await)
    }

    /// On each database that is here.
    pub(crate) async fn each() -> Vec<World> {
        let mut worlds = vec![World::sqlite().await];
        worlds.extend(World::postgres().await);
        worlds
    }

    async fn with_tables(self) -> World {
        let database = self.database().await;
        let schema = Schema::new(database.get_database_backend());
        for table in [
            schema.create_table_from_entity(country::Entity),
            schema.create_table_from_entity(city::Entity),
        ] {
            database.execute(&table).await.expect("the table is made");
        }
        self
    }

    pub(crate) async fn database(&self) -> DatabaseConnection {
        Database::connect(&self.url).await.expect("the database opens")
    }

    /// The server, which a test may kill.
    pub(crate) fn server(&mut self) -> &mut Postgres {
        self.server.as_mut().expect("it is PostgreSQL")
    }
}
