//! The letter of authorization: what a customer hands to the operator of a building to have a cross-connect pulled.

use jiff::civil::Date;
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

/// What the letter says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    /// The customer, as asked for.
    pub(super) customer: String,
    /// The name of the port pair.
    pub(super) port: String,
    /// The id of the port pair, which Microsoft's people ask for.
    pub(super) guid: String,
    /// The peering location.
    pub(super) location: String,
    /// The buildings there.
    pub(super) sites: Vec<String>,
    /// The speed of each port in Gbit/s.
    pub(super) gbps: i64,
    /// The day of issue.
    pub(super) issued: Date,
    /// The last day on which it is good.
    pub(super) until: Date,
    /// The two links: primary and secondary.
    pub(super) links: [LetterLink; 2],
}

/// Where one link ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct LetterLink {
    /// The name of the link.
    pub(super) name: String,
    /// The router.
    pub(super) router: String,
    /// The port of the router.
    pub(super) interface: String,
    /// The patch panel.
    pub(super) patch_panel: String,
    /// The rack.
    pub(super) rack: String,
    /// The connector of the fibre.
    pub(super) connector: String,
}

// A4 in points, and the margins.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const LEFT: f32 = 64.0;
const RIGHT: f32 = WIDTH - LEFT;
const REGULAR: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");
/// How many characters of the text fit a line between the margins.
const COLUMNS: usize = 88;
/// The left edges of the columns of the table.
const STOPS: [f32; 3] = [LEFT, LEFT + 130.0, LEFT + 300.0];

impl Letter {
    /// The letter as one page of PDF.
    pub(super) fn pdf(&self) -> Vec<u8> {
        let [catalog, pages, page, content, regular, bold, info] = [1, 2, 3, 4, 5, 6, 7].map(Ref::new);
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(pages);
        pdf.document_info(info).title(TextStr("Letter of Authorization")).producer(TextStr("Twinpath"));
        pdf.pages(pages).kids([page]).count(1);
        let mut sheet = pdf.page(page);
        sheet.parent(pages).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(content);
        sheet.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
        sheet.finish();
        // Two of the fonts that every reader has.
        for (font, name) in [(regular, &b"Helvetica"[..]), (bold, b"Helvetica-Bold")] {
            pdf.type1_font(font).base_font(Name(name)).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        pdf.stream(content, &self.page());
        pdf.finish()
    }

    fn page(&self) -> Vec<u8> {
        let mut page = Page { content: Content::new(), y: HEIGHT - 84.0 };
        page.line(BOLD, 18.0, "Letter of Authorization");
        page.line(REGULAR, 11.0, "and connecting facility assignment, ExpressRoute Direct");
        page.rule();
        let sites = if self.sites.is_empty() { "as agreed".to_owned() } else { self.sites.join(", ") };
        for (label, value) in [
            ("Customer", self.customer.as_str()),
            ("Port pair", &self.port),
            ("Resource id", &self.guid),
            ("Peering location", &self.location),
            ("Building", &sites),
            ("Speed of each port", &format!("{} Gbit/s, single mode, LR optics", self.gbps)),
            ("Issued", &self.issued.to_string()),
            ("Good until", &self.until.to_string()),
        ] {
            page.field(label, value);
        }
        page.space(10.0);
        page.paragraph(&format!(
            "The holder of this letter, {}, is authorized to order one cross-connect to each of the two ports below, \
             at the holder's cost. The operator of the building is asked to connect them as assigned and to touch no \
             other port.",
            self.customer
        ));
        page.space(14.0);
        page.row(BOLD, ["", "Primary", "Secondary"]);
        page.rule();
        let [first, second] = &self.links;
        for (label, value) in [
            ("Link", (|link| &link.name) as fn(&LetterLink) -> &String),
            ("Router", |link| &link.router),
            ("Interface", |link| &link.interface),
            ("Patch panel", |link| &link.patch_panel),
            ("Rack", |link| &link.rack),
            ("Connector", |link| &link.connector),
        ] {
            page.row(REGULAR, [label, value(first), value(second)]);
        }
        page.rule();
        page.space(10.0);
        page.paragraph(
            "The links stay dark until their admin state is Enabled in the service. After the day above this letter \
             is void; ask for another.",
        );
        page.y = 64.0;
        page.line(REGULAR, 8.0, "Made by Twinpath. It authorizes no work in any building of a real carrier.");
        page.content.finish().to_vec()
    }
}

/// A page that is written from the top down.
struct Page {
    content: Content,
    y: f32,
}

impl Page {
    fn text(&mut self, font: Name<'_>, size: f32, x: f32, text: &str) {
        self.content.begin_text().set_font(font, size).next_line(x, self.y).show(Str(&windows(text))).end_text();
    }

