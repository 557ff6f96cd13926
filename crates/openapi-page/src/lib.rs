//! A page that shows the description of an API, as OpenAPI has it, with nothing from elsewhere: each
//! route with its parameters, members, examples and answers.
//!
//! The application serves three files, and the description itself:
//!
//! ```
//! let page = campanile_openapi_page::page("Zoo", "/schema/", "/schema/files/");
//! assert!(page.contains("<title>Zoo: the API</title>"));
//! assert!(page.contains(r#"<a id="description" href="/schema/">"#));
//! assert!(page.contains(r#"src="/schema/files/page.js""#));
//! ```

/// The ES module that reads the description and writes the page: `page.js`.
pub const SCRIPT: &str = include_str!("page.js");

/// The style sheet: `style.css`.
pub const STYLE: &str = include_str!("style.css");

const PAGE: &str = include_str!("page.html");

/// Returns the page for the API of that name, whose description is at the path `description`.
///
/// [`SCRIPT`] and [`STYLE`] are to be at the path `files`, which ends with a slash, as `page.js` and
/// `style.css`. All three stand in the page as they are: they must be the application's own words.
pub fn page(name: &str, description: &str, files: &str) -> String {
    PAGE.replace("[name]", name).replace("[description]", description).replace("[files]", files)
}
