//! The event types to choose from in the endpoint form: those of snapshots, and those of thin events.

use std::collections::HashSet;

use tollgate_stripe_client::catalogue::{self, PRESETS};

pub(in crate::admin) struct PresetButton {
    pub(super) name: &'static str,
    pub(super) types: String,
}

pub(in crate::admin) struct TypeBox {
    pub(super) name: String,
    pub(super) chosen: bool,
    pub(super) waits: bool,
}

pub(in crate::admin) struct FamilyBox {
    /// The group, at the first family of each.
    pub(super) heading: &'static str,
    pub(super) name: String,
    pub(super) count: String,
    pub(super) open: bool,
    pub(super) types: Vec<TypeBox>,
}

/// The event types of one kind, and what of them is chosen.
pub(in crate::admin) struct Chooser {
    /// The name of its boxes, and what the ids of its other fields begin with.
    pub(super) field: &'static str,
    pub(super) label: &'static str,
    /// Hides it while the other kind is chosen; empty where there is no choice.
    pub(super) class: &'static str,
    pub(super) presets: Vec<PresetButton>,
    pub(super) families: Vec<FamilyBox>,
    pub(super) type_count: usize,
    /// What is chosen beside the boxes; none where there is no such field.
    pub(super) others: Option<String>,
}

/// The name of the boxes for snapshots.
pub(super) const SNAPSHOT: &str = "enabled_events";
/// The name of the boxes for thin events.
pub(super) const THIN: &str = "thin_events";
/// The name of the field for other types of thin events.
pub(super) const OTHERS: &str = "other_thin_events";

impl Chooser {
    /// Of snapshots.
    pub(super) fn of_snapshots(chosen: &[String]) -> Self {
        let set = as_set(chosen);
        let mut families = family_boxes(|family| family.types.clone(), &set);
        // What Stripe has and the catalogue does not know yet stays chosen.
        let unknown = set.iter().filter(|name| **name != "*" && !catalogue::is_known(name));
        let unknown: Vec<TypeBox> = unknown.map(|name| type_box(name, &set)).collect();
        if !unknown.is_empty() {
            families.push(family_box("Not in the catalogue", "other", unknown));
        }
        Self {
            field: SNAPSHOT,
            label: "Types of snapshot events",
            class: "",
            presets: presets(|preset| preset.iter().map(|name| (*name).to_owned()).collect()),
            families,
            type_count: catalogue::types().count(),
            others: None,
        }
    }

    /// Of thin events; those that the catalogue does not list are written into a field.
    pub(super) fn of_thin_events(chosen: &[String], written: &str) -> Self {
        let set = as_set(chosen);
        let listed: HashSet<&str> = catalogue::thin_types().collect();
        let others = chosen.iter().map(String::as_str).filter(|name| *name != "*" && !listed.contains(name));
        let others: Vec<&str> = Some(written).filter(|text| !text.is_empty()).into_iter().chain(others).collect();
        let twins = |family: &catalogue::Family| -> Vec<&'static str> {
            let pattern = format!("v1.{}", family.name);
            catalogue::thin_types().filter(|name| catalogue::matches(&pattern, name)).collect()
        };
        Self {
            field: THIN,
            label: "Types of thin events",
            class: "",
            presets: presets(as_thin),
            families: family_boxes(twins, &set),
            type_count: listed.len(),
            others: Some(others.join(", ")),
        }
    }

    pub(super) fn with_class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }
}

/// A preset's types as thin events have them; a few have no such twin.
pub(super) fn as_thin(types: &[&str]) -> Vec<String> {
    types.iter().map(|name| format!("v1.{name}")).filter(|name| catalogue::is_known_thin(name)).collect()
}

fn presets(types: impl Fn(&[&str]) -> Vec<String>) -> Vec<PresetButton> {
    let button = |preset: &catalogue::Preset| PresetButton { name: preset.name, types: types(preset.types).join(" ") };
    PRESETS.iter().map(button).collect()
}

fn as_set(chosen: &[String]) -> HashSet<&str> {
    chosen.iter().map(String::as_str).collect()
}

fn family_boxes(types: impl Fn(&catalogue::Family) -> Vec<&'static str>, chosen: &HashSet<&str>) -> Vec<FamilyBox> {
    let mut group = "";
    let mut boxes: Vec<FamilyBox> = Vec::new();
    for family in catalogue::families() {
        let types: Vec<TypeBox> = types(family).into_iter().map(|name| type_box(name, chosen)).collect();
        if types.is_empty() {
            continue;
        }
        let heading = if family.group == group { "" } else { family.group };
        group = family.group;
        boxes.push(family_box(heading, family.name, types));
    }
    boxes
}

fn family_box(heading: &'static str, name: &str, types: Vec<TypeBox>) -> FamilyBox {
    let ticked = types.iter().filter(|type_| type_.chosen).count();
    let count = if ticked == 0 { types.len().to_string() } else { format!("{ticked} of {}", types.len()) };
    FamilyBox { heading, name: name.to_owned(), count, open: ticked > 0, types }
}

fn type_box(name: &str, chosen: &HashSet<&str>) -> TypeBox {
    TypeBox { chosen: chosen.contains(name), waits: catalogue::waits_for_answer(name), name: name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(chooser: &Chooser) -> Vec<&str> {
        chooser.families.iter().flat_map(|family| family.types.iter().map(|one| one.name.as_str())).collect()
    }

    #[test]
    fn every_type_of_a_kind_can_be_chosen_once() {
        let snapshots = Chooser::of_snapshots(&[]);
        assert_eq!(listed(&snapshots).len(), snapshots.type_count);
        let thin = Chooser::of_thin_events(&[], "");
        let mut names = listed(&thin);
        names.sort_unstable();
        assert!(names.iter().copied().eq(catalogue::thin_types()));
    }

    #[test]
    fn presets_choose_what_their_kind_has() {
        let thin = Chooser::of_thin_events(&[], "");
        let names = listed(&thin);
        for preset in &thin.presets {
            let types: Vec<&str> = preset.types.split(' ').collect();
            assert!(types.len() > 5 && types.iter().all(|name| names.contains(name)), "{}: {types:?}", preset.name);
        }
    }

    #[test]
    fn what_the_list_lacks_stays_chosen() {
        let chosen = ["v1.customer.created".to_owned(), "v2.core.account.created".to_owned()];
        let thin = Chooser::of_thin_events(&chosen, "v2.x");
        assert_eq!(thin.others.as_deref(), Some("v2.x, v2.core.account.created"));
        let unknown = Chooser::of_snapshots(&["weather.sunny".to_owned(), "*".to_owned()]);
        assert_eq!(listed(&unknown).last(), Some(&"weather.sunny"));
    }
}