    fn line(&mut self, font: Name<'_>, size: f32, text: &str) {
        self.text(font, size, LEFT, text);
        self.y -= size * 1.5;
    }

    fn space(&mut self, points: f32) {
        self.y -= points;
    }

    fn rule(&mut self) {
        self.y += 4.0;
        self.content.set_line_width(0.6).move_to(LEFT, self.y).line_to(RIGHT, self.y).stroke();
        self.y -= 18.0;
    }

    fn field(&mut self, label: &str, value: &str) {
        self.text(BOLD, 10.0, LEFT, label);
        for line in wrap(value, COLUMNS - 26) {
            self.text(REGULAR, 10.0, STOPS[1], &line);
            self.y -= 15.0;
        }
    }

    fn paragraph(&mut self, text: &str) {
        for line in wrap(text, COLUMNS) {
            self.line(REGULAR, 10.0, &line);
        }
    }

    fn row(&mut self, font: Name<'_>, cells: [&str; 3]) {
        for (x, cell) in STOPS.into_iter().zip(cells) {
            let cell: String = cell.chars().take(36).collect();
            self.text(font, 10.0, x, &cell);
        }
        self.y -= 15.0;
    }
}

/// Lines of at most so many characters, cut at blanks where there are any; one empty line for no text.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        for (index, piece) in word.chunks(columns).enumerate() {
            let piece: String = piece.iter().collect();
            let last = lines.len() - 1;
            let line = &mut lines[last];
            if line.is_empty() {
                *line = piece;
            } else if index == 0 && line.chars().count() + 1 + piece.chars().count() <= columns {
                *line = format!("{line} {piece}");
            } else {
                lines.push(piece);
            }
        }
    }
    lines
}

/// Text in the encoding of the fonts. What it has no letter for is a question mark.
fn windows(text: &str) -> Vec<u8> {
    let letter = |c: char| match c {
        ' '..='~' | '\u{a1}'..='\u{ff}' => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        '\u{2013}' => 0x96,
        '\u{2014}' => 0x97,
        '\u{2019}' => 0x92,
        '€' => 0x80,
        _ => b'?',
    };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(customer: &str) -> Letter {
        let link = |name: &str, edge: &str| LetterLink {
            name: name.to_owned(),
            router: format!("amsterdam-{edge}"),
            interface: "HundredGigE0/0/0/7".to_owned(),
            patch_panel: "AM5:0107:PP12, port 7".to_owned(),
            rack: "A05".to_owned(),
            connector: "LC".to_owned(),
        };
        Letter {
            customer: customer.to_owned(),
            port: "contoso-direct".to_owned(),
            guid: "6f0bd5a6-5a70-4b1f-a1a7-2b1f5a3a2c11".to_owned(),
            location: "Amsterdam".to_owned(),
            sites: vec!["Equinix AM5".to_owned()],
            gbps: 100,
            issued: jiff::civil::date(2026, 4, 28),
            until: jiff::civil::date(2026, 7, 27),
            links: [link("link1", "a"), link("link2", "b")],
        }
    }

    #[test]
    fn a_letter_is_a_pdf_that_names_customer_and_panels() {
        let pdf = letter("Contoso (Europe) B.V.").pdf();
        if let Ok(path) = std::env::var("TWINPATH_SHOW_LETTER") {
            std::fs::write(path, &pdf).unwrap();
        }
        assert!(pdf.starts_with(b"%PDF-1.7") && pdf.ends_with(b"%%EOF"));
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("AM5:0107:PP12") && text.contains("Contoso"));
    }

    #[test]
    fn any_name_of_a_customer_fits_the_page() {
        for name in [")) (( \\ \u{0} 漢字", &"x".repeat(400), ""] {
            assert!(letter(name).pdf().starts_with(b"%PDF"));
        }
    }

    #[test]
    fn lines_are_cut_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }
}
