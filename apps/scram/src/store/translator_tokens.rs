//! By which translators are known, and which action types each may hear of.

use super::{ChangeError, Store, now};
use crate::entities::{action_type, translator_token, translator_token_action_type};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, ModelTrait,
    QueryFilter, QueryOrder,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// What a translator may do that comes with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslatorToken {
    /// Whose it is.
    pub name: String,
    /// The names of the action types that it may hear of.
    pub action_types: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When a translator last came with it, to the minute; none if none ever did.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// How many characters the name of a token has at most.
pub const NAME_CHARACTERS_MAX: usize = 50;

/// Within which time a token counts as used once: each use would be a write.
const ONE_USE: TimeDelta = TimeDelta::minutes(1);

impl Store {
    /// Makes a token of 40 hexadecimal digits for a translator of these action types, by their
    /// names, and returns it: it is kept only as a hash, and cannot be shown again.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Duplicate`] if the name is taken, [`ChangeError::Invalid`] if it or an action
    /// type is not possible.
    pub async fn add_translator_token(
        &self,
        name: &str,
        action_types: &[&str],
    ) -> Result<String, ChangeError> {
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
            return Err(ChangeError::Invalid("name", "1 to 50 characters."));
        }
        let transaction = self.database.write().await?;
        let action_types = numbers(&transaction, action_types).await?;
        let token = random_token();
        let row = translator_token::ActiveModel {
            id: NotSet,
            name: Set(name.to_owned()),
            token_hash: Set(hash(&token)),
            created_at: Set(now()),
            last_used_at: Set(None),
        };
        let row = row.insert(&transaction).await;
        let row = row.map_err(|error| ChangeError::of_unique(error, "translator token"))?;
        let allowed =
            action_types.into_iter().map(|number| translator_token_action_type::ActiveModel {
                token_id: Set(row.id),
                action_type_id: Set(number),
            });
        translator_token_action_type::Entity::insert_many(allowed)
            .exec_without_returning(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Returns whose token this is, and notes that it was used; none if it is nobody's.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn translator_token(&self, token: &str) -> Result<Option<TranslatorToken>, DbErr> {
        // By its hash: how long the search takes says nothing about tokens there are.
        let of_hash = translator_token::Column::TokenHash.eq(hash(token));
        let row = translator_token::Entity::find().filter(of_hash);
        let Some(row) = row.one(self.database.read()).await? else { return Ok(None) };
        if row.last_used_at.is_none_or(|used| now() - used >= ONE_USE) {
            self.note_use(row.id).await?;
        }
        let mut names = self.names_of(Some(row.id)).await?;
        Ok(Some(TranslatorToken::of(row, &mut names)))
    }

    /// Returns all tokens, but for themselves, by their names.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn translator_tokens(&self) -> Result<Vec<TranslatorToken>, DbErr> {
        let all = translator_token::Entity::find().order_by_asc(translator_token::Column::Name);
        let rows = all.all(self.database.read()).await?;
        let mut names = self.names_of(None).await?;
        Ok(rows.into_iter().map(|row| TranslatorToken::of(row, &mut names)).collect())
    }

    /// Takes a token back: whoever comes with it from now on is refused.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NotFound`] if there is none of this name.
    pub async fn remove_translator_token(&self, name: &str) -> Result<(), ChangeError> {
        let transaction = self.database.write().await?;
        let named =
            translator_token::Entity::find().filter(translator_token::Column::Name.eq(name));
        let row = named.one(&transaction).await?.ok_or(ChangeError::NotFound)?;
        row.delete(&transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn note_use(&self, id: i64) -> Result<(), DbErr> {
        let transaction = self.database.write().await?;
        translator_token::Entity::update_many()
            .col_expr(translator_token::Column::LastUsedAt, Expr::value(now()))
            .filter(translator_token::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await
    }

    /// Returns the names of the action types of one token, or of each.
    async fn names_of(&self, token: Option<i64>) -> Result<HashMap<i64, Vec<String>>, DbErr> {
        let known: HashMap<i64, String> =
            self.action_types().await?.into_iter().map(|row| (row.id, row.name)).collect();
        let column = translator_token_action_type::Column::TokenId;
        let mut query = translator_token_action_type::Entity::find()
            .order_by_asc(translator_token_action_type::Column::ActionTypeId);
        if let Some(token) = token {
            query = query.filter(column.eq(token));
        }
        let mut names: HashMap<i64, Vec<String>> = HashMap::new();
        for row in query.all(self.database.read()).await? {
            let name = known.get(&row.action_type_id).cloned();
            names.entry(row.token_id).or_default().extend(name);
        }
        Ok(names)
    }
}

impl TranslatorToken {
    fn of(row: translator_token::Model, names: &mut HashMap<i64, Vec<String>>) -> TranslatorToken {
        TranslatorToken {
            action_types: names.remove(&row.id).unwrap_or_default(),
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Returns the numbers of the action types of these names, each once.
async fn numbers(
    transaction: &DatabaseTransaction,
    names: &[&str],
) -> Result<Vec<i64>, ChangeError> {
    if names.is_empty() {
        return Err(ChangeError::Invalid("action_types", "at least one."));
    }
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let named = action_type::Column::Name.is_in(names.iter().copied());
    let rows = action_type::Entity::find().filter(named).all(transaction).await?;
    if rows.len() < names.len() {
        return Err(ChangeError::Invalid("action_types", "one of them does not exist."));
    }
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn random_token() -> String {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    hexadecimal(&bytes)
}

fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
