//! What kinds of things are called in rooms.

/// A type whose changes somebody wants to hear of.
pub trait Live {
    /// What it is called in the room `{"auto-updates": NAME}`.
    const NAME: &'static str;
}

/// Returns what django-binder calls a class in rooms: in lower case, with `_` where a lower-case letter
/// stands before an upper-case one.
///
/// ```
/// use campanile_binder::resource_name;
///
/// assert_eq!(resource_name("CityDistrict"), "city_district");
/// assert_eq!(resource_name("HTTPServer2"), "httpserver2");
/// ```
pub fn resource_name(class: &str) -> String {
    let mut name = String::with_capacity(class.len() + 4);
    let mut after_lower = false;
    for character in class.chars() {
        if after_lower && character.is_ascii_uppercase() {
            name.push('_');
        }
        after_lower = character.is_ascii_lowercase();
        name.extend(character.to_lowercase());
    }
    name
}
