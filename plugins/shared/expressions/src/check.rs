//! The type of an expression, by a walk over its syntax tree.

use crate::functions;
use crate::kind::Kind;
use crate::signatures;
use cel::common::ast::operators::*;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue};
use cel::parser::Expression as Tree;
use petrel_frame::Schema;

/// Works out types; knows the fields and the variables of the macros around.
pub(crate) struct Checker<'s> {
    schema: &'s Schema,
    variables: Vec<(String, Kind)>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(schema: &'s Schema) -> Checker<'s> {
        Checker { schema, variables: Vec::new() }
    }

    /// The type of the expression.
    ///
    /// # Errors
    /// Why it cannot work.
    pub(crate) fn kind(&mut self, tree: &Tree) -> Result<Kind, String> {
        match &tree.expr {
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Kind::Bool,
                LiteralValue::Bytes(_) => Kind::Bytes,
                LiteralValue::Double(_) => Kind::Double,
                LiteralValue::Int(_) => Kind::Int,
                LiteralValue::Null => Kind::Null,
                LiteralValue::String(_) => Kind::String,
                LiteralValue::UInt(_) => Kind::Uint,
            }),
            Expr::Ident(name) => self.variable(name),
            Expr::List(list) => {
                let mut items = Kind::Unknown;
                for element in &list.elements {
                    let kind = self.kind(element)?;
                    items = items
                        .clone()
                        .either(kind.clone())
                        .ok_or_else(|| format!("a list of {items} cannot hold a {kind}"))?;
                }
                Ok(Kind::List(Box::new(items)))
            }
            Expr::Map(_) => Ok(Kind::Map),
            Expr::Select(select) => match self.kind(&select.operand)? {
                Kind::Map | Kind::Unknown => Ok(if select.test { Kind::Bool } else { Kind::Unknown }),
                kind => Err(format!("a {kind} has no `.{}`", select.field)),
            },
            Expr::Call(call) => {
                let arguments: Vec<Kind> = call
                    .target
                    .as_deref()
                    .into_iter()
                    .chain(&call.args)
                    .map(|tree| self.kind(tree))
                    .collect::<Result<_, _>>()?;
                match arguments.as_slice() {
                    [one] => {
                        if let Some(kind) = unary(&call.func_name, one) {
                            return kind;
                        }
                    }
                    [left, right] => {
                        if let Some(kind) = binary(&call.func_name, left, right) {
                            return kind;
                        }
                    }
                    [condition, then, otherwise] if call.func_name == CONDITIONAL => {
                        return conditional(condition, then, otherwise);
                    }
                    _ => {}
                }
                literals(&call.func_name, &call.args)?;
                signatures::call(&call.func_name, call.target.is_some(), &arguments)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(value) => Err(format!("there is no type `{}` to make a value of", value.type_name)),
            Expr::Unspecified => Err("a part of it is empty".into()),
        }
    }

    fn variable(&self, name: &str) -> Result<Kind, String> {
        if let Some((_, kind)) = self.variables.iter().rev().find(|(variable, _)| variable == name) {
            return Ok(kind.clone());
        }
        if let Some(field) = self.schema.field(name) {
            return Ok(Kind::of(field));
        }
        let fields: Vec<String> = self.schema.fields.iter().map(|field| format!("`{}`", field.name)).collect();
        let there_are = if fields.is_empty() { "no fields".into() } else { fields.join(", ") };
        Err(format!("there is no field `{name}`; there are {there_are}"))
    }

    /// `all`, `exists`, `map`, `filter`: a loop over a list with an accumulator.
    fn comprehension(&mut self, loops: &ComprehensionExpr) -> Result<Kind, String> {
        let item = match self.kind(&loops.iter_range)?.present() {
            Kind::List(item) => (**item).clone(),
            Kind::Map | Kind::Unknown => Kind::Unknown,
            kind => return Err(format!("a {kind} has no elements to go through")),
        };
        let accumulated = self.kind(&loops.accu_init)?;
        let outside = self.variables.len();
        self.variables.push((loops.accu_var.clone(), accumulated.clone()));
        self.variables.push((loops.iter_var.clone(), item));
        let step = self.kind(&loops.loop_step)?;
        self.variables.truncate(outside);
        let accumulated = accumulated
            .clone()
            .either(step.clone())
            .ok_or_else(|| format!("it turns from {accumulated} into {step}"))?;
        self.variables.push((loops.accu_var.clone(), accumulated));
        let result = self.kind(&loops.result);
        self.variables.truncate(outside);
        result
    }
}

