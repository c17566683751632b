//! Markdown: sections by headings, then blocks.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::cuts::{Cut, DEEPEST, GLUED, STRUCTURE};
use crate::lines::Lines;
use crate::piece::{Heading, Outline};

/// Rank of a block outside of every other; headings have 1 to 6.
const BLOCK: u32 = STRUCTURE + 10;
/// Most characters kept of a heading.
const LONGEST: usize = 200;

/// Cuts before headings and blocks, except before what follows a heading.
pub(crate) fn outline(text: &str, lines: &Lines) -> (Vec<Cut>, Outline) {
    let (mut cuts, mut headings) = (Vec::new(), Vec::<Heading>::new());
    let mut depth: u32 = 0;
    let mut open: Option<Heading> = None;
    let mut after_heading = false;
    let mut glued = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if let Some(block) = rank(&tag, depth)
                    && let Some(at) = lines.begun_by(range.start).or_else(|| item_start(&tag, range.start, lines))
                {
                    if std::mem::take(&mut after_heading) {
                        glued = Some(at);
                    }
                    cuts.push(Cut { at, rank: if glued == Some(at) { GLUED } else { block } });
                }
                if let Tag::Heading { level, .. } = tag {
                    open = Some(Heading { at: range.start, level: level as u32, text: String::new() });
                }
                depth += 1;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if matches!(tag, TagEnd::Heading(_))
                    && let Some(mut heading) = open.take()
                {
                    heading.text = heading.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
                    headings.push(heading);
                    after_heading = true;
                }
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut open {
                    heading.text.push_str(&part);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some(heading) = &mut open {
                    heading.text.push(' ');
                }
            }
            _ => {}
        }
    }
    (cuts, Outline { headings, ..Outline::default() })
}

/// Items may begin where their list does, after indentation that belongs to them.
fn item_start(tag: &Tag<'_>, at: usize, lines: &Lines) -> Option<usize> {
    (matches!(tag, Tag::Item | Tag::CodeBlock(_)) && lines.start(at) == at).then_some(at)
}

fn rank(tag: &Tag<'_>, depth: u32) -> Option<u32> {
    match tag {
        Tag::Heading { level, .. } => Some(STRUCTURE + *level as u32),
        Tag::Paragraph
        | Tag::BlockQuote(_)
        | Tag::CodeBlock(_)
        | Tag::HtmlBlock
        | Tag::List(_)
        | Tag::Item
        | Tag::Table(_)
        | Tag::MetadataBlock(_) => Some(BLOCK + depth.min(DEEPEST)),
        _ => None,
    }
}
