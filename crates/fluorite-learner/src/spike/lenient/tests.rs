#![allow(clippy::unwrap_used)] // tests

use super::*;
use serde_json::{Value, json};

fn template(text: &str) -> Result<Value, (usize, String)> {
    let file = format!(r#"{{"id": "a", "files": [ {{ "path": "p", "template": "{text}" }} ], "patches": []}}"#);
    let (fixed, _) = repair_json(&file)?;
    let v: Value = serde_json::from_str(&fixed).unwrap();
    assert_eq!((v["id"].as_str(), v["patches"].as_array().map(Vec::len)), (Some("a"), Some(0)));
    Ok(v["files"][0]["template"].clone())
}

fn value(text: &str) -> Value {
    serde_json::from_str(&repair_json(text).unwrap().0).unwrap()
}

#[test]
fn unescaped_quotes_are_text() {
    let body = r#"-d '[{"id":"1","title":"Hello"}]'"#;
    assert_eq!(template(&format!(r"curl {body}\n")).unwrap(), format!("curl {body}\n"));
    assert_eq!(template(r#"expr: "text == 'x'", output: ['y'] }"#).unwrap(), r#"expr: "text == 'x'", output: ['y'] }"#);
    assert_eq!(template(r#"\"dir\": "." } ] \n}\n"#).unwrap(), "\"dir\": \".\" } ] \n}\n");
    assert_eq!(template(r#"[\n "/blog/", "/tags/"\n ],\n \"s\": 1"#).unwrap(), "[\n \"/blog/\", \"/tags/\"\n ],\n \"s\": 1");
}

#[test]
fn quotes_behind_an_escaped_backslash_keep_it() {
    assert_eq!(template(r#"'{\\"a\\": \\\"b\\\"}'"#).unwrap(), r#"'{\"a\": \"b\"}'"#);
}

#[test]
fn shell_escapes_lose_the_backslash_and_others_keep_it() {
    assert_eq!(template(r"T: \${{ secrets.T }} \`x\`").unwrap(), "T: ${{ secrets.T }} `x`");
    assert_eq!(template(r"f(\'a\', /0?\.\d+/)").unwrap(), r"f(\'a\', /0?\.\d+/)");
    assert_eq!(template(r"/\\\.ts$/").unwrap(), r"/\.ts$/");
    assert_eq!(template(r"\ud800 \u12 \u00e9").unwrap(), r"\ud800 \u12 é");
}

#[test]
fn raw_breaks_trailing_commas_and_marks_go() {
    let text = "\u{feff}{\"a\": \"x\ny\", \"b\": [1, 2,], }";
    assert_eq!(value(text), json!({"a": "x\ny", "b": [1, 2]}));
    let what = repair_json(text).unwrap().1;
    assert!(what.starts_with("1 x byte order mark dropped, 1 x raw control"), "{what}");
    assert!(what.contains("2 x trailing comma dropped"), "{what}");
}

#[test]
fn a_forgotten_quote_ends_with_its_line() {
    let text = "{\"description\": \"guide」,\r\n \"params\": [ { \"name\": \"a\" } ]\n}";
    assert_eq!(value(text), json!({"description": "guide」", "params": [{"name": "a"}]}));
}

#[test]
fn a_surplus_bracket_and_a_missing_comma_are_seen() {
    assert_eq!(value("{\"files\": [ {\"path\": \"p\"} ]\n]\n}"), json!({"files": [{"path": "p"}]}));
    let text = r#"{"description": "a" "version": "1", "tags": ["x" "y"]}"#;
    assert_eq!(value(text), json!({"description": "a", "version": "1", "tags": ["x", "y"]}));
}

#[test]
fn structure_is_never_swallowed() {
    let lost_quote = r#"{"id": "a", "files": [ {"path": "p", "template": "one }, {"path": "q", "template": "two" } ]}"#;
    assert!(repair_json(lost_quote).is_err());
    assert!(repair_json(r#"{"id": "a"b", "name": "n"}"#).is_err());
    // Both broken in one string: where it ends is a guess.
    assert!(repair_json("{\"template\": \"a\"\n}\n],\\n \\\"patches\\\": []\"\n}").is_err());
}

#[test]
fn cut_texts_are_refused_with_their_end() {
    let (at, why) = repair_json(r#"{"id": "a", "files": [ {"path": "p", "template": "on"#).unwrap_err();
    assert_eq!((at, why.as_str()), (52, "the text ends inside a string"));
}

#[test]
fn deep_nesting_and_many_quotes_end() {
    assert_eq!(repair_json(&"[".repeat(100_000)).unwrap_err().1, "nested too deeply");
    let quotes = format!(r#"{{"template": "{}"#, r#"" , "a": [ "#.repeat(5_000));
    assert!(repair_json(&quotes).is_err());
}

#[test]
fn any_damage_ends_and_well_formed_stays_as_it_is() {
    let good = r#"{"id":"é","tags":["x","y"],"n":[-1.5e3,true,null],"files":[{"path":"p","template":"a \"b\" \\ \u00e9\n"}]}"#;
    let bytes = good.as_bytes();
    for at in 0..bytes.len() {
        for with in *b"\"\\\n,}[x \0" {
            for mode in 0..3 {
                let mut b = bytes.to_vec();
                match mode {
                    0 => b[at] = with,
                    1 => b.insert(at, with),
                    _ => b.truncate(at),
                }
                let Ok(text) = String::from_utf8(b) else { continue };
                let lenient = repair_json(&text);
                if serde_json::from_str::<Value>(&text).is_ok() {
                    assert_eq!(lenient.unwrap().0, text);
                } else if let Ok((fixed, _)) = lenient {
                    serde_json::from_str::<Value>(&fixed).unwrap();
                }
            }
        }
    }
}
