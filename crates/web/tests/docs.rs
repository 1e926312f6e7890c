//! What the documentation points at is there: files, commands, settings, code.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tollgate::Config;
use tollgate::config::SETTINGS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every page that a reader starts from, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages: Vec<PathBuf> = [root(), root().join("docs"), root().join("docs/adr"), root().join("migrations")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The code blocks of a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_link_to_a_file_or_heading_leads_somewhere() {
    let mut links = 0;
    for (path, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                let there = std::fs::read_to_string(&target).unwrap();
                assert!(
                    there.lines().any(|line| heading(line) == Some(anchor.to_owned())),
                    "{}: {link}",
                    path.display()
                );
            }
        }
    }
    assert!(links > 20, "only {links} links were found");
}

// As GitHub names a heading: lower case, hyphens for spaces, no punctuation.
fn heading(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
}

/// The commands that a help text lists.
fn listed(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_tollgate")).args(arguments).arg("-h").output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, rest)) = help.split_once("Commands:\n") else { return Vec::new() };
    let lines = rest.lines().take_while(|line| line.starts_with("  "));
    lines.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

/// Words after `tollgate ` in code, each a command and perhaps its subcommand.
fn named(text: &str) -> Vec<Vec<String>> {
    let inline = text.split('`').skip(1).step_by(2);
    let fenced = blocks(text, "sh").into_iter().flat_map(str::lines);
    let command = |code: &str| {
        let rest = code.split("tollgate ").nth(1)?;
        let before = code.split("tollgate ").next()?;
        let is_command = before.is_empty() || before.ends_with('/') || before.ends_with("| ");
        let words = rest.split([' ', '\n']).take(2).map(str::to_owned).collect();
        is_command.then_some(words)
    };
    inline.chain(fenced).filter_map(command).collect()
}

#[test]
fn every_command_that_a_page_names_exists() {
    let commands: HashMap<String, Vec<String>> =
        listed(&[]).into_iter().map(|command| (command.clone(), listed(&[&command]))).collect();
    let mut found = 0;
    for (path, text) in pages() {
        for words in named(&text) {
            if words[0].starts_with('-') {
                continue;
            }
            found += 1;
            let subcommands = commands.get(&words[0]).unwrap_or_else(|| panic!("{}: {words:?}", path.display()));
            let right = subcommands.is_empty() || words.get(1).is_none_or(|word| subcommands.contains(word));
            assert!(right, "{}: {words:?}", path.display());
        }
    }
    assert!(found > 10, "only {found} commands were found");
}

#[test]
fn the_example_environment_sets_everything_and_is_taken() {
    let text = page("docs/configuration.md");
    let example: HashMap<&str, &str> =
        blocks(&text, "sh")[0].lines().map(|line| line.split_once('=').unwrap()).collect();
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert!(names.iter().all(|name| example.contains_key(name)) && example.len() == names.len(), "{example:?}");
    let config = Config::from_sources(|name| example.get(name).map(|value| (*value).to_owned()), None).unwrap();
    assert_eq!((config.workers, config.max_body_bytes), (4, 2_097_152));
    assert!(config.admin_listen.is_some() && config.is_https() && config.legacy_webhook_secret.is_some());
}

#[test]
fn the_code_that_the_embedding_guide_shows_is_code_that_runs() {
    let running = [include_str!("../examples/embed.rs"), include_str!("embed/main.rs")].concat();
    let text = page("docs/embedding.md");
    let whole =
        |block: &&str| block.starts_with("fn open_access") || block.starts_with("async fn") || block.starts_with("#[");
    let shown: Vec<&str> = blocks(&text, "rust").into_iter().filter(whole).collect();
    assert_eq!(shown.len(), 4, "{shown:?}");
    for block in shown {
        assert!(running.contains(block.trim_end()), "not in the example or its tests:\n{block}");
    }
}
