//! An expression that was parsed and typed.

use crate::check::Checker;
use crate::kind::Kind;
use cel::ParseErrors;
use cel::parser::{Expression as Tree, PrattParser};
use petrel_frame::{Field, Schema};

/// An expression over the fields of one schema.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(crate) tree: Tree,
    source: String,
    kind: Kind,
}

impl Expression {
    /// Parses an expression and works out its type over these fields.
    ///
    /// # Errors
    /// A sentence: it is no expression, or names something that is not there, or its types do not go together.
    pub fn new(source: &str, schema: &Schema) -> Result<Expression, String> {
        let tree = PrattParser::new().parse(source).map_err(|errors| format!("`{source}`: {}", first(&errors)))?;
        let kind = Checker::new(schema).kind(&tree).map_err(|message| format!("`{source}`: {message}"))?;
        Ok(Expression { tree, source: source.into(), kind })
    }

    /// The same, and its value is true or false.
    ///
    /// # Errors
    /// As for [`new`](Expression::new), or its value is something else.
    pub fn condition(source: &str, schema: &Schema) -> Result<Expression, String> {
        let expression = Expression::new(source, schema)?;
        match expression.kind.fits(&Kind::Bool) {
            true => Ok(expression),
            false => Err(format!("`{source}` is a {}, not a bool", expression.kind)),
        }
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether its value depends on the field of that name.
    pub fn reads(&self, name: &str) -> bool {
        self.tree.references().has_variable(name)
    }

    /// A field of that name that holds its value.
    ///
    /// # Errors
    /// A sentence: no field can.
    pub fn field(&self, name: &str) -> Result<Field, String> {
        self.kind.field(name).map_err(|message| format!("`{}`: {message}", self.source))
    }
}

/// The first error as one sentence: the parser's own form draws the source over several lines.
fn first(errors: &ParseErrors) -> String {
    match errors.errors.first() {
        Some(error) => format!("{} at character {}", error.msg, error.pos.1),
        None => "it is no expression".into(),
    }
}
