//! Expressions of templates: `[concat(parameters('a'), '-x')]`.

use arm_api::ArmError;
use serde_json::{Map, Value, json};

/// How deep expressions may nest, and how long one may be.
const DEPTH: u32 = 32;
const LENGTH: usize = 24_576;

/// What expressions may ask for.
#[derive(Debug, Default)]
pub(super) struct Context<'c> {
    /// Values of parameters that are no secrets.
    pub(super) parameters: Map<String, Value>,
    /// Values of parameters that are secrets; nobody may ask for them where the answer is kept.
    pub(super) secrets: Map<String, Value>,
    /// Whether secrets are given out.
    pub(super) reveal: bool,
    /// Variables, as the template has them.
    pub(super) variables: Map<String, Value>,
    /// `resourceGroup()`.
    pub(super) group: Value,
    /// `subscription()`.
    pub(super) subscription: Value,
    /// Properties of what was deployed, by name and by id in lower case; nothing while it is not there.
    pub(super) deployed: Option<&'c Map<String, Value>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Text(String),
    Number(i64),
    Call(String, Vec<Expression>),
    Part(Box<Expression>, Box<Expression>),
}

impl Context<'_> {
    /// A value of a template with all expressions in it taken.
    ///
    /// # Errors
    ///
    /// 400 `InvalidTemplate`.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, ArmError> {
        self.resolve_within(value, 0)
    }

    fn resolve_within(&self, value: &Value, depth: u32) -> Result<Value, ArmError> {
        if depth > DEPTH {
            return Err(invalid("the template nests too deeply"));
        }
        match value {
            Value::String(text) => self.text(text, depth),
            Value::Array(items) => items.iter().map(|item| self.resolve_within(item, depth + 1)).collect(),
            Value::Object(fields) => {
                let resolved =
                    fields.iter().map(|(name, field)| Ok((name.clone(), self.resolve_within(field, depth + 1)?)));
                resolved.collect::<Result<Map<_, _>, ArmError>>().map(Value::Object)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
        }
    }

    fn text(&self, text: &str, depth: u32) -> Result<Value, ArmError> {
        let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
            return Ok(json!(text));
        };
        if text.starts_with("[[") {
            return Ok(json!(text[1..]));
        }
        if inner.len() > LENGTH {
            return Err(invalid(&format!("an expression has {} characters, at most {LENGTH} are read", inner.len())));
        }
        let mut reader = Reader { text: inner, at: 0 };
        let expression = reader.expression(0)?;
        reader.blanks();
        if reader.at < inner.len() {
            return Err(reader.bad("something is left over"));
        }
        self.value(&expression, depth)
    }

    fn value(&self, expression: &Expression, depth: u32) -> Result<Value, ArmError> {
        if depth > DEPTH {
            return Err(invalid("expressions nest too deeply, or name each other in a circle"));
        }
        match expression {
            Expression::Text(text) => Ok(json!(text)),
            Expression::Number(number) => Ok(json!(number)),
            Expression::Part(of, part) => {
                let (of, part) = (self.value(of, depth + 1)?, self.value(part, depth + 1)?);
                let found = match (&of, &part) {
                    (Value::Object(fields), Value::String(name)) => {
                        fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
                    }
                    (Value::Array(items), Value::Number(at)) => {
                        at.as_u64().and_then(|at| items.get(usize::try_from(at).ok()?))
                    }
                    _ => None,
                };
                found.cloned().ok_or_else(|| invalid(&format!("there is no {part} in what it is asked of")))
            }
            Expression::Call(name, arguments) => {
                let given =
                    arguments.iter().map(|argument| self.value(argument, depth + 1)).collect::<Result<Vec<_>, _>>()?;
                self.call(name, &given, depth)
            }
        }
    }

    fn call(&self, name: &str, given: &[Value], depth: u32) -> Result<Value, ArmError> {
        let text = |at: usize| {
            given
                .get(at)
                .and_then(Value::as_str)
                .ok_or_else(|| invalid(&format!("{name}() wants a text as argument {}", at + 1)))
        };
        let find = |map: &Map<String, Value>, key: &str| {
            map.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value.clone())
        };
        match name.to_ascii_lowercase().as_str() {
            "parameters" => {
                let key = text(0)?;
                if let Some(secret) = find(&self.secrets, key) {
                    let why = format!("the secure parameter '{key}' is read where its value would be shown");
                    return if self.reveal { Ok(secret) } else { Err(invalid(&why)) };
                }
                find(&self.parameters, key).ok_or_else(|| invalid(&format!("the template has no parameter '{key}'")))
            }
            "variables" => {
                let key = text(0)?;
                let raw = find(&self.variables, key)
                    .ok_or_else(|| invalid(&format!("the template has no variable '{key}'")))?;
                self.resolve_within(&raw, depth + 1)
            }
            "concat" => {
                if given.iter().all(Value::is_array) {
                    return Ok(given.iter().flat_map(|list| list.as_array().cloned().unwrap_or_default()).collect());
                }
                let mut whole = String::new();
                for value in given {
                    match value {
                        Value::String(text) => whole.push_str(text),
                        Value::Number(_) | Value::Bool(_) => whole.push_str(&value.to_string()),
                        Value::Null | Value::Array(_) | Value::Object(_) => {
                            return Err(invalid("concat() wants texts, or lists only"));
                        }
                    }
                }
                Ok(json!(whole))
            }
            "tolower" => Ok(json!(text(0)?.to_lowercase())),
            "toupper" => Ok(json!(text(0)?.to_uppercase())),
            "resourcegroup" => Ok(self.group.clone()),
            "subscription" => Ok(self.subscription.clone()),
            "resourceid" => self.resource_id(given),
            "reference" => {
                let key = text(0)?.to_lowercase();
                let deployed = self.deployed.ok_or_else(|| invalid("reference() is served in outputs only"))?;
                deployed.get(&key).cloned().ok_or_else(|| invalid(&format!("'{key}' is not deployed by this template")))
            }
            _ => Err(invalid(&format!("the function {name}() is not served"))),
        }
    }

    /// `resourceId([subscription], [group], type, name, [name …])`.
    fn resource_id(&self, given: &[Value]) -> Result<Value, ArmError> {
        let wrong = || {
            invalid(
                "resourceId() wants a type like 'Microsoft.Network/virtualNetworks' and a name for each of its parts",
            )
        };
        let texts: Vec<&str> = given.iter().map(|value| value.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?;
        let at = texts.iter().position(|text| text.contains('/')).filter(|at| *at <= 2).ok_or_else(wrong)?;
        let own = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let (mut subscription, mut group) = (own(&self.subscription, "subscriptionId"), own(&self.group, "name"));
        match texts[..at] {
            [] => {}
            [given] => given.clone_into(&mut group),
            [first, second, ..] => {
                first.clone_into(&mut subscription);
                second.clone_into(&mut group);
            }
        }
        let kind = texts.get(at).copied().unwrap_or_default();
        let id = id(&format!("/subscriptions/{subscription}/resourceGroups/{group}"), kind, &texts[at + 1..])
            .ok_or_else(wrong)?;
        Ok(json!(id))
    }
}

