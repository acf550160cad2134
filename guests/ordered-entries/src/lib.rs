//! Writes a hundred audit entries whose order, count and every character must reach the report
//! unchanged.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const ENTRIES: usize = 100;

/// Text that careless handling spoils: the first article of the Universal Declaration of Human
/// Rights in several scripts, and strings that terminals, parsers and normalisers like to change.
const SAMPLES: [(&str, &str); 20] = [
    (
        "english",
        "All human beings are born free and equal in dignity and rights.",
    ),
    (
        "french",
        "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    ),
    (
        "greek",
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    ),
    (
        "russian",
        "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    ),
    (
        "hindi",
        "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    ),
    ("thai", "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ"),
    ("chinese", "人人生而自由,在尊严和权利上一律平等。"),
    (
        "japanese",
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    ),
    (
        "korean",
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    ),
    (
        "arabic, right to left",
        "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    ),
    (
        "hebrew, right to left",
        "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    ),
    (
        "vietnamese",
        "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
    ),
    ("composed", "caf\u{e9} \u{1e9b}\u{323}"),
    ("decomposed", "cafe\u{301} \u{17f}\u{323}\u{307}"),
    ("emoji", "👩🏽‍🚒 🇪🇺 👨‍👩‍👧‍👦 ⚖️"),
    ("beyond the basic plane", "𝔉𝔯𝔞𝔠𝔱𝔞𝔩 𓂀 𐍈 \u{10fffd}"),
    (
        "whitespace",
        "first line\nsecond line\r\n\tindented\u{a0}\u{3000}trailing ",
    ),
    (
        "quotes and backslashes",
        r#"it's "quoted", `ticked` and \escaped\ {braced} <tagged>"#,
    ),
    (
        "control characters",
        "nul \0 bell \u{7} escape \u{1b}[31mred\u{1b}[0m delete \u{7f}",
    ),
    (
        "invisible",
        "\u{feff}override \u{202e}txt.exe\u{202c} join\u{200d}er zero\u{200b}width",
    ),
];

struct OrderedEntries;

impl Guest for OrderedEntries {
    fn run() -> Result<String, String> {
        for (number, (name, text)) in (1..=ENTRIES).zip(SAMPLES.iter().cycle()) {
            record_event(&AuditEntry {
                event_type: "sample-recorded".into(),
                resource: format!("{number}/{ENTRIES} {name}"),
                detail: (*text).into(),
            });
        }
        Ok(format!("recorded {ENTRIES} entries in order"))
    }
}

export!(OrderedEntries);