fn unary(operator: &str, operand: &Kind) -> Option<Result<Kind, String>> {
    let kind = operand.present();
    let result = match operator {
        LOGICAL_NOT if kind.fits(&Kind::Bool) => Kind::Bool,
        NEGATE if kind.is_number() || *kind == Kind::Unknown => kind.clone(),
        NOT_STRICTLY_FALSE => Kind::Bool,
        LOGICAL_NOT | NEGATE => return Some(Err(format!("`{}` does not go with {operand}", symbol(operator)))),
        _ => return None,
    };
    Some(Ok(result))
}

fn binary(operator: &str, left: &Kind, right: &Kind) -> Option<Result<Kind, String>> {
    use Kind::{Bool, Bytes, Double, Duration, Int, List, Map, Null, String, Timestamp, Uint, Unknown};
    let pair = (left.present(), right.present());
    let result = match operator {
        LOGICAL_AND | LOGICAL_OR => (pair.0.fits(&Bool) && pair.1.fits(&Bool)).then_some(Bool),
        EQUALS | NOT_EQUALS => match pair {
            (Null, _) | (_, Null) => Some(Bool),
            (one, other) => (one.fits(other) || (one.is_number() && other.is_number())).then_some(Bool),
        },
        LESS | LESS_EQUALS | GREATER | GREATER_EQUALS => match pair {
            (List(_) | Map | Null, _) | (_, List(_) | Map | Null) => None,
            (one, other) => (one.fits(other) || (one.is_number() && other.is_number())).then_some(Bool),
        },
        IN => match pair {
            (_, Map | Unknown) => Some(Bool),
            (one, List(item)) => one.fits(item).then_some(Bool),
            _ => None,
        },
        INDEX => match pair {
            (List(item), Int | Uint | Unknown) => Some((**item).clone()),
            (Map | Unknown, _) => Some(Unknown),
            _ => None,
        },
        ADD => match pair {
            (Timestamp, Duration) | (Duration, Timestamp) => Some(Timestamp),
            (Int, Int) => Some(Int),
            (Uint, Uint) => Some(Uint),
            (Double, Double) => Some(Double),
            (String, String) => Some(String),
            (Bytes, Bytes) => Some(Bytes),
            (Duration, Duration) => Some(Duration),
            (List(_), List(_)) => pair.0.clone().either(pair.1.clone()),
            (Unknown, _) | (_, Unknown) => Some(Unknown),
            _ => None,
        },
        SUBSTRACT => match pair {
            (Timestamp, Timestamp) => Some(Duration),
            (Timestamp, Duration) => Some(Timestamp),
            (Duration, Duration) => Some(Duration),
            _ => arithmetic(pair),
        },
        MULTIPLY | DIVIDE => arithmetic(pair),
        MODULO => arithmetic(pair).filter(|kind| *kind != Double),
        _ => return None,
    };
    Some(result.ok_or_else(|| {
        let hint = match pair {
            (Int | Uint, Double) | (Double, Int | Uint) => {
                "; write double(…) around the one that is none, or 2.0 for 2"
            }
            (Bytes, String) | (String, Bytes) => "; write string(…) around the bytes",
            (Null, _) | (_, Null) => "; only == and != go with null",
            _ => "",
        };
        format!("`{}` does not go with {left} and {right}{hint}", symbol(operator))
    }))
}

fn arithmetic(pair: (&Kind, &Kind)) -> Option<Kind> {
    match pair {
        (Kind::Int, Kind::Int) => Some(Kind::Int),
        (Kind::Uint, Kind::Uint) => Some(Kind::Uint),
        (Kind::Double, Kind::Double) => Some(Kind::Double),
        (Kind::Unknown, _) | (_, Kind::Unknown) => Some(Kind::Unknown),
        _ => None,
    }
}

fn conditional(condition: &Kind, then: &Kind, otherwise: &Kind) -> Result<Kind, String> {
    if !condition.fits(&Kind::Bool) {
        return Err(format!("the condition before `?` is a {condition}, not a bool"));
    }
    then.clone()
        .either(otherwise.clone())
        .ok_or_else(|| format!("the two sides of `:` are a {then} and a {otherwise}; they must be of one type"))
}

/// Patterns and formats written out in the expression are checked before it runs.
fn literals(function: &str, arguments: &[Tree]) -> Result<(), String> {
    let Some(Tree { expr: Expr::Literal(LiteralValue::String(text)), .. }) = arguments.last() else { return Ok(()) };
    match function {
        "matches" => functions::pattern(text.inner()).map(|_| ()),
        "formatTime" | "parseTime" => functions::time_format(text.inner()).map(|_| ()),
        "duration" | "timestamp" => functions::constant(function, text.inner()),
        _ => Ok(()),
    }
}

/// An operator as it is written.
fn symbol(operator: &str) -> &str {
    match operator {
        IN => "in",
        INDEX => "[…]",
        operator => operator.trim_matches('_'),
    }
}