/// The id of a resource below a group, from its type and its names.
pub(super) fn id(group: &str, kind: &str, names: &[&str]) -> Option<String> {
    let mut types = kind.split('/');
    let mut id = format!("{group}/providers/{}", types.next().filter(|namespace| !namespace.is_empty())?);
    let mut names = names.iter().flat_map(|name| name.split('/'));
    for part in types.by_ref() {
        let name = names.next().filter(|name| !name.is_empty())?;
        id = format!("{id}/{part}/{name}");
    }
    names.next().is_none().then_some(id)
}

/// Reads an expression.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.blanks();
        let there = self.rest().starts_with(wanted);
        self.at += if there { wanted.len_utf8() } else { 0 };
        there
    }

    fn bad(&self, why: &str) -> ArmError {
        let seen: String = self.text.chars().take(120).collect();
        invalid(&format!("the expression `{seen}` does not read at character {}: {why}", self.at))
    }

    fn expression(&mut self, depth: u32) -> Result<Expression, ArmError> {
        if depth > DEPTH {
            return Err(self.bad("it nests too deeply"));
        }
        self.blanks();
        let mut found = if self.eat('\'') { self.quoted()? } else { self.number_or_call(depth)? };
        loop {
            if self.eat('.') {
                let name = self.word();
                if name.is_empty() {
                    return Err(self.bad("a name is missing behind the dot"));
                }
                found = Expression::Part(Box::new(found), Box::new(Expression::Text(name)));
            } else if self.eat('[') {
                let part = self.expression(depth + 1)?;
                if !self.eat(']') {
                    return Err(self.bad("`]` is missing"));
                }
                found = Expression::Part(Box::new(found), Box::new(part));
            } else {
                return Ok(found);
            }
        }
    }

    /// A text behind its first quote; a quote in it is doubled.
    fn quoted(&mut self) -> Result<Expression, ArmError> {
        let mut text = String::new();
        loop {
            let Some((part, after)) = self.rest().split_once('\'') else { return Err(self.bad("a quote is missing")) };
            let doubled = after.starts_with('\'');
            text.push_str(part);
            self.at += part.len() + 1;
            if !doubled {
                return Ok(Expression::Text(text));
            }
            text.push('\'');
            self.at += 1;
        }
    }

    fn word(&mut self) -> String {
        let word: String =
            self.rest().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect();
        self.at += word.len();
        word
    }

    fn number_or_call(&mut self, depth: u32) -> Result<Expression, ArmError> {
        let word = self.word();
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return word.parse().map(Expression::Number).map_err(|_| self.bad("a number does not read"));
        }
        if word.is_empty() || !self.eat('(') {
            return Err(self.bad("wanted a function, a text in quotes or a number"));
        }
        let mut arguments = Vec::new();
        if self.eat(')') {
            return Ok(Expression::Call(word, arguments));
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            if self.eat(')') {
                return Ok(Expression::Call(word, arguments));
            }
            if !self.eat(',') {
                return Err(self.bad("`,` or `)` is missing"));
            }
        }
    }
}

