//! Any text is checked to its end: every diagnostic has a place inside its file, formatting is safe.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qmtl_policy::{Limits, NoFiles, check, format};

fuzz_target!(|text: &str| {
    let limits = Limits { analysis_steps: 50_000, ..Limits::default() };
    let checked = check("fuzz", text, &NoFiles, &limits);
    for diagnostic in &checked.diagnostics {
        let source = checked.sources.get(diagnostic.span.file).expect("diagnostics are about files of the policy");
        let range = diagnostic.span.range();
        assert!(range.start <= range.end && range.end <= source.text().len(), "{diagnostic:?}");
        assert!(source.text().is_char_boundary(range.start) && source.text().is_char_boundary(range.end), "{diagnostic:?}");
    }
    if let Ok(formatted) = format::format_policy("fuzz", text, &limits) {
        assert_eq!(format::format_policy("fuzz", &formatted, &limits).as_ref(), Ok(&formatted));
    }
});
