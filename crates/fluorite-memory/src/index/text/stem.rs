//! Light English stemming: plurals, `-ing`, `-ed` and a final `e`, nothing more.
//!
//! Code terms suffer from heavier stemmers (`parser` is not `parse`, `general` is not `generate`). The forms need not be
//! words; they only have to meet: `cache`, `caches`, `cached`, `caching` all become `cach`.

/// The stem of a word of lowercase ASCII letters.
pub fn stemmed(word: &str) -> String {
    let mut word = word.to_owned();
    stem(&mut word);
    word
}

/// Stems a word of lowercase ASCII letters in place.
pub(super) fn stem(word: &mut String) {
    if word.len() < 4 {
        if word == "ids" {
            word.truncate(2);
        }
        return;
    }
    plural(word);
    participle(word);
    if word.len() >= 4 && word.ends_with('e') {
        word.pop();
    }
}

fn plural(word: &mut String) {
    if word.len() > 4 && word.ends_with("ies") {
        replace_end(word, 3, "y");
    } else if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") {
        word.pop();
    }
}

fn participle(word: &mut String) {
    if word.len() >= 5 && word.ends_with("ing") && has_vowel(word, 3) {
        replace_end(word, 3, "");
        mend(word);
    } else if word.len() >= 5 && word.ends_with("ied") {
        replace_end(word, 3, "y");
    } else if word.len() >= 4 && word.ends_with("ed") && !word.ends_with("eed") && has_vowel(word, 2) && word != "embed" {
        replace_end(word, 2, "");
        mend(word);
    }
}

/// `runn` to `run`, `us` to `use`; `call`, `pass`, `buzz`, `add` stay.
fn mend(word: &mut String) {
    let (last, before) = {
        let mut ends = word.bytes().rev();
        (ends.next(), ends.next())
    };
    let vowel = last.is_some_and(is_vowel);
    if word.len() < 3 && !vowel {
        word.push('e');
    } else if word.len() > 3 && last == before && !vowel && !matches!(last, Some(b'l' | b's' | b'z')) {
        word.pop();
    }
}

fn has_vowel(word: &str, without: usize) -> bool {
    word.bytes().take(word.len().saturating_sub(without)).any(is_vowel)
}

fn is_vowel(b: u8) -> bool {
    matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

fn replace_end(word: &mut String, count: usize, with: &str) {
    word.truncate(word.len().saturating_sub(count));
    word.push_str(with);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stemmed(word: &str) -> String {
        let mut word = word.to_owned();
        stem(&mut word);
        word
    }

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            "cache caches cached caching",
            "class classes",
            "match matches matched matching",
            "box boxes boxed boxing",
            "query queries queried querying",
            "run runs running",
            "use uses used using",
            "call calls called calling",
            "pass passes passed passing",
            "add adds added adding",
            "parse parses parsed parsing",
            "embed embeds embedded embedding embeddings",
            "status statuses",
            "process processes processed processing",
            "url urls",
            "api apis",
            "id ids",
            "string strings",
            "index indexes indexed indexing",
        ] {
            let mut all = forms.split(' ').map(stemmed);
            let first = all.next().unwrap();
            all.for_each(|other| assert_eq!(other, first, "in {forms:?}"));
        }
    }

    #[test]
    fn words_that_only_look_inflected_stay() {
        for word in
            ["string", "thing", "bring", "speed", "need", "feed", "class", "status", "css", "aws", "red", "embed", "redux"]
        {
            assert_eq!(stemmed(word), word);
        }
        assert_ne!(stemmed("parser"), stemmed("parse"));
    }
}
