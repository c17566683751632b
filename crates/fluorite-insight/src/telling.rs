//! Words that do not say what a text is about.

use std::{collections::HashSet, sync::LazyLock};

/// Words of code: nearly every text of a language has them.
const CODE: &str = "
abstract any args array async await bool boolean break byte case catch char class const continue def default delete div do elif
else end enum err export exports extends false final finally float fn for foreach from func function get href http https if impl
implements import in instanceof int let match mod mut new nil none null number obj print private protected pub public raise
require return self static str string struct super switch this throw true try typeof undefined var void while
";

/// Words for what a text is, not for what it is about; of Japanese and Chinese too.
const KIND: &str = "
advanced basic boilerplate concept custom demo description docs documentation example examples features file files guide
homepage index install installation intro introduction js main metadata minimal misc name note notes overview readme sample simple
skeleton snippet starter stub summary tags template templates tips title todo usage version www yes yml
インストール 作成 例 使用 使用例 基本 最小 概念 概要 示例 雛形 サンプル スタブ テンプレート
";

/// Whether a word in lower case says nothing. A label that a person chose may well be a word of code.
pub fn tells_nothing(word: &str, label: bool) -> bool {
    static SETS: LazyLock<[HashSet<&str>; 2]> = LazyLock::new(|| [CODE, KIND].map(|list| list.split_whitespace().collect()));
    let [code, kind] = &*SETS;
    (!label && code.contains(word)) || kind.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_may_be_a_word_of_code() {
        assert!(tells_nothing("const", false) && !tells_nothing("async", true));
        assert!(tells_nothing("minimal", true) && tells_nothing("最小", false) && !tells_nothing("kafka", false));
    }
}