/// A template that does not read.
pub(super) fn invalid(why: &str) -> ArmError {
    ArmError::bad_request("InvalidTemplate", format!("Deployment template validation failed: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &str) -> Result<Value, String> {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let context = Context {
            parameters: object(json!({ "a": "x", "n": 3, "o": { "b": ["c"] } })),
            secrets: object(json!({ "key": "hush" })),
            variables: object(json!({ "v": "[concat('v', parameters('a'))]", "loop": "[variables('loop')]" })),
            group: json!({ "name": "rg", "location": "westeurope" }),
            subscription: json!({ "subscriptionId": "s" }),
            ..Context::default()
        };
        context.resolve(&json!(text)).map_err(|error| error.message)
    }

    #[test]
    fn expressions_are_taken() {
        assert_eq!(take("plain").unwrap(), "plain");
        assert_eq!(take("[[parameters('a')]").unwrap(), "[parameters('a')]");
        assert_eq!(take("[concat(parameters('A'), '-', parameters('n'), 'it''s')]").unwrap(), "x-3it's");
        assert_eq!(take("[ variables( 'v' ) ]").unwrap(), "vx");
        assert_eq!(take("[parameters('o').b[0]]").unwrap(), "c");
        assert_eq!(take("[resourceGroup().location]").unwrap(), "westeurope");
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/t";
        assert_eq!(take("[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 't')]").unwrap(), id);
        let id = "/subscriptions/s2/resourceGroups/g2/providers/Microsoft.Network/connections/c";
        assert_eq!(take("[resourceId('s2', 'g2', 'Microsoft.Network/connections', 'c')]").unwrap(), id);
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "[]",
            "[parameters('a']",
            "[parameters('none')]",
            "[what()]",
            "[variables('loop')]",
            "[1 2]",
            "['a]",
            "[parameters('o').z]",
            "[reference('a')]",
            "[resourceId('x')]",
            "[resourceId('Microsoft.Network/connections')]",
            "[a.b]",
            "[concat(]",
        ] {
            take(text).unwrap_err();
        }
        take(&format!("[{}]", "concat(".repeat(5000))).unwrap_err();
    }

    #[test]
    fn secrets_are_given_only_where_they_may() {
        let why = take("[parameters('key')]").unwrap_err();
        assert!(why.contains("'key'") && !why.contains("hush"), "{why}");
    }
}
