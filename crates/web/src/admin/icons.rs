//! The icons of the admin, as inline SVG: stroked in the text's colour and hidden from screen readers, since a word stands beside.

use std::fmt;

/// An icon by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Icon(&'static str);

impl askama::filters::HtmlSafe for Icon {}

/// The icon of a name in [`shape`]; an unknown name draws a dot.
pub(super) fn icon(name: &'static str) -> Icon {
    Icon(name)
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = shape(self.0);
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 16 16\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.6\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\"><path d=\"{shape}\"/></svg>"
        )
    }
}

fn shape(name: &str) -> &'static str {
    match name {
        "dashboard" => "M2.500 13.500V8M6.200 13.500V3M9.800 13.500v-7M13.500 13.500v-4",
        "events" => "M5 4h8.500M5 8h8.500M5 12h8.500M2.400 4h.1M2.400 8h.1M2.400 12h.1",
        "tasks" => "M2.300 4.200 3.500 5.400 5.700 3M2.300 10.700l1.200 1.200 2.200-2.400M8.500 4.300h5M8.500 10.800h5",
        "deliveries" => "M8 2v7.500M4.800 6.500 8 9.700l3.200-3.200M2.500 10.500v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2",
        "endpoints" => {
            "M6.600 9.400 9.400 6.600M7.200 4.300l1-1a3.100 3.100 0 0 1 4.400 4.400l-1 1M8.800 11.700l-1 1a3.100 3.100 0 0 1-4.400-4.400l1-1"
        }
        "handlers" => "M9 1.800 3.500 9H8l-1 5.200L12.500 7H8z",
        "objects" => "M8 1.900 13.500 5v6L8 14.100 2.500 11V5zM2.700 5.100 8 8l5.300-2.900M8 8v6",
        "keys" => "M9.800 9a3.300 3.300 0 1 0-2.700-2.600L2.500 11v2.500H5V12h1.500v-1.500H8zM11 5h.1",
        "users" => {
            "M6 7.600a2.600 2.600 0 1 0 0-5.200 2.600 2.600 0 0 0 0 5.200zM1.500 13.500c.3-2.500 2.200-3.700 4.500-3.700s4.200 1.200 4.500 3.700M10.500 2.700a2.600 2.600 0 0 1 0 4.700M12.300 10.200c1.300.6 2.100 1.700 2.300 3.300"
        }
        "audit" => "M4 1.900h5.500L13 5.400v8.700H4zM9.300 2v3.600h3.600M6.300 8.500h4M6.300 11h4",
        "good" => "M2.800 8.500 6.300 12l7-7.500",
        "cross" => "M3.500 3.500l9 9M12.500 3.500l-9 9",
        "warn" => "M8 2.200 14.500 13.500h-13zM8 6.500v3.200M8 11.700h.01",
        "info" => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.300V11M8 5h.01",
        "clock" => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.800V8l2.200 1.400",
        "again" => {
            "M13.300 6.500A5.500 5.500 0 0 0 3.400 5M2.700 9.500a5.500 5.500 0 0 0 9.900 1.500M3.200 2v3.200h3.200M12.800 14v-3.200H9.600"
        }
        "none" => "M4 8h8",
        "copy" => "M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z",
        "plus" => "M8 3v10M3 8h10",
        "left" => "M9.800 3.500 5.300 8l4.500 4.500",
        "right" => "M6.200 3.500 10.700 8l-4.500 4.500",
        "menu" => "M2.500 4.500h11M2.500 8h11M2.500 11.500h11",
        "out" => "M6.500 3.500h-4v10h10v-4M9 2.500h4.500V7M13.300 2.700 7.500 8.500",
        _ => "M8 8h.01",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icon_is_hidden_from_screen_readers_and_has_no_style() {
        let svg = icon("good").to_string();
        assert!(svg.contains("aria-hidden=\"true\"") && !svg.contains("style="), "{svg}");
    }
}
